//! An instruction as it stands in a pickle, and how any one is written: each of the 68 opcodes with the argument that it is given.
//!
//! [`encode`](crate::encode) chooses the opcode for a value; here the caller does, and is refused
//! where [`Reader`](crate::reader::Reader) would not read the argument back.

use std::fmt;

use crate::argument::Argument;
use crate::error::{FormatError, FormatErrorKind};
use crate::frame::{FrameWriter, Output};
use crate::layout::{ArgumentKind as Kind, Layout};
use crate::opcode::Opcode;
use crate::sink::Sink;

/// An opcode where it stands.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Instruction<'a> {
    /// Bytes from the start of the pickle to the opcode.
    pub offset: usize,
    /// The opcode.
    pub opcode: Opcode,
    /// Its argument's bytes: the payload without its size, lines without the last newline.
    pub argument: &'a [u8],
}

impl<'a> Instruction<'a> {
    /// What the argument means.
    ///
    /// # Errors
    /// When it is malformed.
    pub fn value(&self) -> Result<Argument<'a>, FormatError> {
        Argument::parse(self.opcode, self.argument).ok_or(FormatError {
            kind: FormatErrorKind::BadArgument(self.opcode),
            offset: self.offset + 1,
        })
    }
}

/// Why an opcode can't have an argument.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// The opcode takes an argument of another meaning, or none.
    WrongType,
    /// The number, or the size, takes more bytes than the opcode has for it.
    TooLarge,
    /// A newline stands within a line.
    Newline,
    /// The text is not spelled as the opcode's argument is.
    Malformed,
}

/// Why an instruction was not written.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum EncodeError<E> {
    /// The argument is not one for this opcode. Nothing was written.
    Unfit(Opcode, Unfit),
    /// The output failed.
    Output(E),
}

impl<E: fmt::Display> fmt::Display for EncodeError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (opcode, words) = match self {
            Self::Output(error) => return error.fmt(f),
            Self::Unfit(opcode, Unfit::WrongType) => (opcode, "is of the wrong type"),
            Self::Unfit(opcode, Unfit::TooLarge) => (opcode, "is too large"),
            Self::Unfit(opcode, Unfit::Newline) => (opcode, "has a newline in a line"),
            Self::Unfit(opcode, Unfit::Malformed) => (opcode, "is malformed"),
        };
        write!(f, "the argument of {} {words}", opcode.name())
    }
}

impl<E: std::error::Error> std::error::Error for EncodeError<E> {}

/// Writes an opcode and its argument. FRAME is written as any other: framing is the caller's
/// business then, and is to be off in the writer.
///
/// INT, LONG, GET and PUT take a number as well as its decimal text.
///
/// # Errors
/// When the opcode can't have this argument, or the output can't grow.
pub fn encode_instruction<O: Output>(
    w: &mut FrameWriter<O>,
    opcode: Opcode,
    argument: &Argument<'_>,
) -> Result<(), EncodeError<O::Error>> {
    let Some(kind) = opcode.info().argument else {
        return match argument {
            Argument::None => w.write([opcode.code()]).map_err(EncodeError::Output),
            _ => Err(EncodeError::Unfit(opcode, Unfit::WrongType)),
        };
    };
    let names_index = opcode.is_put() || opcode.is_get();
    match (kind, *argument) {
        (Kind::Uint1 | Kind::Uint2 | Kind::Int4, Argument::Int(value)) if !names_index => {
            encode_fixed(w, opcode, kind, value.into())
        }
        (Kind::Uint1 | Kind::Uint4, Argument::Index(index)) if names_index => {
            encode_fixed(w, opcode, kind, index as i128)
        }
        (Kind::Uint8, Argument::Size(size)) => encode_fixed(w, opcode, kind, size.into()),
        (Kind::Float8, Argument::Float(value)) => w
            .write_with([opcode.code()], &value.to_be_bytes())
            .map_err(EncodeError::Output),
        (Kind::DecimalnlShort, Argument::Bool(value)) if !names_index => {
            encode_line(w, opcode, if value { b"01" } else { b"00" })
        }
        (Kind::DecimalnlShort, Argument::Int(value)) if !names_index => {
            encode_line(w, opcode, value.to_string().as_bytes())
        }
        (Kind::DecimalnlShort, Argument::Index(index)) if names_index => {
            encode_line(w, opcode, index.to_string().as_bytes())
        }
        (Kind::DecimalnlLong, Argument::Int(value)) => {
            encode_line(w, opcode, format!("{value}L").as_bytes())
        }
        (Kind::DecimalnlShort | Kind::DecimalnlLong, Argument::Decimal(line))
        | (Kind::Floatnl, Argument::FloatText(line))
        | (Kind::StringnlNoescape, Argument::Line(line)) => encode_line(w, opcode, line.as_bytes()),
        (Kind::Stringnl, Argument::Quoted(line))
        | (Kind::Unicodestringnl, Argument::Escaped(line)) => encode_line(w, opcode, line),
        (Kind::StringnlNoescapePair, Argument::Pair(module, name)) => {
            if module.contains('\n') || name.contains('\n') {
                return Err(EncodeError::Unfit(opcode, Unfit::Newline));
            }
            let written = w.write_with([opcode.code()], module.as_bytes());
            let written = written.and_then(|()| w.write_with([b'\n'], name.as_bytes()));
            written
                .and_then(|()| w.write([b'\n']))
                .map_err(EncodeError::Output)
        }
        (Kind::Long1 | Kind::Long4, Argument::Long(payload))
        | (Kind::String1 | Kind::String4, Argument::String(payload))
        | (
            Kind::Bytes1 | Kind::Bytes4 | Kind::Bytes8 | Kind::Bytearray8,
            Argument::Bytes(payload),
        )
        | (
            Kind::Unicodestring1 | Kind::Unicodestring4 | Kind::Unicodestring8,
            Argument::Str(payload),
        ) => encode_counted(w, opcode, kind, payload),
        _ => Err(EncodeError::Unfit(opcode, Unfit::WrongType)),
    }
}

