//! Output that grows in place as the `bytes` object it becomes.

use std::mem::MaybeUninit;
use std::ptr::NonNull;

use pickle_format::frame::Output;
use pickle_format::opcode::Opcode;
use pickle_format::unfilled;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fast::bytes_room;
use crate::fast::no_memory::NoMemory;
use crate::fast::pages;

/// Why output could not be written.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum OutputError {
    NoMemory,
    /// An argument is larger than this opcode can say.
    TooLarge(Opcode),
}

impl From<NoMemory> for OutputError {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}

/// Room of a first buffer, in bytes: enough for small calls, small enough to cost them nothing.
pub(super) const FIRST_CAPACITY: usize = 4096;

/// Room, in bytes, from which on a buffer grows by half. Smaller ones are copied when they grow, so they grow
/// twofold.
const LARGE_CAPACITY: usize = 1 << 20;

/// Room, in bytes, that an output has to outgrow before it gets at once what the ones before it came to.
pub const EXPECTANT_CAPACITY: usize = 1 << 16;

/// The most that is expected at first, in bytes: up to this size the C library learns to keep room that is given back, and
/// not to ask the system for pages anew (`M_MMAP_THRESHOLD`). That takes requests no larger than what was given back.
const MOST_EXPECTED: usize = 32 << 20;

/// The most that is expected of an output that has outgrown `MOST_EXPECTED`, in bytes. Such room comes from the system, in
/// large pages, and grows in them with some small ones at each step. What is not written to takes no memory.
const MOST_EVER_EXPECTED: usize = 256 << 20;

/// A `bytes` object under construction, which nobody else has seen.
pub struct BytesOutput {
    /// None before the first byte.
    pub(super) bytes: Option<NonNull<ffi::PyObject>>,
    /// Where the object's bytes are; dangling where there is no object.
    pub(super) data: NonNull<u8>,
    pub(super) capacity: usize,
    /// Where `leaf_space` ends: at most at the capacity.
    pub(super) leaf_end: usize,
    /// How many bytes outputs before this one came to; zero at first.
    expected: usize,
}

// SAFETY: the object is owned by this value alone, and is no container: moving it to another thread
// shares it with nobody. Picklers and walks, which own outputs, live and end on threads that hold the GIL.
unsafe impl Send for BytesOutput {}

impl BytesOutput {
    /// Allocates nothing until something is written.
    pub fn new() -> Self {
        Self {
            bytes: None,
            data: NonNull::dangling(),
            capacity: 0,
            leaf_end: 0,
            expected: 0,
        }
    }

    /// With room for all that will be written.
    ///
    /// # Errors
    /// MemoryError.
    pub fn for_all(size: usize) -> Result<Self, NoMemory> {
        let mut output = Self::new();
        output.make_room(size.max(1))?;
        Ok(output)
    }

    /// A new output that follows this one, which came to so many bytes. Expects the most that outputs came to of late.
    pub fn next(&self, filled: usize) -> Self {
        let faded = self.expected - self.expected / 8;
        Self {
            expected: filled.min(MOST_EVER_EXPECTED).max(faded),
            ..Self::new()
        }
    }

    /// As `new`, for an output that may come to as much as this one.
    pub(super) fn alike(&self) -> Self {
        Self {
            expected: self.expected,
            ..Self::new()
        }
    }

    /// How many bytes outputs before this one came to, or files, up to what is expected at first.
    pub fn expected(&self) -> usize {
        self.expected.min(MOST_EXPECTED)
    }

    /// Whether the room is what a small call needs, and worth to be kept for the next one.
    pub fn is_small(&self) -> bool {
        self.capacity <= FIRST_CAPACITY
    }

    /// Makes room for so many bytes, in large pages where these are many.
    fn make_room(&mut self, size: usize) -> Result<(), NoMemory> {
        self.resize(size)?;
        if size >= pages::LARGE {
            pages::ask_for_large(self.space());
        }
        Ok(())
    }

