//! Entries of exact dicts, in order.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3::{Borrowed, ffi};

/// A dict's entry, both parts borrowed from it.
pub type Entry<'a, 'py> = (Borrowed<'a, 'py, PyAny>, Borrowed<'a, 'py, PyAny>);

/// The entry at `position`, which moves past it; None at the end.
///
/// The position stays valid whatever happens to the dict between two calls: it is checked
/// against the present table each time.
#[inline(always)]
pub fn next_entry<'a, 'py>(
    dict: &'a Bound<'py, PyDict>,
    position: &mut isize,
) -> Option<Entry<'a, 'py>> {
    let mut key = std::ptr::null_mut();
    let mut value = std::ptr::null_mut();
    // SAFETY: the dict is alive and of the exact type; both references are borrowed from it, and
    // the walk takes its own before any Python code can run.
    unsafe {
        if ffi::PyDict_Next(dict.as_ptr(), position, &raw mut key, &raw mut value) == 0 {
            return None;
        }
        Some((
            Borrowed::from_ptr(dict.py(), key),
            Borrowed::from_ptr(dict.py(), value),
        ))
    }
}
