//! `load_build` as a method that a handler of BUILD calls on the unpickler's lists: natively for most instances,
//! and else by upstream's own function.

use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use crate::fast::attribute::optional_attribute;
use crate::fast::decode::interned;
use crate::fast::dict::next_entry;
use crate::interpreter::hookable;
use crate::load::ours::{Ours, answer_of};

/// Carries BUILD out on `unpickler.stack`.
///
/// # Errors
/// What upstream's function raises.
pub fn load_build(unpickler: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = unpickler.py();
    if !build_natively(unpickler)? {
        let upstream = Ours::get(py)?.load_build.bind(py);
        return upstream.call1((unpickler,)).map(drop);
    }
    Ok(())
}

/// False where nothing was done, since the state is no exact dict, the stack no list, or the class overrides more
/// than is modelled.
fn build_natively(unpickler: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = unpickler.py();
    if !answer_of(&unpickler.get_type())?.is_modelled() {
        return Ok(false);
    }
    let stack = unpickler.getattr(intern!(py, "stack"))?;
    let Ok(stack) = stack.cast_exact::<PyList>() else {
        return Ok(false);
    };
    let Some(last) = stack.len().checked_sub(1).filter(|last| *last > 0) else {
        return Ok(false);
    };
    let state = stack.get_item(last)?;
    let Ok(state) = state.cast_exact::<PyDict>() else {
        return Ok(false);
    };
    let instance = stack.get_item(last - 1)?;
    stack.del_item(last)?;
    let setstate = optional_attribute(&instance, intern!(py, "__setstate__"))?;
    let skips_none = hookable::does(|facts| facts.skips_none_as_setstate);
    if let Some(setstate) = setstate.filter(|found| !(skips_none && found.is_none())) {
        setstate.call1((state,))?;
        return Ok(true);
    }
    if state.is_empty() {
        return Ok(true);
    }
    let Some(dict) = optional_attribute(&instance, intern!(py, "__dict__"))? else {
        let class = instance.get_type().name()?;
        let words = format!("'{class}' object has no attribute '__dict__'");
        return Err(PyAttributeError::new_err(words));
    };
    let mut position = 0;
    while let Some((name, value)) = next_entry(state, &mut position) {
        let name = match name.cast_exact::<PyString>() {
            Ok(text) => interned(text.clone()).into_any(),
            Err(_) => name,
        };
        match dict.cast_exact::<PyDict>() {
            Ok(dict) => dict.set_item(name, value)?,
            Err(_) => dict.set_item(name, value)?,
        }
    }
    Ok(true)
}
