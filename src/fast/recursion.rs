//! The interpreter's guard against native recursion, for hooks that call back into the walk.

use std::marker::PhantomData;

use pyo3::ffi;
use pyo3::prelude::*;

/// One level of native recursion, given back when dropped: on the thread that entered it, which alone
/// counts it, so it is not `Send`.
pub struct RecursionLevel(PhantomData<*mut ()>);

impl RecursionLevel {
    /// Enters one level more, to pickle an object.
    ///
    /// # Errors
    /// RecursionError at the interpreter's limit.
    pub fn enter(py: Python<'_>) -> PyResult<Self> {
        Self::enter_to(py, c" while pickling an object")
    }

    /// Enters one level more, to load a pickle.
    ///
    /// # Errors
    /// RecursionError at the interpreter's limit.
    pub fn enter_loading(py: Python<'_>) -> PyResult<Self> {
        Self::enter_to(py, c" while unpickling an object")
    }

    fn enter_to(py: Python<'_>, purpose: &'static std::ffi::CStr) -> PyResult<Self> {
        // SAFETY: the GIL is held; the text is a C string that lives forever.
        if unsafe { ffi::Py_EnterRecursiveCall(purpose.as_ptr()) } != 0 {
            return Err(PyErr::fetch(py));
        }
        Ok(Self(PhantomData))
    }
}

impl Drop for RecursionLevel {
    fn drop(&mut self) {
        // SAFETY: made by `enter_to` alone, and on this thread, which holds the GIL: a level is a local
        // of a walk or a load.
        unsafe { ffi::Py_LeaveRecursiveCall() }
    }
}
