//! Whether a pickler's function works natively, or upstream's own does.

use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyString};

use crate::faces::hookable::framer::Framer;
use crate::fast::fresh;
use crate::fast::instance::instance_dict;
use crate::interpreter::functions::of_pickler;

/// The framer that keeps a pickler's state; None where somebody has put another object in its place, or
/// `__init__` was not ours.
///
/// # Errors
/// MemoryError.
pub fn framer_of<'py>(pickler: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, Framer>>> {
    let own = instance_dict(pickler.as_borrowed())?;
    let framer = own.get_item(intern!(pickler.py(), "framer"))?;
    Ok(framer.and_then(|framer| framer.cast_into_exact().ok()))
}

/// The framer that `__init__` gave a pickler, though somebody may have put another in its place: then the
/// pickler's `write` is its method still.
///
/// # Errors
/// MemoryError.
pub fn framer_behind<'py>(pickler: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, Framer>>> {
    if let Some(framer) = framer_of(pickler)? {
        return Ok(Some(framer));
    }
    let py = pickler.py();
    let own = instance_dict(pickler.as_borrowed())?;
    for name in [intern!(py, "write"), intern!(py, "_write_large_bytes")] {
        if let Some(method) = own.get_item(name)?
            && let Ok(method) = method.cast_exact::<PyCFunction>()
            && let Ok(framer) = method.getattr(intern!(py, "__self__"))?.cast_into_exact()
        {
            return Ok(Some(framer));
        }
    }
    Ok(None)
}

/// Calls upstream's function of this name.
///
/// # Errors
/// What the function raises.
pub fn by_upstream<'py>(
    pickler: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
    arguments: &[&Bound<'py, PyAny>],
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = pickler.py();
    let function = of_pickler(py).map(|functions| functions.upstream(py, name));
    let Some(function) = function.transpose()?.flatten() else {
        return Err(PyAttributeError::new_err(name.clone().unbind()));
    };
    let all = fresh::list(py)?;
    all.append(pickler)?;
    for argument in arguments {
        all.append(argument)?;
    }
    function.call(all.as_sequence().to_tuple()?, options)
}
