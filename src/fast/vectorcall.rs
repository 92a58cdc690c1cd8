//! The way into functions that are written in Python.

use std::ptr::NonNull;

use pyo3::ffi;

/// What the interpreter calls to call a function that is written in Python.
pub(super) type WayIn = Option<ffi::vectorcallfunc>;

/// Where a function that is written in Python has its way in, for as long as it lives; None for anything else.
///
/// # Safety
/// `callable` is alive, and the GIL is held.
#[inline(always)]
pub(super) unsafe fn place_of_way_in(callable: *mut ffi::PyObject) -> Option<NonNull<WayIn>> {
    // SAFETY: the callable and its type are alive, by the caller's word. Functions have at the offset that their type
    // tells a pointer of this kind, or null; nothing else becomes a function, nor a function anything else.
    unsafe {
        let class = ffi::Py_TYPE(callable);
        if class != &raw mut ffi::PyFunction_Type {
            return None;
        }
        let place = callable.byte_offset((*class).tp_vectorcall_offset);
        NonNull::new(place.cast::<WayIn>())
    }
}

/// What the interpreter calls to call a function that is written in Python; None for anything else.
///
/// # Safety
/// `callable` is alive, and the GIL is held.
#[inline(always)]
pub(super) unsafe fn way_in(callable: *mut ffi::PyObject) -> WayIn {
    // SAFETY: by the caller's word, and what is there is a way in.
    unsafe { *place_of_way_in(callable)?.as_ptr() }
}
