//! Elements of exact sets and frozensets, in the order of their table.

use pyo3::prelude::*;
use pyo3::{Borrowed, ffi};

unsafe extern "C" {
    /// Exported by every supported interpreter, though not declared by `pyo3::ffi`.
    fn _PySet_NextEntry(
        set: *mut ffi::PyObject,
        position: *mut ffi::Py_ssize_t,
        key: *mut *mut ffi::PyObject,
        hash: *mut ffi::Py_hash_t,
    ) -> std::ffi::c_int;
}

/// The element at `position`, which moves past it; None at the end.
#[inline(always)]
pub fn next_element<'a, 'py>(
    set: Borrowed<'a, 'py, PyAny>,
    position: &mut isize,
) -> Option<Borrowed<'a, 'py, PyAny>> {
    let mut key = std::ptr::null_mut();
    let mut hash = 0;
    // SAFETY: the walk calls this for exact sets and frozensets only; the position is checked
    // against the present table, and the element is borrowed from the set.
    unsafe {
        if _PySet_NextEntry(set.as_ptr(), position, &raw mut key, &raw mut hash) == 0 {
            return None;
        }
        Some(Borrowed::from_ptr(set.py(), key))
    }
}

/// The number of elements of a set or frozenset.
pub fn len(set: Borrowed<'_, '_, PyAny>) -> usize {
    // SAFETY: as above; the size of a set is never negative.
    unsafe { ffi::PySet_Size(set.as_ptr()).max(0) as usize }
}
