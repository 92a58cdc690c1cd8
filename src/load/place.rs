//! The note that tells the place of an error in the pickle. It is made without asking for memory: there may be none.

use std::fmt::{self, Write};

use pickle_format::opcode::Opcode;

/// The most bytes of a note: an offset has 20 digits at most, the longest name of an opcode 16 characters.
const LONGEST: usize = 96;

/// A text of a few words.
pub struct Place {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Place {
    /// The note for an opcode at this offset; None for one that could not be read.
    pub fn of(at: usize, opcode: Option<Opcode>, in_argument: bool) -> Self {
        let mut place = Self {
            bytes: [0; LONGEST],
            length: 0,
        };
        // Each has room.
        let _ = match opcode {
            None => write!(place, "at byte {at}, reading an opcode"),
            Some(opcode) if in_argument => {
                let name = opcode.name();
                write!(place, "at byte {at}, reading the argument of {name}")
            }
            Some(opcode) => write!(place, "at byte {at}, carrying out {}", opcode.name()),
        };
        place
    }

    /// Its words.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl Write for Place {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let end = self.length + more.len();
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(more.as_bytes());
        self.length = end;
        Ok(())
    }
}
