//! Takes a pickle apart: one opcode after the other, each with its argument's bytes, whose meaning
//! is told on request.

use crate::error::{FormatError, FormatErrorKind};
use crate::instruction::Instruction;
use crate::layout::Layout;
use crate::opcode::Opcode;

/// Reads up to STOP, and nothing behind it. Allocates nothing, whatever sizes the pickle claims.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    data: &'a [u8],
    position: usize,
    done: bool,
}

impl<'a> Reader<'a> {
    /// Begins at the first byte.
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            position: 0,
            done: false,
        }
    }

    /// Bytes read so far.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    fn take(&mut self, n: usize, opcode: Opcode) -> Result<&'a [u8], FormatError> {
        let truncated = FormatError {
            kind: FormatErrorKind::Truncated(Some(opcode)),
            offset: self.position,
        };
        let end = self.position.checked_add(n).ok_or(truncated)?;
        let bytes = self.data.get(self.position..end).ok_or(truncated)?;
        self.position = end;
        Ok(bytes)
    }

    fn read_argument(&mut self, opcode: Opcode) -> Result<&'a [u8], FormatError> {
        let bad = FormatError {
            kind: FormatErrorKind::BadArgument(opcode),
            offset: self.position,
        };
        let Some(kind) = opcode.info().argument else {
            return Ok(&[]);
        };
        match kind.layout() {
            Layout::Fixed(n) => self.take(n, opcode),
            Layout::Counted(width) => {
                let mut size = [0; 8];
                size[..width].copy_from_slice(self.take(width, opcode)?);
                let size = u64::from_le_bytes(size);
                if kind.largest_size().is_some_and(|largest| size > largest) {
                    // The size has a sign, and is negative.
                    return Err(bad);
                }
                self.take(usize::try_from(size).map_err(|_| bad)?, opcode)
            }
            Layout::Lines(lines) => {
                let rest = &self.data[self.position..];
                let ends = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
                let end = ends.map(|(i, _)| i).nth(lines - 1).ok_or(FormatError {
                    kind: FormatErrorKind::Truncated(Some(opcode)),
                    offset: self.position,
                })?;
                let line = self.take(end, opcode)?;
                self.position += 1;
                Ok(line)
            }
        }
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<Instruction<'a>, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let offset = self.position;
        let fail = |kind| Some(Err(FormatError { kind, offset }));
        let Some(&byte) = self.data.get(offset) else {
            self.done = true;
            return fail(FormatErrorKind::Truncated(None));
        };
        let Some(opcode) = Opcode::from_byte(byte) else {
            self.done = true;
            return fail(FormatErrorKind::UnknownOpcode(byte));
        };
        self.position += 1;
        let argument = self.read_argument(opcode);
        self.done = opcode == Opcode::STOP || argument.is_err();
        Some(argument.map(|argument| Instruction {
            offset,
            opcode,
            argument,
        }))
    }
}
