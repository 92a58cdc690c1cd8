//! Objects under construction that a file fills: a `bytes` object, shown to the file as a buffer and
//! given out when nobody can write to it any more, and bytearrays.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pickle_format::frame::Output;
use pickle_format::unfilled;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};

use crate::fast::no_memory::NoMemory;
use crate::fast::output::BytesOutput;
use crate::fast::pages;

/// What is shown is the last piece that was asked for.
#[pyclass(frozen, module = "oxipickle._oxipickle")]
pub struct Filling {
    state: Mutex<State>,
}

struct State {
    output: BytesOutput,
    start: usize,
    end: usize,
    /// Buffers given out and not yet given back.
    exports: usize,
}

fn shown() -> PyErr {
    PyBufferError::new_err("the file keeps what it was given to fill")
}

impl Filling {
    /// Nothing yet, with room for so many bytes.
    ///
    /// # Errors
    /// MemoryError.
    pub fn new(py: Python<'_>, room: usize) -> PyResult<Bound<'_, Self>> {
        let state = State {
            output: match room {
                0 => BytesOutput::new(),
                _ => BytesOutput::for_all(room)?,
            },
            start: 0,
            end: 0,
            exports: 0,
        };
        Bound::new(
            py,
            Self {
                state: Mutex::new(state),
            },
        )
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the next `more` bytes what is shown: zeros if they are to be blank, and else what lies there.
    ///
    /// # Errors
    /// BufferError while the last ones are still held by somebody; MemoryError.
    pub fn extend(&self, more: usize, blank: bool) -> PyResult<()> {
        let mut state = self.lock();
        if state.exports > 0 {
            return Err(shown());
        }
        let (start, end) = (state.end, state.end + more);
        // Where it can't grow nothing is shown.
        (state.start, state.end) = (0, 0);
        if state.output.space().len() < end {
            state.output.grow(start, end).map_err(|_| NoMemory)?;
        }
        if blank {
            for byte in &mut state.output.space()[start..end] {
                byte.write(0);
            }
        }
        (state.start, state.end) = (start, end);
        Ok(())
    }

    /// What was filled, all of it; nothing is shown from now on.
    ///
    /// # Errors
    /// BufferError while somebody can still write to it; MemoryError.
    pub fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let mut state = self.lock();
        if state.exports > 0 {
            return Err(shown());
        }
        let output = std::mem::replace(&mut state.output, BytesOutput::new());
        let end = std::mem::take(&mut state.end);
        state.start = 0;
        output.finish(py, end)
    }
}

#[pymethods]
impl Filling {
    /// Shows the last piece, writable.
    ///
    /// # Safety
    /// As the buffer protocol demands: `view` is the caller's to fill.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let mut state = slf.get().lock();
        let (start, end) = (state.start, state.end);
        let piece = &mut state.output.space()[start..end];
        // SAFETY: the view is the caller's to fill, and holds `slf` from then on. The piece stays
        // where it is while it is counted as shown: nothing is resized or given out meanwhile.
        let answer = unsafe {
            let (data, len) = (piece.as_mut_ptr().cast(), piece.len() as ffi::Py_ssize_t);
            ffi::PyBuffer_FillInfo(view, slf.as_ptr(), data, len, 0, flags)
        };
        if answer < 0 {
            return Err(PyErr::fetch(slf.py()));
        }
        state.exports += 1;
        Ok(())
    }

    /// Takes a buffer back.
    ///
    /// # Safety
    /// As the buffer protocol demands: the view was filled by `__getbuffer__`.
    unsafe fn __releasebuffer__(&self, _view: *mut ffi::Py_buffer) {
        let mut state = self.lock();
        state.exports = state.exports.saturating_sub(1);
    }
}

/// Makes a bytearray longer by so many zeros.
///
/// # Errors
/// BufferError while somebody holds its buffer; MemoryError.
pub fn extend_bytearray(bytes: &Bound<'_, PyByteArray>, more: usize) -> PyResult<()> {
    let start = bytes.len();
    bytes.resize(start + more)?;
    // SAFETY: the new part is within the bytearray, and nobody else has a buffer of it, or it could
    // not have been resized; no Python code runs meanwhile.
    unsafe { bytes.data().add(start).write_bytes(0, more) };
    Ok(())
}

/// A bytearray of so many bytes that are still to be filled: what they hold is whatever lay there before.
///
/// # Errors
/// MemoryError.
pub fn unfilled_bytearray(py: Python<'_>, n: usize) -> PyResult<Bound<'_, PyByteArray>> {
    let size = ffi::Py_ssize_t::try_from(n).map_err(|_| NoMemory)?;
    // SAFETY: the call gives a new bytearray, or sets an error.
    let mut bytes = unsafe {
        let bytes = ffi::PyByteArray_FromStringAndSize(std::ptr::null(), size);
        Bound::from_owned_ptr_or_err(py, bytes)?.cast_into_unchecked::<PyByteArray>()
    };
    if n >= pages::LARGE {
        pages::ask_for_large(space(&mut bytes));
    }
    Ok(bytes)
}

/// A bytearray of these bytes, which are so many that they may lie in large pages.
///
/// # Errors
/// MemoryError.
#[cold]
#[inline(never)]
pub fn bytearray_of_many<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyByteArray>> {
    let mut made = unfilled_bytearray(py, bytes.len())?;
    unfilled::copy(space(&mut made), bytes);
    Ok(made)
}

/// The bytes of a bytearray that nobody has seen yet.
fn space<'a>(bytes: &'a mut Bound<'_, PyByteArray>) -> &'a mut [MaybeUninit<u8>] {
    // SAFETY: it has so many bytes there, which may hold anything; nobody else reads or writes them, or resizes it,
    // since it was just made.
    unsafe { std::slice::from_raw_parts_mut(bytes.data().cast(), bytes.len()) }
}