/// A number in as many bytes as the kind has.
fn encode_fixed<O: Output>(
    w: &mut FrameWriter<O>,
    opcode: Opcode,
    kind: Kind,
    value: i128,
) -> Result<(), EncodeError<O::Error>> {
    let range = match kind {
        Kind::Int4 => i32::MIN.into()..=i32::MAX.into(),
        Kind::Uint1 => 0..=u8::MAX.into(),
        Kind::Uint2 => 0..=u16::MAX.into(),
        Kind::Uint4 => 0..=u32::MAX.into(),
        _ => 0..=u64::MAX.into(),
    };
    match kind.layout() {
        Layout::Fixed(width) if range.contains(&value) => w
            .write_with([opcode.code()], &value.to_le_bytes()[..width])
            .map_err(EncodeError::Output),
        _ => Err(EncodeError::Unfit(opcode, Unfit::TooLarge)),
    }
}

/// One line that the reader takes for an argument of this opcode.
fn encode_line<O: Output>(
    w: &mut FrameWriter<O>,
    opcode: Opcode,
    line: &[u8],
) -> Result<(), EncodeError<O::Error>> {
    if line.contains(&b'\n') {
        return Err(EncodeError::Unfit(opcode, Unfit::Newline));
    }
    if Argument::parse(opcode, line).is_none() {
        return Err(EncodeError::Unfit(opcode, Unfit::Malformed));
    }
    w.write_with([opcode.code()], line)
        .and_then(|()| w.write([b'\n']))
        .map_err(EncodeError::Output)
}

/// A payload behind its size.
fn encode_counted<O: Output>(
    w: &mut FrameWriter<O>,
    opcode: Opcode,
    kind: Kind,
    payload: &[u8],
) -> Result<(), EncodeError<O::Error>> {
    let size = payload.len() as u64;
    if kind.largest_size().is_none_or(|largest| size > largest) {
        return Err(EncodeError::Unfit(opcode, Unfit::TooLarge));
    }
    if Argument::parse(opcode, payload).is_none() {
        return Err(EncodeError::Unfit(opcode, Unfit::Malformed));
    }
    let [a, b, c, d, rest @ ..] = size.to_le_bytes();
    let code = opcode.code();
    match kind.layout() {
        Layout::Counted(1) => w.write_with([code, a], payload),
        Layout::Counted(4) => w.write_with([code, a, b, c, d], payload),
        _ => {
            let [e, f, g, h] = rest;
            w.write_with([code, a, b, c, d, e, f, g, h], payload)
        }
    }
    .map_err(EncodeError::Output)
}
