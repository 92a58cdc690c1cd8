//! The characters of exact strings.

use pyo3::prelude::*;
use pyo3::{Borrowed, ffi};

/// The head of every exact str.
#[repr(C)]
struct Head {
    base: ffi::PyObject,
    length: ffi::Py_ssize_t,
    hash: ffi::Py_hash_t,
    /// From the lowest bit: two of interning (without the GIL a byte), three of the width of a
    /// character, one that says that the characters follow the head, one that all are ASCII.
    state: u32,
    /// Up to 3.11 a pointer lies between the state and the characters.
    #[cfg(not(Py_3_12))]
    wide: *mut std::ffi::c_void,
}

/// The two bits of `Head::state` for ASCII that follows the head, where interning takes two bits.
const COMPACT_ASCII: u32 = 0b11 << 5;

/// The string in UTF-8, or None where it has lone surrogates.
///
/// For ASCII strings these are the string's own bytes; for others the interpreter keeps the
/// encoded form with the string, as it does for C's pickler.
#[inline(always)]
pub fn utf8<'a>(text: Borrowed<'a, '_, PyAny>) -> Option<&'a [u8]> {
    if cfg!(all(target_pointer_width = "64", not(Py_GIL_DISABLED))) {
        // SAFETY: `text` is an exact str that lives for 'a; where the state says so, as many bytes
        // of ASCII as its length follow the head, and nobody changes them.
        unsafe {
            let head = text.as_ptr().cast::<Head>();
            if (*head).state & COMPACT_ASCII == COMPACT_ASCII {
                let data = head.add(1).cast::<u8>();
                return Some(std::slice::from_raw_parts(data, (*head).length as usize));
            }
        }
    }
    encoded_utf8(text)
}

#[inline(never)]
fn encoded_utf8<'a>(text: Borrowed<'a, '_, PyAny>) -> Option<&'a [u8]> {
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
    // SAFETY: an exact str has this head. Without the GIL interning takes a byte of the state, whose
    // values fit in two bits.
    unsafe { (*text.as_ptr().cast::<Head>()).state & 0b11 != 0 }
}

/// The code points of a string, in order.
pub fn code_points(text: Borrowed<'_, '_, PyAny>) -> impl Iterator<Item = u32> + Clone {
    // SAFETY: `text` is an exact str, and alive.
    let n = unsafe { ffi::PyUnicode_GetLength(text.as_ptr()).max(0) };
    // SAFETY: as above, and each index is below its length.
    (0..n).map(move |i| unsafe { ffi::PyUnicode_ReadChar(text.as_ptr(), i) })
}
