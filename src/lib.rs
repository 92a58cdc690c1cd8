//! `oxipickle._oxipickle`: what the extension module exports, and nothing else.

mod error;
mod face;
mod fast;
mod functions;
mod hookable;
mod hooks;
mod imports;
mod memo_proxy;
mod pickler;
mod save;

/// The native half of oxipickle.
#[pyo3::pymodule]
mod _oxipickle {
    #[pymodule_export]
    use crate::functions::{dump, dumps, opcode_table};
    #[pymodule_export]
    use crate::hookable::HookablePickler;
    #[pymodule_export]
    use crate::memo_proxy::PicklerMemoProxy;
    #[pymodule_export]
    use crate::pickler::Pickler;

    #[pymodule_init]
    fn init(module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
        crate::fast::layout::check(module.py())
    }
}
