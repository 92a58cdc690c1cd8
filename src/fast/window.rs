//! The bytes that a load reads from, where they lie: in a `bytes` object, or in a vector of our own.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fast::exported::Exported;

/// Who keeps the bytes of a window in place: held, never read.
#[expect(
    dead_code,
    reason = "what is held is freed when it is dropped, and that is its use"
)]
enum Owner {
    Nobody,
    /// A `bytes` object, which never changes.
    Bytes(Py<PyAny>),
    Vector(Vec<u8>),
}

/// A stretch of contiguous bytes that nobody writes to, a position in it, and a limit that reading stops
/// at: the end of the frame, or of the bytes.
///
/// `position <= limit <= len` holds always.
pub struct Window {
    data: *const u8,
    len: usize,
    limit: usize,
    position: usize,
    _owner: Owner,
}

// SAFETY: nobody writes to the bytes, and the owner, a reference or a vector, may itself be on any thread.
unsafe impl Send for Window {}

// SAFETY: as for `Send`; a shared window can only be read.
unsafe impl Sync for Window {}

impl Window {
    /// No bytes.
    #[inline(always)]
    pub fn empty() -> Self {
        Self {
            data: std::ptr::NonNull::dangling().as_ptr(),
            len: 0,
            limit: 0,
            position: 0,
            _owner: Owner::Nobody,
        }
    }

    /// The bytes of a `bytes` object, not copied; None for any other object.
    #[inline(always)]
    pub fn of_bytes(object: &Bound<'_, PyAny>) -> Option<Self> {
        let bytes = object.cast_exact::<PyBytes>().ok()?;
        let slice = bytes.as_bytes();
        let owner = Owner::Bytes(object.clone().unbind());
        Some(Self::over(slice.as_ptr(), slice.len(), owner))
    }

    /// So many bytes of a `bytes` object from `start` on, not copied; None where it has not that many.
    #[inline(always)]
    pub fn of_part(bytes: &Bound<'_, PyBytes>, start: usize, len: usize) -> Option<Self> {
        let part = bytes.as_bytes().get(start..)?.get(..len)?;
        let owner = Owner::Bytes(bytes.clone().into_any().unbind());
        Some(Self::over(part.as_ptr(), len, owner))
    }

    /// The bytes of a bytes-like object, copied if others may write to them.
    ///
    /// # Errors
    /// What the object raises when it is asked for a contiguous buffer; MemoryError.
    pub fn of_object(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Some(window) = Self::of_bytes(object) {
            return Ok(window);
        }
        let exported = Exported::of(object)?;
        Ok(Self::of_vector(exported.to_vec(0, exported.len())?))
    }

    /// Bytes of our own.
    pub fn of_vector(bytes: Vec<u8>) -> Self {
        Self::over(bytes.as_ptr(), bytes.len(), Owner::Vector(bytes))
    }

    #[inline(always)]
    fn over(data: *const u8, len: usize, owner: Owner) -> Self {
        Self {
            data,
            len,
            limit: len,
            position: 0,
            _owner: owner,
        }
    }

    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        // SAFETY: the owner keeps `len` bytes at `data` for as long as the window lives, and nobody
        // writes to them: a `bytes` object never changes, and the vector is our own.
        unsafe { std::slice::from_raw_parts(self.data, self.len) }
    }

    /// Bytes before the position.
    #[inline(always)]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Bytes in all.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes from the position to the limit.
    #[inline(always)]
    pub fn rest(&self) -> usize {
        self.limit - self.position
    }

    /// Moves the limit, at least to the position and at most to the end.
    pub fn set_limit(&mut self, limit: usize) {
        self.limit = limit.clamp(self.position, self.len);
    }

    /// Leaves away what lies behind so many bytes, or behind the position.
    pub fn cut(&mut self, len: usize) {
        self.len = len.clamp(self.position, self.len);
        self.limit = self.limit.min(self.len);
    }

    /// The next byte, or None at the limit.
    #[inline(always)]
    pub fn next_byte(&mut self) -> Option<u8> {
        let byte = self.peek_byte()?;
        self.position += 1;
        Some(byte)
    }

    /// The next byte, which stays where it is.
    #[inline(always)]
    pub fn peek_byte(&self) -> Option<u8> {
        if self.position >= self.limit {
            return None;
        }
        // SAFETY: the position is below the limit, which is at most `len`; as for `bytes`.
        Some(unsafe { *self.data.add(self.position) })
    }

    /// Gets past the byte that `peek_byte` showed.
    #[inline(always)]
    pub fn advance(&mut self) {
        debug_assert!(self.position < self.limit);
        self.position += usize::from(self.position < self.limit);
    }

    /// The next `n` bytes, or None if the limit comes first.
    #[inline(always)]
    pub fn take(&mut self, n: usize) -> Option<&[u8]> {
        if n > self.rest() {
            return None;
        }
        let start = self.position;
        self.position += n;
        // SAFETY: `start + n` is at most the limit, and so at most `len`; as for `bytes`.
        Some(unsafe { std::slice::from_raw_parts(self.data.add(start), n) })
    }

    /// Everything from the position to the limit.
    #[inline(always)]
    pub fn within_limit(&self) -> &[u8] {
        // SAFETY: the position is at most the limit, and that at most `len`; as for `bytes`.
        unsafe { std::slice::from_raw_parts(self.data.add(self.position), self.rest()) }
    }

    /// Moves the position forward, at most to the limit.
    #[inline(always)]
    pub fn skip(&mut self, n: usize) {
        self.position += n.min(self.rest());
    }

    /// Moves the position back, at most to the start.
    pub fn step_back(&mut self, n: usize) {
        self.position -= n.min(self.position);
    }

    /// Everything up to the limit, what lies before the position included.
    pub fn up_to_limit(&self) -> &[u8] {
        &self.bytes()[..self.limit]
    }

    /// Everything from the position to the end, whatever the limit.
    pub fn remainder(&self) -> &[u8] {
        &self.bytes()[self.position..]
    }
}
