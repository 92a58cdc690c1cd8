//! Takes a pickle apart: one opcode after the other, each with its argument's bytes, whose meaning
//! is told on request.

use crate::error::{FormatError, FormatErrorKind};
use crate::instruction::Instruction;
use crate::opcode::Opcode;
use crate::span::{self, Missing};

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

    fn read_argument(&mut self, opcode: Opcode) -> Result<&'a [u8], FormatError> {
        let Some(kind) = opcode.info().argument else {
            return Ok(&[]);
        };
        match span::find(self.data, self.position, kind) {
            Ok(found) => {
                self.position = found.next;
                Ok(&self.data[found.start..found.end])
            }
            Err(missing) => {
                let truncated = FormatErrorKind::Truncated(Some(opcode));
                let (kind, offset) = match missing {
                    Missing::Negative(_) => (FormatErrorKind::BadArgument(opcode), self.position),
                    Missing::Bytes { start, .. } => (truncated, start),
                    Missing::Number | Missing::Newline | Missing::Vast(_) => {
                        (truncated, self.position)
                    }
                };
                Err(FormatError { kind, offset })
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