    /// Without memory everything stays as it was.
    fn resize(&mut self, capacity: usize) -> Result<(), NoMemory> {
        let size = ffi::Py_ssize_t::try_from(capacity).map_err(|_| NoMemory)?;
        // SAFETY: the object is ours alone, and nobody points into it while this value is borrowed. The GIL is held by
        // whoever pickles. Bytes are no allocation that the collector tracks, and theirs are never at null. Without memory
        // an exception that exists beforehand is set, and taken away again.
        unsafe {
            let bytes = match self.bytes {
                Some(bytes) => bytes_room::resize(bytes, size),
                None => {
                    let fresh = ffi::PyBytes_FromStringAndSize(std::ptr::null(), size);
                    if fresh.is_null() {
                        ffi::PyErr_Clear();
                    }
                    NonNull::new(fresh)
                }
            };
            let bytes = bytes.ok_or(NoMemory)?;
            let data = ffi::PyBytes_AsString(bytes.as_ptr()).cast::<u8>();
            self.bytes = Some(bytes);
            self.data = NonNull::new_unchecked(data);
        }
        self.capacity = capacity;
        self.leaf_end = self.leaf_end.min(capacity);
        Ok(())
    }

    /// The finished object, cut to the `filled` bytes that were written.
    ///
    /// # Errors
    /// MemoryError.
    pub fn finish(mut self, py: Python<'_>, filled: usize) -> PyResult<Bound<'_, PyBytes>> {
        debug_assert!(filled <= self.capacity);
        if filled == 0 {
            return Ok(PyBytes::new(py, b""));
        }
        self.resize(filled)?;
        match self.bytes.take() {
            // SAFETY: we own the one reference and hand it over.
            Some(bytes) => Ok(unsafe {
                Bound::from_owned_ptr(py, bytes.as_ptr()).cast_into_unchecked::<PyBytes>()
            }),
            None => Err(NoMemory.into()),
        }
    }
}

/// A copy of many bytes as an object of their own.
///
/// # Errors
/// MemoryError.
#[cold]
#[inline(never)]
pub fn copy_of_many<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    let mut output = BytesOutput::for_all(bytes.len())?;
    unfilled::copy(output.space(), bytes);
    output.finish(py, bytes.len())
}

impl Output for BytesOutput {
    type Error = OutputError;

    #[inline(always)]
    fn space(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: `data` points to `capacity` bytes of an object that only we hold; they may be
        // uninitialised, as the type says. Without an object there are none.
        unsafe { std::slice::from_raw_parts_mut(self.data.cast().as_ptr(), self.capacity) }
    }

    #[inline(always)]
    fn leaf_space(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: as for `space`; the end lies within the capacity.
        unsafe { std::slice::from_raw_parts_mut(self.data.cast().as_ptr(), self.leaf_end) }
    }

    #[inline(always)]
    fn end_leaf_space(&mut self, end: usize) {
        self.leaf_end = end.min(self.capacity);
    }

    #[cold]
    fn grow(&mut self, _filled: usize, needed: usize) -> Result<(), OutputError> {
        let size = match self.capacity {
            // One payload that is most of the output, with room for a little behind it: to grow once more may be to copy it.
            capacity if needed >= pages::LARGE && needed / 2 > capacity => {
                pages::whole(needed.saturating_add(needed / 8))
            }
            capacity if (EXPECTANT_CAPACITY..self.expected()).contains(&capacity) => {
                self.expected()
            }
            capacity if (MOST_EXPECTED..self.expected).contains(&capacity) => self.expected,
            capacity if capacity < LARGE_CAPACITY => 2 * capacity,
            capacity => capacity.saturating_add(capacity / 2),
        };
        let size = size.max(needed).max(FIRST_CAPACITY);
        Ok(self.make_room(pages::whole_unless_kept(size))?)
    }

    /// What outputs before came to tells better than a bound how much is likely, and room that is no larger than what was
    /// given back is in memory already, up to what the C library keeps.
    fn expect(&mut self, filled: usize, most: usize) -> Result<(), OutputError> {
        let most = filled.saturating_add(most);
        let expected = self.expected();
        let is_likely = most <= MOST_EXPECTED && most / 4 < expected && filled < expected;
        let end = if is_likely { most.min(expected) } else { most };
        if end <= self.capacity {
            Ok(())
        } else if end < most {
            Ok(self.resize(end)?)
        } else if most / 2 > self.capacity {
            Ok(self.make_room(pages::whole_unless_kept(most))?)
        } else {
            self.grow(filled, most)
        }
    }

    #[cold]
    fn too_large(&mut self, _filled: usize, opcode: Opcode) -> OutputError {
        OutputError::TooLarge(opcode)
    }
}

impl Drop for BytesOutput {
    fn drop(&mut self) {
        if let Some(bytes) = self.bytes.take() {
            // SAFETY: we own the one reference; a bytes object runs no Python code when it dies.
            unsafe { ffi::Py_DECREF(bytes.as_ptr()) }
        }
    }
}
