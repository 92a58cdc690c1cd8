//! A pickle in a buffer that others may write to: it is copied a piece at a time.

use pickle_format::frame::Output;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fast::output::BytesOutput;
use crate::fast::window::Window;
use crate::load::input::Input;

/// Bytes that are copied at once, unless an argument or a frame has more.
const PIECE: usize = 256 * 1024;

impl Input<'_> {
    /// Goes on in a window that begins where the present one is read to and has `n` bytes, where the
    /// buffer has them, and more at will.
    ///
    /// # Errors
    /// MemoryError.
    pub(super) fn read_exported(&mut self, n: usize) -> PyResult<()> {
        let at = self.offset();
        if let Some(exported) = &self.exported {
            let piece = exported.to_vec(at, n.max(PIECE))?;
            self.before = at;
            self.window = Window::of_vector(piece);
        }
        Ok(())
    }

    /// Goes on in a window that holds the next line, if the buffer does.
    ///
    /// # Errors
    /// MemoryError.
    pub(super) fn read_exported_line(&mut self) -> PyResult<()> {
        let mut n = PIECE;
        loop {
            self.read_exported(n)?;
            if self.window.len() < n || self.window.remainder().contains(&b'\n') {
                return Ok(());
            }
            n *= 2;
        }
    }

    /// The first bytes of the buffer, at the most `n`; None where the pickle is in no such buffer.
    pub fn first_exported(&self, n: usize) -> Option<Vec<u8>> {
        self.exported.as_ref()?.to_vec(0, n).ok()
    }

    /// The next `n` bytes as an object, copied from the buffer at once; None where the pickle is in no
    /// such buffer, or that ends before.
    ///
    /// # Errors
    /// UnpicklingError in the middle of a frame; MemoryError.
    pub fn take_exported<'py>(
        &mut self,
        py: Python<'py>,
        n: usize,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let at = self.offset();
        if self
            .exported
            .as_ref()
            .is_none_or(|exported| exported.len() - at < n)
        {
            return Ok(None);
        }
        self.leave_frame(py)?;
        let mut output = BytesOutput::for_all(n)?;
        if let Some(exported) = &self.exported {
            exported.copy(at, &mut output.space()[..n]);
        }
        self.before = at + n;
        self.window = Window::empty();
        output.finish(py, n).map(Some)
    }
}
