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
    /// A frame of so many bytes, where so many are left.
    FrameTooLong {
        /// What the frame claims.
        claimed: u64,
        /// Bytes from the frame's first one to the end of the data.
        left: usize,
    },
    /// A frame begins before the last one has ended.
    FrameInFrame,
    /// The frame ends within this opcode's argument.
    AcrossFrame(Opcode),
    /// PROTO names a protocol that there is not.
    UnknownProtocol(u8),
    /// No memory for the output, or for what reading has to remember.
    NoMemory,
}

impl FormatErrorKind {
    /// The opcode at fault, where it is one.
    #[must_use]
    pub fn opcode(&self) -> Option<Opcode> {
        match *self {
            Self::Truncated(opcode) => opcode,
            Self::BadArgument(opcode)
            | Self::StackUnderflow(opcode)
            | Self::NoMark(opcode)
            | Self::UnknownIndex(opcode, _)
            | Self::AcrossFrame(opcode) => Some(opcode),
            Self::StackNotEmpty => Some(Opcode::STOP),
            Self::FrameTooLong { .. } | Self::FrameInFrame => Some(Opcode::FRAME),
            Self::UnknownProtocol(_) => Some(Opcode::PROTO),
            Self::UnknownOpcode(_) | Self::NoMemory => None,
        }
    }
}

impl fmt::Display for FormatErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::UnknownOpcode(byte) => write!(f, "unknown opcode {byte:#04x}"),
            Self::Truncated(Some(_)) => write!(f, "data ends"),
            Self::Truncated(None) => write!(f, "data ends before STOP"),
            Self::BadArgument(opcode) => write!(f, "malformed argument of {}", opcode.name()),
            Self::StackUnderflow(opcode) => {
                write!(f, "too little on the stack for {}", opcode.name())
            }
            Self::NoMark(opcode) => write!(f, "no MARK for {}", opcode.name()),
            Self::UnknownIndex(opcode, index) => {
                write!(f, "nothing at memo index {index} for {}", opcode.name())
            }
            Self::StackNotEmpty => write!(f, "the stack is not empty after STOP"),
            Self::FrameTooLong { claimed, left } => {
                write!(f, "FRAME claims {claimed} bytes, and {left} are left")
            }
            Self::FrameInFrame => write!(f, "FRAME within a frame"),
            Self::AcrossFrame(opcode) => {
                write!(f, "the frame ends within the argument of {}", opcode.name())
            }
            Self::UnknownProtocol(number) => write!(f, "protocol {number} is unknown"),
            Self::NoMemory => write!(f, "no memory"),
        }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, kind) = (self.offset, &self.kind);
        match kind {
            FormatErrorKind::Truncated(Some(opcode)) => {
                let name = opcode.name();
                write!(f, "at byte {at}, reading the argument of {name}: {kind}")
            }
            _ => write!(f, "at byte {at}: {kind}"),
        }
    }
}

impl std::error::Error for FormatError {}
