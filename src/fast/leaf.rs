//! Short strings and ints, which are most of what a pickle holds: made in one step, where the interpreter's own
//! makers take several calls.
//!
//! What is made is what these would have made. None stands for what they have to be asked for, and for want of
//! memory, which they then tell of themselves.

use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;

use crate::fast::fresh;
use crate::fast::libpython;
use crate::fast::view::{DIGIT_BITS, Digits};

/// The state of an ASCII string that was just made; 0 where strings are not laid out as expected.
static ASCII_STATE: AtomicU32 = AtomicU32::new(0);

/// The ints of one byte; null before `observe`.
static INTS_OF_BYTES: [AtomicPtr<ffi::PyObject>; 256] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; 256];

/// Bytes of a string that are copied from both its ends at once, overlapping.
const LONGEST_OF_TWO_ENDS: usize = 32;

/// The largest character of ASCII.
const LAST_ASCII: ffi::Py_UCS4 = 0x7f;

/// Ints below this are left to the interpreter, which shares some of them: as many as `observe` has found.
static LEAST_MADE: AtomicI32 = AtomicI32::new(MOST_SHARED);

/// Ints from here on are shared by no release.
const MOST_SHARED: i32 = 1 << 16;

/// The bits of a digit.
const DIGIT: u32 = (1 << DIGIT_BITS) - 1;

/// Texts that `observe` has made, and holds against the interpreter's.
const SAMPLES: [&str; 3] = ["ab", "observed", "observed by oxipickle, at some length"];

/// Takes note of the ints that the interpreter shares, and finds out what a fresh ASCII string looks like; where that
/// is not as expected, none is made here.
///
/// # Errors
/// MemoryError.
pub fn observe(py: Python<'_>) -> PyResult<()> {
    for (value, place) in INTS_OF_BYTES.iter().enumerate() {
        let [int, again] = [fresh::int(py, value)?, fresh::int(py, value)?];
        if int.is(&again) {
            place.store(int.into_ptr(), Ordering::Relaxed);
        }
    }
    for value in INTS_OF_BYTES.len()..MOST_SHARED as usize {
        if !fresh::int(py, value)?.is(&fresh::int(py, value)?) {
            LEAST_MADE.store(value as i32, Ordering::Relaxed);
            break;
        }
    }
    if cfg!(Py_GIL_DISABLED) {
        return Ok(());
    }
    // SAFETY: the GIL is held; the call gives a new string, or sets an error. Fields of it are read, which are
    // numbers, whatever they mean. Bits that mean nothing are copied with the others.
    let state = unsafe {
        let text = Bound::from_owned_ptr_or_err(py, ffi::PyUnicode_New(2, LAST_ASCII))?;
        let head = text.as_ptr().cast::<ffi::PyASCIIObject>();
        if (*head).length != 2 || (*head).hash != -1 {
            return Ok(());
        }
        (&raw const (*head).state).cast::<u32>().read()
    };
    ASCII_STATE.store(state, Ordering::Relaxed);
    for sample in SAMPLES {
        let expected = fresh::text(py, sample)?;
        let made = ascii(py, sample.as_bytes());
        if !made.is_some_and(|made| made.eq(&expected).is_ok_and(|same| same)) {
            ASCII_STATE.store(0, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// A fresh object of this type and so many bytes, of which the head is filled.
///
/// # Safety
/// The type is an exact builtin one, not made on the heap, whose objects come from the allocator for objects,
/// and are not known to the collector. The caller fills the rest.
#[inline(always)]
unsafe fn object(class: *mut ffi::PyTypeObject, size: usize) -> Option<*mut ffi::PyObject> {
    // SAFETY: the room is as large as the head at least, by the caller; the head is all that
    // `_Py_NewReference` looks at. A static type counts no references to it.
    unsafe {
        let object = ffi::PyObject_Malloc(size).cast::<ffi::PyObject>();
        if object.is_null() {
            return None;
        }
        (*object).ob_type = class;
        libpython::_Py_NewReference(object);
        Some(object)
    }
}

/// A string of ASCII's characters, if these bytes are such.
#[inline(always)]
pub fn ascii<'py>(py: Python<'py>, bytes: &[u8]) -> Option<Bound<'py, PyAny>> {
    /// Both ends of the bytes as one number each, if these are ASCII.
    macro_rules! from_ends {
        ($number:ty) => {{
            const N: usize = size_of::<$number>();
            const HIGH_BITS: $number = <$number>::from_ne_bytes([0x80; N]);
            let first = <$number>::from_ne_bytes(*bytes.first_chunk::<N>()?);
            let last = <$number>::from_ne_bytes(*bytes.last_chunk::<N>()?);
            if (first | last) & HIGH_BITS != 0 {
                return None;
            }
            let (text, characters) = blank_ascii(py, bytes.len())?;
            // SAFETY: the string has `bytes.len()` places, which are `N` at least.
            unsafe {
                characters.cast::<$number>().write_unaligned(first);
                let last_at = characters.add(bytes.len() - N);
                last_at.cast::<$number>().write_unaligned(last);
            }
            Some(text)
        }};
    }
    match bytes.len() {
        // The interpreter shares these.
        0 | 1 => None,
        2 | 3 => from_ends!(u16),
        4..=7 => from_ends!(u32),
        8..=15 => from_ends!(u64),
        16..=LONGEST_OF_TWO_ENDS => from_ends!(u128),
        _ => long_ascii(py, bytes),
    }
}

#[inline(never)]
fn long_ascii<'py>(py: Python<'py>, bytes: &[u8]) -> Option<Bound<'py, PyAny>> {
    if !bytes.is_ascii() {
        return None;
    }
    let (text, characters) = blank_ascii(py, bytes.len())?;
    // SAFETY: the string has as many places.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), characters, bytes.len()) };
    Some(text)
}

