//! New objects, or MemoryError where there is no memory: PyO3's own constructors panic there, and
//! the standard library's box aborts.

use std::alloc::{Layout, alloc};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySet, PyString, PyTuple};

use crate::fast::no_memory::NoMemory;

/// An empty dict.
///
/// # Errors
/// MemoryError.
#[inline(always)]
pub fn dict(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    // SAFETY: the GIL is held; the call gives a new dict or sets an error.
    unsafe { Ok(Bound::from_owned_ptr_or_err(py, ffi::PyDict_New())?.cast_into_unchecked()) }
}

/// An empty list.
///
/// # Errors
/// MemoryError.
#[inline(always)]
pub fn list(py: Python<'_>) -> PyResult<Bound<'_, PyList>> {
    // SAFETY: the GIL is held; the call gives a new list or sets an error.
    unsafe { Ok(Bound::from_owned_ptr_or_err(py, ffi::PyList_New(0))?.cast_into_unchecked()) }
}

/// An empty set.
///
/// # Errors
/// MemoryError.
pub fn set(py: Python<'_>) -> PyResult<Bound<'_, PySet>> {
    // SAFETY: the GIL is held; no iterable means no elements. The call gives a new set or sets an error.
    unsafe {
        let set = ffi::PySet_New(std::ptr::null_mut());
        Ok(Bound::from_owned_ptr_or_err(py, set)?.cast_into_unchecked())
    }
}

/// A tuple of these parts.
///
/// # Errors
/// MemoryError.
pub fn tuple<'py, const N: usize>(
    py: Python<'py>,
    parts: [Bound<'py, PyAny>; N],
) -> PyResult<Bound<'py, PyTuple>> {
    // SAFETY: the GIL is held. The call gives a new tuple of `N` empty places, or the empty one, or
    // sets an error; each place takes over one reference before anybody else sees the tuple.
    unsafe {
        let tuple = Bound::from_owned_ptr_or_err(py, ffi::PyTuple_New(N as ffi::Py_ssize_t))?;
        for (i, part) in parts.into_iter().enumerate() {
            ffi::PyTuple_SET_ITEM(tuple.as_ptr(), i as ffi::Py_ssize_t, part.into_ptr());
        }
        Ok(tuple.cast_into_unchecked())
    }
}

/// An int of this value.
///
/// # Errors
/// MemoryError.
pub fn int(py: Python<'_>, value: usize) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: the GIL is held, and the call gives a new int or sets an error.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyLong_FromSize_t(value)) }
}

/// A string of this text.
///
/// # Errors
/// MemoryError.
pub fn text<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyString>> {
    let data = text.as_ptr().cast();
    // A slice is never longer than `isize` says.
    let size = text.len() as ffi::Py_ssize_t;
    // SAFETY: the GIL is held; `data` points to `size` bytes of UTF-8, which the call copies. It gives
    // a new string or sets an error.
    unsafe {
        let string = ffi::PyUnicode_FromStringAndSize(data, size);
        Ok(Bound::from_owned_ptr_or_err(py, string)?.cast_into_unchecked())
    }
}

/// A value in a box.
///
/// # Errors
/// Where there is no memory.
pub fn boxed<T>(value: T) -> Result<Box<T>, NoMemory> {
    const { assert!(size_of::<T>() != 0) };
    // SAFETY: the layout has a size, so the call gives null or room for a `T` of that layout. The room
    // is written to before a box takes it, which gives it back to the same allocator.
    unsafe {
        let room = alloc(Layout::new::<T>()).cast::<T>();
        if room.is_null() {
            return Err(NoMemory);
        }
        room.write(value);
        Ok(Box::from_raw(room))
    }
}
