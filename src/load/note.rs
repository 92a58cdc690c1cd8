//! The note on an error that tells the place in the pickle where it arose.

use std::fmt::{self, Write};

use pyo3::prelude::*;

use crate::error::with_note;
use crate::load::machine::Machine;

/// The most bytes of a note: an offset has 20 digits at most, the longest name of an opcode 16 characters.
const LONGEST: usize = 96;

/// A note in the making, for which no memory is asked: there may be none.
struct Note {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Default for Note {
    fn default() -> Self {
        Self {
            bytes: [0; LONGEST],
            length: 0,
        }
    }
}

impl Note {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl Write for Note {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let end = self.length + more.len();
        let place = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        place.copy_from_slice(more.as_bytes());
        self.length = end;
        Ok(())
    }
}

impl Machine<'_, '_> {
    /// Adds the note to an error: the opcode's offset and name, and whether its argument was read
    /// or the opcode carried out. What fails here never replaces the error.
    #[cold]
    #[inline(never)]
    pub fn noted(&mut self, error: PyErr) -> PyErr {
        let at = self.opcode_at;
        let mut note = Note::default();
        // Every note has room.
        let _ = match self.opcode {
            None => write!(note, "at byte {at}, reading an opcode"),
            Some(opcode) if self.input.failed_in_argument => {
                let name = opcode.name();
                write!(note, "at byte {at}, reading the argument of {name}")
            }
            Some(opcode) => write!(note, "at byte {at}, carrying out {}", opcode.name()),
        };
        let error = self.as_upstreams(error);
        self.leave(|py| with_note(py, error, note.text()))
    }
}
