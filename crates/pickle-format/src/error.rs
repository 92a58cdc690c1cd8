//! What can be wrong with a pickle, and where.

use std::fmt;

use crate::opcode::Opcode;

/// A fault, and the offset of the byte where it was noticed.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct FormatError {
    /// What is wrong.
    pub kind: FormatErrorKind,
    /// Bytes from the start of the pickle.
    pub offset: usize,
}

/// What can be wrong.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum FormatErrorKind {
    /// A byte that is no opcode.
    UnknownOpcode(u8),
    /// The pickle ends inside the argument of this opcode, or before STOP where there is none.
    Truncated(Option<Opcode>),
    /// The argument of this opcode is malformed.
    BadArgument(Opcode),
    /// This opcode takes more off the stack than there is, or than there is above the last MARK.
    StackUnderflow(Opcode),
    /// This opcode needs a MARK, and none is open.
    NoMark(Opcode),
    /// This opcode asks for a memo index at which nothing was put.
    UnknownIndex(Opcode, usize),
    /// STOP leaves something on the stack.
    StackNotEmpty,
    /// No memory for the output, or for what reading has to remember.
    NoMemory,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.offset;
        match self.kind {
            FormatErrorKind::UnknownOpcode(byte) => {
                write!(f, "at byte {at}: unknown opcode {byte:#04x}")
            }
            FormatErrorKind::Truncated(Some(opcode)) => {
                write!(
                    f,
                    "at byte {at}, reading the argument of {}: data ends",
                    opcode.name()
                )
            }
            FormatErrorKind::Truncated(None) => write!(f, "at byte {at}: data ends before STOP"),
            FormatErrorKind::BadArgument(opcode) => {
                write!(f, "at byte {at}: malformed argument of {}", opcode.name())
            }
            FormatErrorKind::StackUnderflow(opcode) => {
                write!(
                    f,
                    "at byte {at}: too little on the stack for {}",
                    opcode.name()
                )
            }
            FormatErrorKind::NoMark(opcode) => {
                write!(f, "at byte {at}: no MARK for {}", opcode.name())
            }
            FormatErrorKind::UnknownIndex(opcode, index) => {
                write!(
                    f,
                    "at byte {at}: nothing at memo index {index} for {}",
                    opcode.name()
                )
            }
            FormatErrorKind::StackNotEmpty => {
                write!(f, "at byte {at}: the stack is not empty after STOP")
            }
            FormatErrorKind::NoMemory => write!(f, "at byte {at}: no memory"),
        }
    }
}

impl std::error::Error for FormatError {}
