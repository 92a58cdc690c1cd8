//! Objects under construction that a file fills: a `bytes` object, shown to the file as a buffer and
//! given out when nobody can write to it any more, and bytearrays.

use std::ffi::c_int;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pickle_format::frame::Output;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};

use crate::fast::no_memory::NoMemory;
use crate::fast::output::BytesOutput;

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
    /// Nothing yet.
    ///
    /// # Errors
    /// MemoryError.
    pub fn new(py: Python<'_>) -> PyResult<Bound<'_, Self>> {
        let state = State {
            output: BytesOutput::new(),
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
        // What can't grow has lost what it had, so nothing is shown then.
        (state.start, state.end) = (0, 0);
        state.output.grow(start, end).map_err(|_| NoMemory)?;
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
