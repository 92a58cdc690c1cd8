//! Which interpreter of the process is running.

use pyo3::ffi;
use pyo3::prelude::*;

/// The running interpreter's number, which no other one of the process ever gets.
///
/// # Errors
/// What the interpreter raises.
pub fn interpreter_id(py: Python<'_>) -> PyResult<i64> {
    // SAFETY: the GIL is held, so there is a current interpreter.
    let id = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    if id < 0 {
        return Err(PyErr::fetch(py));
    }
    Ok(id)
}
