//! Payloads that are read from a file at once, apart from the window: bytes and bytearrays.

use std::sync::Arc;

use pickle_format::frame::Output;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PySlice};

use crate::fast::decode;
use crate::fast::output::BytesOutput;
use crate::fast::window::Window;
use crate::load::home::Settings;
use crate::load::input::{Input, LARGEST_READ};

impl Input {
    /// Leaves the window behind: what follows is read from the file itself.
    fn begin_payload(&mut self, py: Python<'_>) -> PyResult<Arc<Settings>> {
        self.leave_frame(py)?;
        self.failed_in_argument = true;
        self.check_read_to_end(py)?;
        self.skip_peeked(py)?;
        self.go_on_in(Window::empty());
        Ok(self.settings.clone())
    }

    /// The next `n` bytes as an object, read from the file and not through the window: to be called
    /// where the window does not have them. Memory follows what has arrived.
    ///
    /// # Errors
    /// UnpicklingError where the data ends before; what the file raises.
    pub fn read_payload<'py>(
        &mut self,
        py: Python<'py>,
        n: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let settings = self.begin_payload(py)?;
        let Some(file) = &settings.file else {
            return Err(self.truncated(py));
        };
        let mut output = BytesOutput::new();
        let mut filled = 0;
        loop {
            // Each piece that arrived in full earns one as large as all before.
            let asked = (n - filled).min(LARGEST_READ.max(filled));
            let object = file.read.bind(py).call1((asked,))?;
            let piece = Window::of_object(&object)?;
            check_read(piece.len(), asked)?;
            if piece.len() < asked {
                return Err(self.truncated(py));
            }
            self.before += asked;
            if asked == n
                && let Ok(bytes) = object.cast_exact::<PyBytes>()
            {
                self.failed_in_argument = false;
                return Ok(bytes.clone());
            }
            let end = filled + asked;
            if output.space().len() < end {
                output.grow(filled, end)?;
            }
            output.space()[filled..end].write_copy_of_slice(piece.remainder());
            filled = end;
            if filled == n {
                self.failed_in_argument = false;
                return output.finish(py, filled);
            }
        }
    }

    /// The next `n` bytes as a bytearray, which the file fills itself where it can: of a bytearray
    /// nobody can keep a part that outlives it.
    ///
    /// # Errors
    /// As `read_payload`; BufferError where the file keeps what it was given to fill.
    pub fn read_bytearray<'py>(
        &mut self,
        py: Python<'py>,
        n: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        if self
            .settings
            .file
            .as_ref()
            .is_none_or(|f| f.readinto.is_none())
        {
            let bytes = self.read_payload(py, n)?;
            return decode::bytearray(py, bytes.as_bytes());
        }
        let settings = self.begin_payload(py)?;
        let Some(readinto) = settings.file.as_ref().and_then(|f| f.readinto.as_ref()) else {
            return Err(self.truncated(py));
        };
        let bytes = decode::bytearray(py, b"")?.cast_into::<PyByteArray>()?;
        // `PySlice::new` would leak the numbers that it makes.
        let slice = py.get_type::<PySlice>();
        let mut filled = 0;
        while filled < n {
            let asked = (n - filled).min(LARGEST_READ.max(filled));
            bytes.resize(filled + asked)?;
            let whole = PyMemoryView::from(&bytes)?;
            let part = slice.call1((filled, filled + asked))?;
            let view = whole.get_item(part)?;
            let read = readinto.bind(py).call1((&view,))?.extract::<isize>()?;
            view.call_method0(intern!(py, "release"))?;
            whole.call_method0(intern!(py, "release"))?;
            let Ok(read) = usize::try_from(read) else {
                return Err(PyValueError::new_err("readinto() returned negative size"));
            };
            check_read(read, asked)?;
            if read < asked {
                return Err(self.truncated(py));
            }
            self.before += asked;
            filled += asked;
        }
        self.failed_in_argument = false;
        Ok(bytes.into_any())
    }
}

/// Checks that a file gave no more than was asked of it.
pub fn check_read(read: usize, asked: usize) -> PyResult<()> {
    if read > asked {
        return Err(PyValueError::new_err(format!(
            "read() returned {read} bytes, though {asked} were asked for"
        )));
    }
    Ok(())
}
