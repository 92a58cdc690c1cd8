//! Exact ints and floats.

use pyo3::ffi;

use super::object::View;

/// An exact int.
#[derive(Copy, Clone)]
pub struct Int<'q>(View<'q>);

/// An exact float.
#[derive(Copy, Clone)]
pub struct Float<'q>(View<'q>);

/// An int's digits, least significant first, behind what says how many there are and the sign.
#[repr(C)]
pub struct Digits {
    pub base: ffi::PyObject,
    #[cfg(not(Py_3_12))]
    pub signed_length: ffi::Py_ssize_t,
    /// From the lowest bit: two of sign (0 positive, 1 zero, 2 negative), a flag, the length.
    #[cfg(Py_3_12)]
    pub tag: usize,
    pub digits: [u32; 2],
}

/// The digits of an int of 128 bits, and bytes in which so many digits have room, with one for the sign.
const LONG_DIGITS: usize = 5;
pub const LONG_BYTES: usize = 24;

/// Bits of a digit, on every build that was not configured otherwise.
pub const DIGIT_BITS: u32 = 30;

/// The flag in an int's tag, which says nothing of its value.
#[cfg(Py_3_12)]
const FLAG: usize = 1 << 2;

/// How many digits a positive int has; of another int 0, or more than any has.
///
/// # Safety
/// It is an exact int.
#[inline(always)]
unsafe fn length_of_positive(int: *const Digits) -> usize {
    // SAFETY: the caller says so; what follows the length is not looked at.
    unsafe {
        #[cfg(not(Py_3_12))]
        let length = (*int).signed_length as usize;
        // The two bits of the sign become the highest.
        #[cfg(Py_3_12)]
        let length = ((*int).tag & !FLAG).rotate_right(3);
        length
    }
}

impl<'q> Int<'q> {
    /// # Safety
    /// The object is of the exact type.
    #[inline(always)]
    pub(super) unsafe fn new(object: View<'q>) -> Self {
        Self(object)
    }

    /// The value, where it fits in 64 bits.
    #[inline(always)]
    pub fn value(self) -> Option<i64> {
        self.short_value().or_else(|| self.long_value())
    }

    /// The value of an int of at most two digits.
    #[inline(always)]
    fn short_value(self) -> Option<i64> {
        // SAFETY: an exact int has this layout: the module is not imported where it does not
        // (`layout.rs`). A digit is read only where the length says that it is there.
        unsafe {
            let int = self.0.as_ptr().cast::<Digits>();
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

    /// The value of a positive int of one or two digits: fewer instructions than `value` takes, for runs.
    #[inline(always)]
    pub fn positive_short_value(self) -> Option<i64> {
        // SAFETY: as for `short_value`; the last digit is one of two, or the first itself.
        unsafe {
            let int = self.0.as_ptr().cast::<Digits>();
            let last = length_of_positive(int).wrapping_sub(1);
            if last > 1 {
                return None;
            }
            let digits = (&raw const (*int).digits).cast::<u32>();
            let low = i64::from(*digits);
            // Without a branch, since data mixes both lengths: nought times the digit, or once.
            let high = i64::from((*digits.add(last)).wrapping_mul(last as u32));
            Some(high << DIGIT_BITS | low)
        }
    }

    /// The value of an int that is not negative and has at most `LONG_DIGITS` digits, in two's complement: its
    /// bytes, least significant first, and how many these are.
    pub fn long_bytes(self) -> Option<([u8; LONG_BYTES], usize)> {
        // SAFETY: as for `short_value`: as many digits as the length says follow.
        let digits = unsafe {
            let int = self.0.as_ptr().cast::<Digits>();
            let length = length_of_positive(int);
            if length.wrapping_sub(1) >= LONG_DIGITS {
                return None;
            }
            std::slice::from_raw_parts((&raw const (*int).digits).cast::<u32>(), length)
        };
        let mut bytes = [0; LONG_BYTES];
        let (mut bits, mut count, mut n) = (0_u64, 0, 0);
        for digit in digits {
            bits |= u64::from(*digit) << count;
            count += DIGIT_BITS;
            bytes[n..n + 4].copy_from_slice(&(bits as u32).to_le_bytes());
            if count >= 32 {
                bits >>= 32;
                count -= 32;
                n += 4;
            }
        }
        bytes[n..n + 4].copy_from_slice(&(bits as u32).to_le_bytes());
        let last = bytes.iter().rposition(|byte| *byte != 0)?;
        // The highest bit is that of the sign.
        Some((bytes, last + 1 + usize::from(bytes[last] >= 0x80)))
    }

    #[cold]
    #[inline(never)]
    fn long_value(self) -> Option<i64> {
        let mut overflow = 0;
        // SAFETY: of an exact int this reads digits; a value that is too large sets `overflow`, and no
        // exception.
        let value =
            unsafe { ffi::PyLong_AsLongLongAndOverflow(self.0.as_ptr(), &raw mut overflow) };
        (overflow == 0).then_some(value)
    }
}

impl<'q> Float<'q> {
    /// # Safety
    /// The object is of the exact type.
    #[inline(always)]
    pub(super) unsafe fn new(object: View<'q>) -> Self {
        Self(object)
    }

    /// The value.
    #[inline(always)]
    pub fn value(self) -> f64 {
        // SAFETY: an exact float; a field of it is read.
        unsafe { ffi::PyFloat_AS_DOUBLE(self.0.as_ptr()) }
    }
}
