//! The way into functions that are written in Python.

use pyo3::ffi;

/// What the interpreter calls to call a function that is written in Python; None for anything else.
///
/// # Safety
/// `callable` is alive, and the GIL is held.
#[inline(always)]
pub(super) unsafe fn way_in(callable: *mut ffi::PyObject) -> Option<ffi::vectorcallfunc> {
    // SAFETY: the callable and its type are alive, by the caller's word. Functions have at the offset that their type
    // tells a pointer of this kind, or null.
    unsafe {
        let class = ffi::Py_TYPE(callable);
        if class != &raw mut ffi::PyFunction_Type {
            return None;
        }
        let place = callable.byte_offset((*class).tp_vectorcall_offset);
        *place.cast::<Option<ffi::vectorcallfunc>>()
    }
}
