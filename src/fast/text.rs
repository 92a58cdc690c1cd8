//! The characters of exact strings.

use pyo3::prelude::*;
use pyo3::{Borrowed, ffi};

/// The string in UTF-8, or None where it has lone surrogates.
///
/// For ASCII strings these are the string's own bytes; for others the interpreter keeps the
/// encoded form with the string, as it does for C's pickler.
#[inline(always)]
pub fn utf8<'a>(text: Borrowed<'a, '_, PyAny>) -> Option<&'a [u8]> {
    let mut size = 0;
    // SAFETY: `text` is an exact str that lives for 'a, and the bytes live as long as it does.
    unsafe {
        let data = ffi::PyUnicode_AsUTF8AndSize(text.as_ptr(), &raw mut size);
        if data.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(std::slice::from_raw_parts(data.cast::<u8>(), size as usize))
    }
}

/// Whether the interpreter's table of interned strings holds this one.
///
/// That table's reference is not counted, so such a string has a holder more than its count says.
#[inline(always)]
pub fn is_interned(text: Borrowed<'_, '_, PyAny>) -> bool {
    #[cfg(not(Py_3_14))]
    // SAFETY: an exact str has this header on the versions supported.
    unsafe {
        (*text.as_ptr().cast::<ffi::PyASCIIObject>()).interned() != 0
    }
    #[cfg(Py_3_14)]
    // SAFETY: from 3.14 the state, still behind the length and the hash, begins with the two bits
    // of interning, or with a whole byte of it without the GIL, whose values fit in two bits.
    unsafe {
        let header = size_of::<ffi::PyObject>() + size_of::<ffi::Py_ssize_t>() * 2;
        *text.as_ptr().cast::<u8>().add(header) & 3 != 0
    }
}

/// The code points of a string, in order.
pub fn code_points(text: Borrowed<'_, '_, PyAny>) -> impl Iterator<Item = u32> + Clone {
    // SAFETY: `text` is an exact str, and alive.
    let n = unsafe { ffi::PyUnicode_GetLength(text.as_ptr()).max(0) };
    // SAFETY: as above, and each index is below its length.
    (0..n).map(move |i| unsafe { ffi::PyUnicode_ReadChar(text.as_ptr(), i) })
}
