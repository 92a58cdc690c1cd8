//! The bytes that a load reads from, where they lie: a `bytes` object, another buffer, or our own.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Who keeps the bytes of a window in place: held, never read.
#[expect(
    dead_code,
    reason = "what is held is freed when it is dropped, and that is its use"
)]
enum Owner {
    Nobody,
    /// A `bytes` object, which never changes.
    Bytes(Py<PyAny>),
    /// An exported buffer, released when dropped.
    View(Box<View>),
    Vector(Vec<u8>),
}

/// A buffer that an object exports for as long as this lives.
struct View(ffi::Py_buffer);

impl Drop for View {
    fn drop(&mut self) {
        // SAFETY: the buffer was filled by `PyObject_GetBuffer` and is released once, with the GIL
        // held by whoever loads.
        unsafe { ffi::PyBuffer_Release(&raw mut self.0) }
    }
}

/// A stretch of contiguous bytes, a position in it, and a limit that reading stops at: the end of
/// the frame, or of the bytes.
///
/// `position <= limit <= len` holds always. An exported buffer may be written to by others, though
/// not resized, whenever Python code runs; no slice given out here outlives the borrow of the
/// window, and none is held across a call into Python.
pub struct Window {
    data: *const u8,
    len: usize,
    limit: usize,
    position: usize,
    owner: Owner,
}

impl Window {
    /// No bytes.
    pub fn empty() -> Self {
        Self {
            data: std::ptr::NonNull::dangling().as_ptr(),
            len: 0,
            limit: 0,
            position: 0,
            owner: Owner::Nobody,
        }
    }

    /// The bytes of a bytes-like object, not copied.
    ///
    /// # Errors
    /// What the object raises when it is asked for a contiguous buffer.
    pub fn of_object(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast_exact::<PyBytes>() {
            let slice = bytes.as_bytes();
            return Ok(Self::over(
                slice.as_ptr(),
                slice.len(),
                Owner::Bytes(object.clone().unbind()),
            ));
        }
        let mut view = Box::new(View(ffi::Py_buffer::new()));
        // SAFETY: the structure is zeroed and ours, and its release is `View`'s business: of one
        // that was never filled it does nothing.
        let result = unsafe {
            ffi::PyObject_GetBuffer(object.as_ptr(), &raw mut view.0, ffi::PyBUF_CONTIG_RO)
        };
        if result < 0 {
            return Err(PyErr::fetch(object.py()));
        }
        let (data, len) = (view.0.buf.cast::<u8>(), view.0.len.max(0) as usize);
        if data.is_null() {
            return Ok(Self::empty());
        }
        Ok(Self::over(data, len, Owner::View(view)))
    }

    /// Bytes of our own.
    pub fn of_vector(bytes: Vec<u8>) -> Self {
        Self::over(bytes.as_ptr(), bytes.len(), Owner::Vector(bytes))
    }

    fn over(data: *const u8, len: usize, owner: Owner) -> Self {
        Self {
            data,
            len,
            limit: len,
            position: 0,
            owner,
        }
    }

    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        // SAFETY: the owner keeps `len` bytes at `data` for as long as the window lives, and
        // nothing writes to them while this borrow lasts, since no Python code runs meanwhile.
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

    /// Moves the position back, at most to the start.
    pub fn step_back(&mut self, n: usize) {
        self.position -= n.min(self.position);
    }

    /// Whether nobody else can write to the bytes.
    pub fn is_constant(&self) -> bool {
        !matches!(self.owner, Owner::View(_))
    }

    /// Everything from the position to the end, whatever the limit.
    pub fn remainder(&self) -> &[u8] {
        &self.bytes()[self.position..]
    }
}
