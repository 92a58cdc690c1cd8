//! Calls of hooks with the object that they are asked about.

use std::ptr::null_mut;

use pyo3::ffi;
use pyo3::prelude::*;

use crate::fast::libpython;
use crate::fast::vectorcall::way_in;

/// A bound method, up to what it binds.
#[repr(C)]
struct BoundMethod {
    object: ffi::PyObject,
    function: *mut ffi::PyObject,
    receiver: *mut ffi::PyObject,
}

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
    // alive during the call; a hook that is a bound method has this layout, and keeps its function and its instance.
    // Before the arguments there is the place that the flag promises. The result is a new reference, or null with an
    // exception set.
    unsafe {
        let mut function = hook.as_ptr();
        let mut arguments = [null_mut(), null_mut(), obj.as_ptr()];
        let mut count = 1;
        if ffi::Py_TYPE(function) == &raw mut libpython::PyMethod_Type {
            let method = function.cast::<BoundMethod>();
            (function, arguments[1]) = ((*method).function, (*method).receiver);
            count = 2;
        }
        let result = match way_in(function) {
            Some(call) => call(
                function,
                arguments.as_ptr().add(3 - count),
                count | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET,
                null_mut(),
            ),
            None => ffi::PyObject_Vectorcall(
                hook.as_ptr(),
                arguments.as_ptr().add(2),
                1 | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET,
                null_mut(),
            ),
        };
        Bound::from_owned_ptr_or_err(hook.py(), result)
    }
}

/// What a bound method calls, and what it binds; None for anything else.
pub(super) fn parts_of_method<'py>(
    hook: &Bound<'py, PyAny>,
) -> Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    if hook.get_type_ptr() != &raw mut libpython::PyMethod_Type {
        return None;
    }
    // SAFETY: a bound method has this layout, and holds its function and its instance.
    unsafe {
        let method = hook.as_ptr().cast::<BoundMethod>();
        let parts = [(*method).function, (*method).receiver];
        let [function, receiver] = parts.map(|part| Bound::from_borrowed_ptr(hook.py(), part));
        Some((function, receiver))
    }
}

/// Whether a bound method has its function and its instance where `call_hook` reads them.
///
/// # Errors
/// MemoryError.
pub fn binds_where_expected(function: &Bound<'_, PyAny>) -> PyResult<bool> {
    let instance = function.py().None();
    // SAFETY: both are alive, and the result is a new bound method, or null with an exception set. The interpreter's
    // own functions tell what it binds.
    unsafe {
        let method = libpython::PyMethod_New(function.as_ptr(), instance.as_ptr());
        let method = Bound::from_owned_ptr_or_err(function.py(), method)?;
        let method = method.as_ptr();
        let parts = method.cast::<BoundMethod>();
        Ok((*parts).function == libpython::PyMethod_Function(method)
            && (*parts).receiver == libpython::PyMethod_Self(method))
    }
}
