//! How many references to an object there are, as far as that can be told.

use pyo3::Borrowed;
use pyo3::ffi;
use pyo3::prelude::*;

/// Whether a count proves anything.
///
/// Not so on a build that can run without the GIL: there a count is split between the thread that made the object
/// and all others, which add up late, and some references are not counted at all.
pub const PROVES: bool = !cfg!(any(Py_GIL_DISABLED, feature = "uncounted"));

/// The references that are counted, or None where their number proves nothing. That of an immortal object is larger
/// than any other.
///
/// # Safety
/// The object is alive, and the GIL is held.
#[inline(always)]
pub unsafe fn count(object: *mut ffi::PyObject) -> Option<usize> {
    // SAFETY: by the caller's word.
    PROVES.then(|| unsafe { ffi::Py_REFCNT(object) as usize })
}

/// As `count`, for what an attached thread sees.
pub fn count_of(object: Borrowed<'_, '_, PyAny>) -> Option<usize> {
    // SAFETY: `object` is alive, and the thread is attached.
    unsafe { count(object.as_ptr()) }
}
