//! The note on an error that tells the place in the pickle where it arose.

use pyo3::prelude::*;

use crate::error::with_note;
use crate::load::machine::Machine;

impl Machine<'_, '_> {
    /// Adds the note to an error: the opcode's offset and name, and whether its argument was read
    /// or the opcode carried out. What fails here never replaces the error.
    #[cold]
    #[inline(never)]
    pub fn noted(&mut self, error: PyErr) -> PyErr {
        let at = self.opcode_at;
        let note = match self.opcode {
            None => format!("at byte {at}, reading an opcode"),
            Some(opcode) if self.input.failed_in_argument => {
                format!("at byte {at}, reading the argument of {}", opcode.name())
            }
            Some(opcode) => format!("at byte {at}, carrying out {}", opcode.name()),
        };
        let error = self.as_upstreams(error);
        self.leave(|py| with_note(py, error, note))
    }
}
