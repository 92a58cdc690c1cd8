//! The interpreter's guard against native recursion, for hooks that call back into the walk.

use pyo3::ffi;
use pyo3::prelude::*;

/// One level of native recursion, given back when dropped.
pub struct RecursionLevel(());

impl RecursionLevel {
    /// Enters one level more.
    ///
    /// # Errors
    /// RecursionError at the interpreter's limit.
    pub fn enter(py: Python<'_>) -> PyResult<Self> {
        // SAFETY: the GIL is held; the text is a C string that lives forever.
        if unsafe { ffi::Py_EnterRecursiveCall(c" while pickling an object".as_ptr()) } != 0 {
            return Err(PyErr::fetch(py));
        }
        Ok(Self(()))
    }
}

impl Drop for RecursionLevel {
    fn drop(&mut self) {
        // SAFETY: made by `enter` only, on the thread that holds the GIL.
        unsafe { ffi::Py_LeaveRecursiveCall() }
    }
}