/// A fresh ASCII string, and where its characters are to be written.
#[inline(always)]
fn blank_ascii(py: Python<'_>, length: usize) -> Option<(Bound<'_, PyAny>, *mut u8)> {
    const HEAD: usize = size_of::<ffi::PyASCIIObject>();
    let state = ASCII_STATE.load(Ordering::Relaxed);
    if state == 0 || length > isize::MAX as usize - HEAD - 1 {
        return None;
    }
    // SAFETY: strings are of a static type, and their allocator is that for objects. All fields of the head
    // are filled, with what `observe` saw in a fresh string, and the NUL behind the characters.
    unsafe {
        let text = object(&raw mut ffi::PyUnicode_Type, HEAD + length + 1)?;
        let head = text.cast::<ffi::PyASCIIObject>();
        (*head).length = length as ffi::Py_ssize_t;
        (*head).hash = -1;
        (&raw mut (*head).state).cast::<u32>().write(state);
        #[cfg(not(Py_3_12))]
        {
            (*head).wstr = std::ptr::null_mut();
        }
        let characters = text.cast::<u8>().add(HEAD);
        characters.add(length).write(0);
        Some((Bound::from_owned_ptr(py, text), characters))
    }
}

/// An int of 32 bits.
#[inline(always)]
pub fn int(py: Python<'_>, value: i32) -> Option<Bound<'_, PyAny>> {
    if value < LEAST_MADE.load(Ordering::Relaxed) || cfg!(Py_GIL_DISABLED) {
        return shared_int(py, value);
    }
    positive_int(py, value as u32)
}

/// An int of one byte, of which the interpreter has one object each.
#[inline(always)]
pub fn int_of_byte(py: Python<'_>, value: u8) -> Option<Bound<'_, PyAny>> {
    let int = INTS_OF_BYTES[usize::from(value)].load(Ordering::Relaxed);
    if int.is_null() {
        return shared_int(py, value.into());
    }
    // SAFETY: the thread is attached; `observe` has put a reference there that is never given up.
    unsafe { Some(Bound::from_borrowed_ptr(py, int)) }
}

/// An int that the interpreter may share.
#[inline(never)]
fn shared_int(py: Python<'_>, value: i32) -> Option<Bound<'_, PyAny>> {
    // SAFETY: the GIL is held; the call gives a new reference, or sets an error, which is forgotten.
    unsafe {
        let int = ffi::PyLong_FromLong(value.into());
        if int.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(Bound::from_owned_ptr(py, int))
    }
}

/// An int of one digit or two, which no value of 32 bits exceeds.
#[inline(always)]
fn positive_int(py: Python<'_>, value: u32) -> Option<Bound<'_, PyAny>> {
    let high = value >> DIGIT_BITS;
    let length = 1 + usize::from(high != 0);
    // SAFETY: ints are of a static type, and their allocator is that for objects; `layout.rs` holds the layout
    // against the interpreter at import. There is room for two digits, of which the second counts only
    // where the length says so.
    unsafe {
        let int = object(&raw mut ffi::PyLong_Type, size_of::<Digits>())?;
        let parts = int.cast::<Digits>();
        #[cfg(not(Py_3_12))]
        {
            (*parts).signed_length = length as ffi::Py_ssize_t;
        }
        #[cfg(Py_3_12)]
        {
            (*parts).tag = length << 3;
        }
        (*parts).digits = [value & DIGIT, high];
        Some(Bound::from_owned_ptr(py, int))
    }
}

/// A float.
#[inline(always)]
pub fn float(py: Python<'_>, value: f64) -> Option<Bound<'_, PyAny>> {
    // SAFETY: as for `shared_int`.
    unsafe {
        let float = ffi::PyFloat_FromDouble(value);
        if float.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(Bound::from_owned_ptr(py, float))
    }
}

/// Bytes.
#[inline(always)]
pub fn bytes<'py>(py: Python<'py>, payload: &[u8]) -> Option<Bound<'py, PyAny>> {
    // SAFETY: as for `shared_int`; a slice is never longer than `isize` says.
    unsafe {
        let length = payload.len() as ffi::Py_ssize_t;
        let bytes = ffi::PyBytes_FromStringAndSize(payload.as_ptr().cast(), length);
        if bytes.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(Bound::from_owned_ptr(py, bytes))
    }
}
