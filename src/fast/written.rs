//! Output that was written: taken from its writer, and made an object of its own, or lent as one.

use std::ptr::NonNull;

use pickle_format::frame::{FrameWriter, Output};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fast::bytes_room::set_size;
use crate::fast::count::count;
use crate::fast::output::{BytesOutput, FIRST_CAPACITY, OutputError};

/// An output, and how many of its bytes were written, as the writer says that wrote them.
pub struct Written {
    output: BytesOutput,
    filled: usize,
}

/// Bytes that were written, while others see them.
pub struct Lent<'py> {
    pub bytes: Bound<'py, PyBytes>,
    data: NonNull<u8>,
    capacity: usize,
}

impl Written {
    /// Takes a writer's output; the writer goes on in a fresh one. No frame may be open.
    pub fn take(out: &mut FrameWriter<BytesOutput>) -> Self {
        let (output, filled) = out.replace_output(BytesOutput::new());
        Self { output, filled }
    }

    /// Takes the first `filled` bytes of a writer's output, which whole frames take; the writer goes on with the open
    /// frame in a fresh one.
    ///
    /// # Errors
    /// Where there is no memory; nothing is taken then.
    pub fn take_closed(
        out: &mut FrameWriter<BytesOutput>,
        filled: usize,
    ) -> Result<Self, OutputError> {
        let filled = filled.min(out.position());
        let next = out.output().alike();
        let output = out.replace_closed_output(filled, next)?;
        Ok(Self { output, filled })
    }

    /// How many bytes outputs before this one came to, or files.
    pub fn expected(&self) -> usize {
        self.output.expected()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// The room, for what is written next.
    pub fn into_room(self) -> BytesOutput {
        self.output
    }

    /// The bytes as an object of their own. Few are copied, and the room stays for what is written next.
    ///
    /// # Errors
    /// MemoryError.
    #[inline(always)]
    pub fn finish<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let filled = std::mem::take(&mut self.filled);
        if filled > FIRST_CAPACITY || !self.output.is_small() {
            let next = self.output.next(filled);
            return std::mem::replace(&mut self.output, next).finish(py, filled);
        }
        let written = &self.output.space()[..filled];
        // SAFETY: so many bytes were written, as this type says, and they are fewer than any size can say. The
        // call copies them, and gives a new reference or null with an exception set.
        unsafe {
            let (data, len) = (written.as_ptr().cast(), written.len() as ffi::Py_ssize_t);
            let bytes = ffi::PyBytes_FromStringAndSize(data, len);
            Ok(Bound::from_owned_ptr_or_err(py, bytes)?.cast_into_unchecked::<PyBytes>())
        }
    }

    /// Lends the bytes as an object, for a call that copies them; `take_back` gets the room back.
    pub fn lend<'py>(&mut self, py: Python<'py>) -> Option<Lent<'py>> {
        let capacity = std::mem::take(&mut self.output.capacity);
        self.output.leaf_end = 0;
        let filled = std::mem::take(&mut self.filled).min(capacity);
        let bytes = self.output.bytes.take()?;
        let data = std::mem::replace(&mut self.output.data, NonNull::dangling());
        // SAFETY: the object is ours alone. So many of its bytes were written, as this type says, and behind its
        // capacity there is room for the NUL that ends it. Its size is what others see of it.
        let bytes = unsafe {
            data.add(filled).write(0);
            set_size(bytes.as_ptr(), filled);
            Bound::from_owned_ptr(py, bytes.as_ptr()).cast_into_unchecked::<PyBytes>()
        };
        Some(Lent {
            bytes,
            data,
            capacity,
        })
    }

    /// Takes back what was lent, unless somebody has kept it.
    pub fn take_back(&mut self, lent: Lent<'_>) {
        let Lent {
            bytes,
            data,
            capacity,
        } = lent;
        let raw = bytes.into_ptr();
        // SAFETY: the reference is ours. Where it is the only one the object is ours alone again, with all of its
        // room, which whoever saw it could not change.
        unsafe {
            if count(raw) != Some(1) || self.output.bytes.is_some() {
                ffi::Py_DECREF(raw);
                return;
            }
            set_size(raw, capacity);
            self.output.bytes = NonNull::new(raw);
        }
        self.output.data = data;
        self.output.capacity = capacity;
    }
}

/// The bytes of the frame that is open, as an object of their own; none where no frame is open.
///
/// # Errors
/// MemoryError.
pub fn frame_contents<'py>(
    py: Python<'py>,
    out: &mut FrameWriter<BytesOutput>,
) -> PyResult<Bound<'py, PyBytes>> {
    let contents = out.frame_contents();
    // SAFETY: a frame's contents were written, each byte of them, as the writer says.
    let contents =
        unsafe { std::slice::from_raw_parts(contents.as_ptr().cast::<u8>(), contents.len()) };
    PyBytes::new_with(py, contents.len(), |bytes| {
        bytes.copy_from_slice(contents);
        Ok(())
    })
}
