//! Calls of hooks with the object that they are asked about.

use std::ptr::null_mut;

use pyo3::ffi;
use pyo3::prelude::*;

use crate::fast::libpython;

/// Calls `hook(obj)`. What a bound method binds is passed beside the object at once, so the method need not do so.
///
/// # Errors
/// What the hook raises.
#[inline(always)]
pub fn call_hook<'py>(
    hook: &Bound<'py, PyAny>,
    obj: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the thread is attached, as `Bound` shows, and the caller's references keep the hook and the object
    // alive during the call; the hook, a bound method, keeps its function and its instance. Before the arguments
    // there is the place that the flag promises. The result is a new reference, or null with an exception set.
    unsafe {
        let mut function = hook.as_ptr();
        let mut arguments = [null_mut(), null_mut(), obj.as_ptr()];
        let mut count = 1;
        if ffi::Py_TYPE(function) == &raw mut libpython::PyMethod_Type {
            arguments[1] = libpython::PyMethod_Self(function);
            function = libpython::PyMethod_Function(function);
            count = 2;
        }
        let result = ffi::PyObject_Vectorcall(
            function,
            arguments.as_ptr().add(3 - count),
            count | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET,
            null_mut(),
        );
        Bound::from_owned_ptr_or_err(hook.py(), result)
    }
}
