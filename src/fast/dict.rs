//! Entries of dicts, in order.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The entry at `position`, which moves past it; None at the end.
///
/// The position stays valid whatever happens to the dict between two calls: it is checked
/// against the present table each time.
#[inline(always)]
pub fn next_entry<'py>(
    dict: &Bound<'py, PyDict>,
    position: &mut isize,
) -> Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let py = dict.py();
    let mut key = std::ptr::null_mut();
    let mut value = std::ptr::null_mut();
    // SAFETY: the dict is alive; both references are borrowed from it, and are made ours at once.
    unsafe {
        if ffi::PyDict_Next(dict.as_ptr(), position, &raw mut key, &raw mut value) == 0 {
            return None;
        }
        Some((
            Bound::from_borrowed_ptr(py, key),
            Bound::from_borrowed_ptr(py, value),
        ))
    }
}
