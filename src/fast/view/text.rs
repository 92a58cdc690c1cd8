//! Exact strings.

use pyo3::ffi;

use super::object::View;

/// An exact str.
#[derive(Copy, Clone)]
pub struct Text<'q>(View<'q>);

/// The head of every exact str, and what follows it in one that is not ASCII.
#[repr(C)]
struct Head {
    base: ffi::PyObject,
    length: ffi::Py_ssize_t,
    hash: ffi::Py_hash_t,
    /// Fields of bits: see the masks below.
    state: u32,
    /// Up to 3.11 a pointer lies between the state and the characters.
    #[cfg(not(Py_3_12))]
    wide: *mut std::ffi::c_void,
}

/// What follows the head of a string that is not ASCII: its UTF-8, once somebody asked for it.
#[repr(C)]
struct Encoded {
    head: Head,
    utf8_length: ffi::Py_ssize_t,
    utf8: *const u8,
}

/// A mask for `width` bits of `Head::state` that come after `before` others. Compilers put the first bits lowest
/// where the machine puts the first byte lowest, and else highest.
const fn bits(before: u32, width: u32) -> u32 {
    let from = if cfg!(target_endian = "little") {
        before
    } else {
        u32::BITS - before - width
    };
    ((1 << width) - 1) << from
}

/// Interning. Without the GIL it takes a byte, whose values fit in two bits, and what follows lies elsewhere.
const INTERNED: u32 = bits(0, if cfg!(Py_GIL_DISABLED) { 8 } else { 2 });

/// The width of a character, in bytes.
const WIDTH: u32 = bits(2, 3);

/// Says that the characters follow the head.
const COMPACT: u32 = bits(5, 1);

/// `COMPACT`, and says that all characters are ASCII.
const COMPACT_ASCII: u32 = bits(5, 2);

impl<'q> Text<'q> {
    /// # Safety
    /// The object is of the exact type.
    #[inline(always)]
    pub(super) unsafe fn new(object: View<'q>) -> Self {
        Self(object)
    }

    /// The object itself.
    #[inline(always)]
    pub fn object(self) -> View<'q> {
        self.0
    }

    #[inline(always)]
    fn head(self) -> *const Head {
        self.0.as_ptr().cast()
    }

    #[inline(always)]
    fn state(self) -> u32 {
        // SAFETY: every exact str has this head.
        unsafe { (*self.head()).state }
    }

    /// Its length in characters.
    #[inline(always)]
    pub fn len(self) -> usize {
        // SAFETY: every exact str has this head; a length is never negative.
        unsafe { (*self.head()).length as usize }
    }

    /// The string in UTF-8, or None where it has lone surrogates.
    ///
    /// For ASCII strings these are the string's own bytes; for others the interpreter keeps the
    /// encoded form with the string, as it does for C's pickler.
    #[inline(always)]
    pub fn utf8(self) -> Option<&'q [u8]> {
        self.ascii().or_else(|| self.encoded_utf8())
    }

    /// The string's own bytes, where they are seen to be ASCII.
    #[inline(always)]
    pub fn ascii(self) -> Option<&'q [u8]> {
        if cfg!(all(target_pointer_width = "64", not(Py_GIL_DISABLED)))
            && self.state() & COMPACT_ASCII == COMPACT_ASCII
        {
            // SAFETY: as many bytes of ASCII as its length follow the head. They live as long as the
            // string, and nobody changes them.
            return Some(unsafe {
                std::slice::from_raw_parts(self.head().add(1).cast::<u8>(), self.len())
            });
        }
        None
    }

    #[inline(never)]
    fn encoded_utf8(self) -> Option<&'q [u8]> {
        if !self.is_encoded() && self.may_have_surrogates() {
            return None;
        }
        let mut size = 0;
        // SAFETY: of a string without surrogates the call gives its UTF-8, made at the first time in
        // memory that no collector tracks. It lives as long as the string. Where there is no memory an
        // exception that exists beforehand is set, and taken away again.
        unsafe {
            let data = ffi::PyUnicode_AsUTF8AndSize(self.0.as_ptr(), &raw mut size);
            if data.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            Some(std::slice::from_raw_parts(data.cast::<u8>(), size as usize))
        }
    }

    /// Whether the interpreter keeps the UTF-8 with the string already.
    fn is_encoded(self) -> bool {
        // SAFETY: a string whose characters follow, and are not all ASCII, has these two fields.
        self.state() & COMPACT_ASCII == COMPACT
            && unsafe { !(*self.head().cast::<Encoded>()).utf8.is_null() }
    }

    /// Whether surrogates are among the characters, or may be. To encode one sets an exception, whose
    /// making is an allocation that the collector tracks.
    fn may_have_surrogates(self) -> bool {
        if cfg!(not(Py_GIL_DISABLED)) && (self.state() & WIDTH) >> WIDTH.trailing_zeros() == 1 {
            // Characters of one byte are no surrogates.
            return false;
        }
        // SAFETY: the string is alive, and each index is below its length.
        (0..self.len()).any(|i| unsafe {
            let c = ffi::PyUnicode_ReadChar(self.0.as_ptr(), i as ffi::Py_ssize_t);
            (0xd800..0xe000).contains(&c)
        })
    }

    /// Whether the interpreter's table of interned strings holds this one.
    ///
    /// That table's reference is not counted, so such a string has a holder more than its count says.
    #[inline(always)]
    pub fn is_interned(self) -> bool {
        self.state() & INTERNED != 0
    }

    /// The code points, in order.
    pub fn code_points(self) -> impl Iterator<Item = u32> + Clone + 'q {
        // SAFETY: the string is alive, and each index is below its length.
        (0..self.len())
            .map(move |i| unsafe { ffi::PyUnicode_ReadChar(self.0.as_ptr(), i as ffi::Py_ssize_t) })
    }
}
