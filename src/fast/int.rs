//! The values of exact ints.

use pyo3::prelude::*;
use pyo3::{Borrowed, ffi};

/// An int's digits, least significant first, behind what says how many there are and the sign.
#[repr(C)]
struct Int {
    base: ffi::PyObject,
    #[cfg(not(Py_3_12))]
    signed_length: ffi::Py_ssize_t,
    /// From the lowest bit: two of sign (0 positive, 1 zero, 2 negative), a flag, the length.
    #[cfg(Py_3_12)]
    tag: usize,
    digits: [u32; 2],
}

/// Bits of a digit, on every build for 64 bits that was not configured otherwise.
pub const DIGIT_BITS: u32 = 30;

/// The value of an exact `int` that fits in 64 bits.
#[inline(always)]
pub fn int_value(obj: Borrowed<'_, '_, PyAny>) -> Option<i64> {
    if cfg!(target_pointer_width = "64") {
        // SAFETY: the caller saw `Exact::Int`, so the layout is that of an int. The module is not
        // imported where digits have another width (`layout.rs`).
        if let Some(value) = unsafe { short_value(obj.as_ptr().cast()) } {
            return Some(value);
        }
    }
    long_value(obj)
}

/// The value of an int of at most two digits.
///
/// # Safety
/// `int` must point to an exact int, with digits of `DIGIT_BITS`.
#[inline(always)]
unsafe fn short_value(int: *const Int) -> Option<i64> {
    // SAFETY: the caller vouches for the layout; a digit is read only where the length says that it
    // is there.
    unsafe {
        #[cfg(not(Py_3_12))]
        let (length, negative) = {
            let signed = (*int).signed_length;
            (signed.unsigned_abs(), signed < 0)
        };
        #[cfg(Py_3_12)]
        let (length, negative) = {
            let tag = (*int).tag;
            (tag >> 3, tag & 2 != 0)
        };
        if length > 2 {
            return None;
        }
        // Without branches, since data mixes both lengths: of an int with one digit the same digit is
        // read twice, and of zero, which has room for a digit, both are masked away.
        let digits = (&raw const (*int).digits).cast::<u32>();
        let has = |n| 0_i64.wrapping_sub(i64::from(length >= n));
        let low = i64::from(*digits) & has(1);
        let high = i64::from(*digits.add(usize::from(length == 2))) & has(2);
        let sign = 0_i64.wrapping_sub(i64::from(negative));
        Some(((low | high << DIGIT_BITS) ^ sign) - sign)
    }
}

#[cold]
#[inline(never)]
fn long_value(obj: Borrowed<'_, '_, PyAny>) -> Option<i64> {
    let mut overflow = 0;
    // SAFETY: an exact int runs no Python code here, and no error is set for an int.
    let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(obj.as_ptr(), &raw mut overflow) };
    (overflow == 0).then_some(value)
}
