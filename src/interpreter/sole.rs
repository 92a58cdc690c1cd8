//! One interpreter of the process, and no other, uses this module.
//!
//! What is found at import is kept in statics: the standard library's objects, the classes of errors,
//! how the picklers behave. They belong to the interpreter that imported the module first.

use std::sync::atomic::{AtomicI64, Ordering};

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

use crate::fast::interpreter::interpreter_id;

/// Stands for no interpreter.
const NONE: i64 = -1;

static SOLE: AtomicI64 = AtomicI64::new(NONE);

/// Makes the running interpreter the one that uses this module.
///
/// # Errors
/// ImportError if another one is.
pub fn claim(py: Python<'_>) -> PyResult<()> {
    let running = interpreter_id(py)?;
    match SOLE.compare_exchange(NONE, running, Ordering::Relaxed, Ordering::Relaxed) {
        Err(sole) if sole != running => Err(PyImportError::new_err(
            "oxipickle can be used by one interpreter of a process only, and another one imported it \
             first; use `pickle` here, or a process of its own",
        )),
        _ => Ok(()),
    }
}
