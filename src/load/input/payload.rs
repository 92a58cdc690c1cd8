//! Bytes and bytearrays that are read from a file into the object itself, and not through the window.

use pickle_format::frame::Output;
use pickle_format::unfilled;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView, PySlice};

use crate::fast::decode;
use crate::fast::filling::{Filling, extend_bytearray, unfilled_bytearray};
use crate::fast::no_memory::NoMemory;
use crate::fast::output::BytesOutput;
use crate::fast::window::Window;
use crate::load::input::Input;
use crate::load::input::file::{File, LARGEST_READ, check_read};
use crate::load::settings::Settings;

impl<'h> Input<'h> {
    /// Gives the window up, which was read to its end, so that reading can go on in the file itself.
    fn begin_payload(&mut self, py: Python<'_>) -> PyResult<&'h Settings> {
        self.leave_frame(py)?;
        self.failed_in_argument = true;
        self.check_read_to_end(py)?;
        self.skip_peeked(py)?;
        self.go_on_in(Window::empty());
        Ok(self.settings)
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
            return Err(self.cut_short(py, n, 0));
        };
        // What is read at once is the object itself, which no filling can beat.
        if n > LARGEST_READ
            && let Some(readinto) = file.readinto(py)?
        {
            return self.fill_payload(py, file, &readinto, n);
        }
        let read = file.read(py)?;
        let mut output = BytesOutput::new();
        let mut filled = 0;
        loop {
            let asked = next_piece(n, filled);
            let object = read.call1((asked,))?;
            let piece = Window::of_object(&object)?;
            check_read(piece.len(), asked)?;
            if piece.len() < asked {
                self.short_piece = piece.len();
                return Err(self.cut_short(py, n, filled + piece.len()));
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
                output.grow(filled, end).map_err(|_| NoMemory)?;
            }
            unfilled::copy(&mut output.space()[filled..end], piece.remainder());
            filled = end;
            if filled == n {
                self.failed_in_argument = false;
                return output.finish(py, filled);
            }
        }
    }

    /// The next `n` bytes as an object that the file fills. A file that says it filled more than it did must not
    /// show what lay there before, so places are blank unless its bytes are known to be stored.
    fn fill_payload<'py>(
        &mut self,
        py: Python<'py>,
        file: &File,
        readinto: &Bound<'py, PyAny>,
        n: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let left = file.bytes_left(py).unwrap_or(None);
        let (is_stored, all_there) = (left.is_some(), left >= Some(n as u64));
        // Memory for what is there can be taken at once.
        let filling = Filling::new(py, if all_there { n } else { 0 })?;
        let mut filled = 0;
        while filled < n {
            let asked = if all_there { n } else { next_piece(n, filled) };
            filling.get().extend(asked, !is_stored)?;
            let view = PyMemoryView::from(filling.as_any())?;
            self.fill(readinto, view.as_any(), [n, filled, asked])?;
            filled += asked;
        }
        self.failed_in_argument = false;
        filling.get().finish(py)
    }

    /// Lets the file fill a view of the next piece: of the `n` bytes `filled` are there, and `asked` are in the piece.
    /// Takes the view away from the file.
    fn fill<'py>(
        &mut self,
        readinto: &Bound<'py, PyAny>,
        view: &Bound<'py, PyAny>,
        [n, filled, asked]: [usize; 3],
    ) -> PyResult<()> {
        let py = view.py();
        let read = readinto.call1((view,))?.extract::<isize>()?;
        view.call_method0(intern!(py, "release"))?;
        let Ok(read) = usize::try_from(read) else {
            return Err(PyValueError::new_err("readinto() returned negative size"));
        };
        check_read(read, asked)?;
        if read < asked {
            self.short_piece = read;
            return Err(self.cut_short(py, n, filled + read));
        }
        self.before += asked;
        Ok(())
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
        let settings = self.settings;
        let Some(file) = &settings.file else {
            let bytes = self.read_payload(py, n)?;
            return decode::bytearray(py, bytes.as_bytes());
        };
        let Some(readinto) = file.readinto(py)? else {
            let bytes = self.read_payload(py, n)?;
            return decode::bytearray(py, bytes.as_bytes());
        };
        self.begin_payload(py)?;
        if n > LARGEST_READ && file.bytes_left(py).unwrap_or(None) >= Some(n as u64) {
            let bytes = unfilled_bytearray(py, n)?;
            let view = PyMemoryView::from(&bytes)?;
            self.fill(&readinto, view.as_any(), [n, 0, n])?;
            self.failed_in_argument = false;
            return Ok(bytes.into_any());
        }
        let bytes = decode::bytearray(py, b"")?.cast_into::<PyByteArray>()?;
        let mut filled = 0;
        while filled < n {
            let asked = next_piece(n, filled);
            extend_bytearray(&bytes, asked)?;
            let whole = PyMemoryView::from(&bytes)?;
            // By the class itself: PyO3's constructor never releases the integers.
            let part = py.get_type::<PySlice>();
            let part = part.call1((filled, filled + asked))?;
            self.fill(&readinto, &whole.get_item(part)?, [n, filled, asked])?;
            whole.call_method0(intern!(py, "release"))?;
            filled += asked;
        }
        self.failed_in_argument = false;
        Ok(bytes.into_any())
    }
}

/// Bytes to ask a file for: each piece that arrived in full earns one as large as all before.
fn next_piece(n: usize, filled: usize) -> usize {
    (n - filled).min(LARGEST_READ.max(filled))
}
