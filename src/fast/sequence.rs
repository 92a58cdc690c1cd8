//! Items of exact lists and tuples.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use pyo3::{Borrowed, ffi};

/// The list's item, or None past its end: the list may have shrunk since the last look.
#[inline(always)]
pub fn list_item<'a, 'py>(
    list: &'a Bound<'py, PyList>,
    index: usize,
) -> Option<Borrowed<'a, 'py, PyAny>> {
    if index >= list.len() {
        return None;
    }
    // SAFETY: the index was checked against the size at this very moment. The reference is
    // borrowed from the list; the walk takes its own before any Python code can run.
    unsafe {
        let item = ffi::PyList_GET_ITEM(list.as_ptr(), index as ffi::Py_ssize_t);
        if item.is_null() {
            return None;
        }
        Some(Borrowed::from_ptr(list.py(), item))
    }
}

/// The tuple's item, or None past its end.
#[inline(always)]
pub fn tuple_item<'a, 'py>(
    tuple: &'a Bound<'py, PyTuple>,
    index: usize,
) -> Option<Borrowed<'a, 'py, PyAny>> {
    if index >= tuple.len() {
        return None;
    }
    // SAFETY: the index was checked; a tuple that Python code can see holds its items for life.
    unsafe {
        let item = ffi::PyTuple_GET_ITEM(tuple.as_ptr(), index as ffi::Py_ssize_t);
        if item.is_null() {
            return None;
        }
        Some(Borrowed::from_ptr(tuple.py(), item))
    }
}
