//! A load from its beginning to its end: by an unpickler object, or by a function.

use std::sync::Arc;

use pyo3::prelude::*;

use crate::error::unpickling_error;
use crate::load::find_class;
use crate::load::home::Home;
use crate::load::input::{Input, Source};
use crate::load::machine::Machine;
use crate::load::nesting::Nesting;
use crate::load::settings::Settings;

/// `find_class`'s own answer, for the pickle that is being read.
pub fn find_class<'py>(
    home: &Home,
    module_name: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let fix_imports = home.settings().is_none_or(|s| s.fix_imports);
    find_class::find_class(module_name, name, home.proto(), fix_imports)
}

/// Bytes that the unpickler takes: the object, and its memo.
pub fn size_of(class: &Bound<'_, PyAny>, home: &Home) -> PyResult<usize> {
    let object = class.getattr("__basicsize__")?.extract::<usize>()?;
    let entries = home.with_memo(|memo| memo.len()).unwrap_or(0);
    Ok(object + entries * std::mem::size_of::<usize>())
}

/// One whole load of an unpickler object.
pub fn load<'py>(unpickler: &Bound<'py, PyAny>, home: &Home) -> PyResult<Bound<'py, PyAny>> {
    let py = unpickler.py();
    let Some(settings) = home.settings() else {
        let name = unpickler.get_type().name()?;
        let words = format!("Unpickler.__init__() was not called by {name}.__init__()");
        return Err(unpickling_error(py, &words));
    };
    let _nesting = Nesting::enter(py)?;
    let (memo, ahead) = home.begin()?;
    let input = Input::new(settings.clone(), Source::File);
    let mut machine = match Machine::new(py, input, settings, Some((home, unpickler))) {
        Ok(machine) => machine,
        Err(error) => {
            home.end(memo, 0, ahead);
            return Err(error);
        }
    };
    machine.memo = memo;
    let result = machine
        .read_from_file(|input| input.skip(py, ahead))
        .and_then(|()| machine.look_up_hooks())
        .and_then(|()| machine.load());
    let memo = std::mem::take(&mut machine.memo);
    home.end(memo, machine.proto, machine.input.ahead());
    // Only now are the stack's values released: a finaliser may use the unpickler again.
    drop(machine);
    result
}

/// A load by a function, with nobody's hooks.
pub fn load_alone<'py>(
    py: Python<'py>,
    settings: Settings,
    source: Source,
) -> PyResult<Bound<'py, PyAny>> {
    let _nesting = Nesting::enter(py)?;
    let settings = Arc::new(settings);
    let input = Input::new(settings.clone(), source);
    let mut machine = Machine::new(py, input, settings, None)?;
    let result = machine.load();
    machine.forget();
    result
}
