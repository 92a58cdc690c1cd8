//! Frames (PEP 3154): each is there as a whole before its first opcode, and read to its end before the
//! next begins.

use pyo3::prelude::*;

use crate::error::unpickling_error;
use crate::load::input::Input;

impl Input<'_> {
    /// Begins a frame of so many bytes, all of which are there.
    ///
    /// # Errors
    /// UnpicklingError in the middle of another frame.
    pub fn enter_frame(&mut self, py: Python<'_>, size: usize) -> PyResult<()> {
        debug_assert!(self.window.rest() >= size);
        if self.is_in_frame() {
            return Err(unpickling_error(
                py,
                "beginning of a new frame before end of current frame",
            ));
        }
        let end = self.window.position() + size;
        self.frame_end = Some(end);
        self.window.set_limit(end);
        Ok(())
    }

    /// Whether a frame was begun and not read to its end.
    pub fn is_in_frame(&self) -> bool {
        self.frame_end
            .is_some_and(|end| self.window.position() < end)
    }

    /// Leaves the frame that was read to its end.
    ///
    /// # Errors
    /// UnpicklingError in the middle of a frame.
    pub fn leave_frame(&mut self, py: Python<'_>) -> PyResult<()> {
        let Some(end) = self.frame_end else {
            return Ok(());
        };
        if self.window.position() < end {
            self.failed_in_argument = true;
            return Err(unpickling_error(py, "pickle exhausted before end of frame"));
        }
        self.frame_end = None;
        self.window.set_limit(self.window.len());
        Ok(())
    }
}
