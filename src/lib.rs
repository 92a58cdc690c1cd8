//! `oxipickle._oxipickle`: what the extension module exports, and nothing else.

mod error;
mod faces;
mod fast;
mod gate;
mod interpreter;
mod load;
mod look;
mod save;

/// The native half of oxipickle.
///
/// The memo tells by reference counts which objects can be met again, so the GIL is needed.
#[pyo3::pymodule(gil_used = true)]
pub mod _oxipickle {
    #[pymodule_export]
    use crate::faces::functions::{dump, dumps, load, loads, opcode_table};
    #[pymodule_export]
    use crate::faces::hookable::framer::{CurrentFrame, Framer};
    #[pymodule_export]
    use crate::faces::hookable::memo::PicklerMemo;
    #[pymodule_export]
    use crate::faces::hookable::pickler::{is_upstreams_method, pickler_methods};
    #[pymodule_export]
    use crate::faces::hookable::unpickler::unpickler_methods;
    #[pymodule_export]
    use crate::faces::instructions::named_globals;
    #[pymodule_export]
    use crate::faces::looking::{census, dis, disassemble, genops, optimize};
    #[pymodule_export]
    use crate::faces::memo_proxy::{PicklerMemoProxy, UnpicklerMemoProxy};
    #[pymodule_export]
    use crate::faces::pickler::Pickler;
    #[pymodule_export]
    use crate::faces::unpickler::Unpickler;
    #[pymodule_export]
    use crate::look::surveyed::Survey;

    /// The package's version, which `Cargo.toml` says.
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    /// Makes sure that this interpreter can be served, and looks at it and its picklers.
    ///
    /// The classes' own methods are remembered before anybody can exchange them: a method that is
    /// another one later is an override. A child process that is forked forgets the loads of other
    /// threads, which don't exist there.
    #[pymodule_init]
    fn init(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        let py = module.py();
        crate::interpreter::sole::check(py)?;
        crate::fast::layout::check(py)?;
        crate::interpreter::imports::Imports::observe(py)?;
        #[cfg(feature = "watch")]
        crate::fast::watchman::export(module)?;
        crate::faces::functions::move_to_package(module)?;
        // Nobody names this class, and making it when it is first needed might find no memory.
        py.get_type::<crate::fast::filling::Filling>();
        crate::faces::dispatch_table::DispatchTableSlot::install(
            &py.get_type::<Pickler>(),
            Pickler::home_of,
        )?;
        crate::load::hooks::remember_methods(&py.get_type::<Unpickler>())?;
        crate::faces::pickler::shorten_calls(&py.get_type::<Pickler>())?;
        crate::faces::unpickler::shorten_calls(&py.get_type::<Unpickler>())?;
        crate::load::collector::mind_forks(py)
    }
}
