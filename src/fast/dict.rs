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

/// Whether the dict shares its table of keys with other instances of a class.
///
/// A key of such a table is counted once, however many dicts show it.
#[inline(always)]
pub fn shares_keys(dict: &Bound<'_, PyDict>) -> bool {
    // SAFETY: an exact dict has this layout on the versions supported.
    unsafe {
        !(*dict.as_ptr().cast::<ffi::PyDictObject>())
            .ma_values
            .is_null()
    }
}

/// The number of entries of an exact dict.
#[inline(always)]
pub fn len(dict: Borrowed<'_, '_, PyAny>) -> usize {
    // SAFETY: an exact dict has this layout on the versions supported; its size is never negative.
    unsafe { (*dict.as_ptr().cast::<ffi::PyDictObject>()).ma_used as usize }
}

/// The value stored under `key` in an exact dict; None where there is none.
///
/// Errors (a `__eq__` that raises, an unhashable key) come through.
pub fn get_item<'py>(
    dict: Borrowed<'_, 'py, PyDict>,
    key: Borrowed<'_, 'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    // SAFETY: both are alive; the result is borrowed and turned into a reference of our own.
    unsafe {
        let value = ffi::PyDict_GetItemWithError(dict.as_ptr(), key.as_ptr());
        if !value.is_null() {
            return Ok(Some(Bound::from_borrowed_ptr(dict.py(), value)));
        }
    }
    match PyErr::take(dict.py()) {
        Some(error) => Err(error),
        None => Ok(None),
    }
}
