//! Objects made from the bytes of a pickle: texts, integers, floats, by the interpreter's own
//! decoders.

use std::ffi::{CStr, CString, c_char};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyString};

use crate::fast::filling::bytearray_of_many;
use crate::fast::libpython;
use crate::fast::output::copy_of_many;
use crate::fast::pages;

/// Bytes from which a text is copied at once instead of decoded: one character comes from the
/// interpreter's shared ones.
const SHORTEST_COPIED: usize = 2;

/// The largest character of ASCII.
const LAST_ASCII: ffi::Py_UCS4 = 0x7f;

/// What a call of the interpreter's gave: an object, or an error.
///
/// # Safety
/// The pointer is a new reference, which is taken over, or null with an exception set.
#[inline(always)]
unsafe fn owned(py: Python<'_>, object: *mut ffi::PyObject) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: as the caller promises.
    unsafe { Bound::from_owned_ptr_or_err(py, object) }
}

#[inline(always)]
fn parts(bytes: &[u8]) -> (*const c_char, ffi::Py_ssize_t) {
    (bytes.as_ptr().cast(), bytes.len() as ffi::Py_ssize_t)
}

/// Where the characters of an ASCII string begin: behind its header. `layout.rs` holds this against
/// the interpreter at import.
const ASCII_HEADER: usize = size_of::<ffi::PyASCIIObject>();

/// Whether the characters of ASCII strings begin where `text` writes them.
///
/// # Errors
/// MemoryError.
pub fn is_ascii_where_expected(py: Python<'_>) -> PyResult<bool> {
    // SAFETY: a fresh ASCII string, or an error; only addresses are looked at.
    unsafe {
        let sample = owned(py, ffi::PyUnicode_New(SHORTEST_COPIED as isize, LAST_ASCII))?;
        let data = ffi::PyUnicode_DATA(sample.as_ptr()) as usize;
        Ok(data == sample.as_ptr() as usize + ASCII_HEADER)
    }
}

/// A text from UTF-8; None where that is malformed, for `utf8` to ask the error handler.
#[inline(always)]
pub fn text<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Option<Bound<'py, PyAny>>> {
    if bytes.len() >= SHORTEST_COPIED && bytes.is_ascii() {
        // SAFETY: a fresh ASCII string has room behind its header for so many bytes, and a NUL behind
        // them already. No Python code has seen it: it is no shared one, having two characters.
        unsafe {
            let text = ffi::PyUnicode_New(bytes.len() as ffi::Py_ssize_t, LAST_ASCII);
            if text.is_null() {
                return Err(PyErr::fetch(py));
            }
            let data = text.cast::<u8>().add(ASCII_HEADER);
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), data, bytes.len());
            return Ok(Some(Bound::from_owned_ptr(py, text)));
        }
    }
    if let [byte] = bytes
        && byte.is_ascii()
    {
        // SAFETY: the GIL is held; the call gives the interpreter's shared string of this character.
        return unsafe { owned(py, ffi::PyUnicode_FromOrdinal((*byte).into())).map(Some) };
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => wide_text(py, text).map(Some),
        Err(_) => Ok(None),
    }
}

/// A text of any characters.
fn wide_text<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    let (length, largest) = text.chars().fold((0, '\0'), |(length, largest), c| {
        (length + 1, largest.max(c))
    });
    if length < SHORTEST_COPIED {
        return utf8(py, text.as_bytes(), c"strict");
    }
    // SAFETY: a fresh string has room for so many characters, of the width that the largest needs;
    // nobody else has seen it, and all of them are written. None is cut off by its width.
    unsafe {
        let object = ffi::PyUnicode_New(length as ffi::Py_ssize_t, largest.into());
        let object = Bound::from_owned_ptr_or_err(py, object)?;
        let data = ffi::PyUnicode_DATA(object.as_ptr());
        let characters = text.chars().enumerate();
        match largest {
            ..='\u{ff}' => characters.for_each(|(i, c)| data.cast::<u8>().add(i).write(c as u8)),
            ..='\u{ffff}' => {
                characters.for_each(|(i, c)| data.cast::<u16>().add(i).write(c as u16))
            }
            _ => characters.for_each(|(i, c)| data.cast::<u32>().add(i).write(c as u32)),
        }
        Ok(object)
    }
}

/// A text from UTF-8; `errors` names who is asked about malformed bytes, Python code maybe: then the
/// caller hands in bytes of its own.
pub fn utf8<'py>(py: Python<'py>, bytes: &[u8], errors: &CStr) -> PyResult<Bound<'py, PyAny>> {
    let (data, len) = parts(bytes);
    // SAFETY: the bytes are read only, `errors` ends with NUL.
    unsafe { owned(py, ffi::PyUnicode_DecodeUTF8(data, len, errors.as_ptr())) }
}

/// A text from ASCII. Other bytes are an error handler's business, as for `utf8`.
pub fn ascii<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let (data, len) = parts(bytes);
    // SAFETY: the bytes are read only.
    unsafe {
        owned(
            py,
            ffi::PyUnicode_DecodeASCII(data, len, c"strict".as_ptr()),
        )
    }
}

/// A text from UNICODE's line. Malformed escapes are an error handler's business, as for `utf8`.
pub fn raw_unicode_escape<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let (data, len) = parts(bytes);
    // SAFETY: the bytes are read only; no error handler means "strict".
    unsafe {
        owned(
            py,
            ffi::PyUnicode_DecodeRawUnicodeEscape(data, len, std::ptr::null()),
        )
    }
}

