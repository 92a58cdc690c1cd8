//! The main interpreter of the process, and no other, uses this module.
//!
//! What is found at import is kept in statics: the standard library's objects, the classes of errors,
//! how the picklers behave. They belong to one interpreter. The main one lives as long as the process;
//! another may end, and leave the statics without their objects.

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

use crate::fast::interpreter::is_main;

/// Refuses every other interpreter, of the isolated kind or not.
///
/// # Errors
/// ImportError there.
pub fn check(py: Python<'_>) -> PyResult<()> {
    if is_main(py) {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "oxipickle works in the main interpreter of a process only, and this is a subinterpreter; use \
         `pickle` here, or a process of its own",
    ))
}
