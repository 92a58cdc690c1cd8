//! The bytes that an object exports as a buffer. Others may write to them at any time, threads that do
//! not hold the GIL and other processes among them: so they are never borrowed, only copied.

use std::mem::MaybeUninit;

use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::fast::relaxed::copy_relaxed;

/// A contiguous buffer, exported for as long as this lives.
pub struct Exported(Box<ffi::Py_buffer>);

impl Exported {
    /// The buffer of a bytes-like object.
    ///
    /// # Errors
    /// What the object raises when it is asked for a contiguous buffer.
    pub fn of(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut exported = Self(Box::new(ffi::Py_buffer::new()));
        // SAFETY: the structure is zeroed and ours, and `drop` releases it: of one that was never
        // filled it releases nothing.
        let answer = unsafe {
            let view = &raw mut *exported.0;
            ffi::PyObject_GetBuffer(object.as_ptr(), view, ffi::PyBUF_CONTIG_RO)
        };
        if answer < 0 {
            return Err(PyErr::fetch(object.py()));
        }
        Ok(exported)
    }

    /// Bytes in all.
    pub fn len(&self) -> usize {
        if self.0.buf.is_null() {
            return 0;
        }
        self.0.len.max(0) as usize
    }

    /// Copies the bytes from `start` on, as many as `to` has room for; fewer are there only past the
    /// end. Gives how many were copied.
    pub fn copy(&self, start: usize, to: &mut [MaybeUninit<u8>]) -> usize {
        let n = self.len().saturating_sub(start).min(to.len());
        // Pointers would be dangling or null.
        if n == 0 {
            return 0;
        }
        // SAFETY: the object keeps `len` bytes at `buf` until the buffer is released, and `start + n`
        // is at most `len`; `to` has room for `n` bytes.
        unsafe {
            let from = self.0.buf.cast::<u8>().add(start);
            copy_relaxed(from, to.as_mut_ptr().cast(), n);
        }
        n
    }

    /// A copy of the bytes from `start` on, `n` at the most.
    ///
    /// # Errors
    /// MemoryError.
    pub fn to_vec(&self, start: usize, n: usize) -> PyResult<Vec<u8>> {
        let n = self.len().saturating_sub(start).min(n);
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(n)
            .map_err(|_| PyMemoryError::new_err(()))?;
        let copied = self.copy(start, &mut bytes.spare_capacity_mut()[..n]);
        // SAFETY: so many bytes were written, within the capacity.
        unsafe { bytes.set_len(copied) };
        Ok(bytes)
    }
}

impl Drop for Exported {
    fn drop(&mut self) {
        // SAFETY: the buffer was filled by `PyObject_GetBuffer`, or is empty, and is released once, with
        // the GIL held by whoever loads.
        unsafe { ffi::PyBuffer_Release(&raw mut *self.0) }
    }
}