/// Bytes from the escapes between STRING's quotes.
///
/// What is unescaped may warn, and so run Python code: the caller hands in bytes of its own.
pub fn unescape<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let (data, len) = parts(bytes);
    // SAFETY: the bytes are read only; the decoder's last three arguments are its defaults.
    unsafe {
        owned(
            py,
            ffi::PyBytes_DecodeEscape(data, len, std::ptr::null(), 0, std::ptr::null()),
        )
    }
}

/// A `bytes` object.
#[inline(always)]
pub fn bytes<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    if bytes.len() >= pages::LARGE {
        return copy_of_many(py, bytes);
    }
    let (data, len) = parts(bytes);
    // SAFETY: the bytes are copied; the result is of the type that it is cast to.
    unsafe {
        let object = owned(py, ffi::PyBytes_FromStringAndSize(data, len))?;
        Ok(object.cast_into_unchecked())
    }
}

/// The bytes that a `bytearray` has now.
///
/// # Errors
/// MemoryError.
pub fn bytes_of<'py>(array: &Bound<'py, PyByteArray>) -> PyResult<Bound<'py, PyBytes>> {
    let raw = array.as_ptr();
    // SAFETY: a bytearray has so many bytes there. They are copied at once: the call runs no Python code, which alone
    // could resize it, and gives a new `bytes` object or sets an error.
    unsafe {
        let (data, len) = (ffi::PyByteArray_AsString(raw), ffi::PyByteArray_Size(raw));
        let object = owned(array.py(), ffi::PyBytes_FromStringAndSize(data, len))?;
        Ok(object.cast_into_unchecked())
    }
}

/// A `bytearray`.
pub fn bytearray<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    if bytes.len() >= pages::LARGE {
        return Ok(bytearray_of_many(py, bytes)?.into_any());
    }
    let (data, len) = parts(bytes);
    // SAFETY: the bytes are copied.
    unsafe { owned(py, ffi::PyByteArray_FromStringAndSize(data, len)) }
}

/// A text from a `bytes` object, by a codec, which may be Python code.
pub fn with_codec<'py>(
    bytes: &Bound<'py, PyBytes>,
    encoding: &CStr,
    errors: &CStr,
) -> PyResult<Bound<'py, PyAny>> {
    let (data, len) = parts(bytes.as_bytes());
    // SAFETY: the object keeps its bytes while the codec runs; both names end with NUL.
    unsafe {
        owned(
            bytes.py(),
            ffi::PyUnicode_Decode(data, len, encoding.as_ptr(), errors.as_ptr()),
        )
    }
}

/// A text from any bytes-like object, by a codec; an empty one asks for no codec.
pub fn object_with_codec<'py>(
    bytes: &Bound<'py, PyAny>,
    encoding: &CStr,
    errors: &CStr,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the object is alive; both names end with NUL.
    unsafe {
        owned(
            bytes.py(),
            ffi::PyUnicode_FromEncodedObject(bytes.as_ptr(), encoding.as_ptr(), errors.as_ptr()),
        )
    }
}

/// An integer from its decimal text, as `int` reads it, limit included.
pub fn int_from_text<'py>(
    py: Python<'py>,
    text: &CString,
    base: i32,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the text ends with NUL; with no place to put an end, it must be a number throughout.
    unsafe {
        owned(
            py,
            ffi::PyLong_FromString(text.as_ptr(), std::ptr::null_mut(), base),
        )
    }
}

/// An integer from two's complement, least significant byte first.
pub fn int_from_bytes<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the bytes are read only; the flags say little-endian and signed.
    unsafe {
        let int = libpython::_PyLong_FromByteArray(bytes.as_ptr(), bytes.len(), 1, 1);
        owned(py, int)
    }
}

/// A small integer.
#[inline(always)]
pub fn int(py: Python<'_>, value: i64) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: the GIL is held.
    unsafe { owned(py, ffi::PyLong_FromLongLong(value)) }
}

/// A float.
#[inline(always)]
pub fn float(py: Python<'_>, value: f64) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: the GIL is held.
    unsafe { owned(py, ffi::PyFloat_FromDouble(value)) }
}

/// A number as the interpreter's parser of floats reads it, and the bytes that it read.
///
/// # Errors
/// ValueError where the text does not begin with a number, OverflowError where it is too large.
pub fn float_from_text(py: Python<'_>, text: &CString) -> PyResult<(f64, usize)> {
    let mut end = std::ptr::null_mut();
    // SAFETY: the text ends with NUL; `end` is set to a place in it or just behind.
    unsafe {
        let value =
            ffi::PyOS_string_to_double(text.as_ptr(), &raw mut end, ffi::PyExc_OverflowError);
        if value == -1.0
            && let Some(error) = PyErr::take(py)
        {
            return Err(error);
        }
        let read = end.cast_const().offset_from(text.as_ptr());
        Ok((value, read.max(0) as usize))
    }
}

/// What `ascii` gives: the object's `repr` with all but ASCII escaped.
pub fn escaped_repr<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    // SAFETY: the object is alive; the result is a string, or null with an exception set.
    unsafe {
        let text = owned(object.py(), ffi::PyObject_ASCII(object.as_ptr()))?;
        Ok(text.cast_into_unchecked())
    }
}

/// The name of an attribute as the interpreter keeps it: of equal names, one object.
pub fn interned<'py>(text: Bound<'py, PyString>) -> Bound<'py, PyString> {
    let py = text.py();
    let mut raw = text.into_ptr();
    // SAFETY: a string; the call takes our reference and gives one to a string, this or its equal. One
    // of a subclass stays as it is.
    unsafe {
        ffi::PyUnicode_InternInPlace(&raw mut raw);
        Bound::from_owned_ptr(py, raw).cast_into_unchecked()
    }
}
