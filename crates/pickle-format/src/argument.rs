//! Inline arguments: what their bytes mean to an opcode.

use crate::layout::{ArgumentKind, Layout};
use crate::long;
use crate::opcode::Opcode;
use crate::text;

/// An argument as what it means, borrowed from the pickle it stands in.
///
/// Text keeps its spelling, so that writing what was read gives the same bytes.
#[derive(Copy, Clone, PartialEq, Debug)]
pub enum Argument<'a> {
    /// Nothing follows the opcode.
    None,
    /// A bool in INT's line, `00` or `01`.
    Bool(bool),
    /// A number of a fixed width: BININT and its like, extension codes, PROTO.
    Int(i64),
    /// An integer in decimal: the line of INT, LONG (whose last `L` belongs to it), GET and PUT.
    Decimal(&'a str),
    /// An integer in two's complement, least significant byte first: LONG1, LONG4.
    Long(&'a [u8]),
    /// A place in the memo, in binary.
    Index(usize),
    /// A size in bytes: FRAME.
    Size(u64),
    /// BINFLOAT.
    Float(f64),
    /// FLOAT's line.
    FloatText(&'a str),
    /// A string of Python 2 in quotes, with its escapes: STRING.
    Quoted(&'a [u8]),
    /// A string of Python 2, counted: BINSTRING, SHORT_BINSTRING.
    String(&'a [u8]),
    /// Bytes and bytearrays.
    Bytes(&'a [u8]),
    /// UTF-8 in which lone surrogates may stand: BINUNICODE and its like.
    Str(&'a [u8]),
    /// UNICODE's line, in raw-unicode-escape.
    Escaped(&'a [u8]),
    /// The names of a module and of an object in it: GLOBAL, INST.
    Pair(&'a str, &'a str),
    /// PERSID's line, in ASCII.
    Line(&'a str),
}

impl<'a> Argument<'a> {
    /// What the bytes mean to an opcode, as a [`Reader`](crate::reader::Reader) finds them: without
    /// their size, or without the last newline. None where they are malformed.
    ///
    /// Numbers in text follow `pickletools`; names are UTF-8 as the unpickler has it.
    #[must_use]
    pub fn parse(opcode: Opcode, raw: &'a [u8]) -> Option<Self> {
        use ArgumentKind as Kind;
        let Some(kind) = opcode.info().argument else {
            return raw.is_empty().then_some(Self::None);
        };
        let line = || std::str::from_utf8(raw).ok();
        let names_index = opcode.is_put() || opcode.is_get();
        Some(match kind {
            Kind::Uint1 | Kind::Uint2 | Kind::Uint4 => {
                if kind.layout() != Layout::Fixed(raw.len()) {
                    return None;
                }
                let value = raw.iter().rev().fold(0, |v, &b| v << 8 | u32::from(b));
                if names_index {
                    Self::Index(usize::try_from(value).ok()?)
                } else {
                    Self::Int(value.into())
                }
            }
            Kind::Int4 => Self::Int(i32::from_le_bytes(raw.try_into().ok()?).into()),
            Kind::Uint8 => Self::Size(u64::from_le_bytes(raw.try_into().ok()?)),
            Kind::Float8 => Self::Float(f64::from_be_bytes(raw.try_into().ok()?)),
            Kind::DecimalnlShort if names_index => {
                usize::try_from(text::decimal_to_i64(raw)?).ok()?;
                Self::Decimal(line()?)
            }
            Kind::DecimalnlShort if raw == b"00" || raw == b"01" => Self::Bool(raw == b"01"),
            Kind::DecimalnlShort => Self::Decimal(line().filter(|_| text::is_decimal(raw))?),
            Kind::DecimalnlLong => {
                let digits = raw.strip_suffix(b"L").unwrap_or(raw);
                Self::Decimal(line().filter(|_| text::is_decimal(digits))?)
            }
            Kind::Floatnl => Self::FloatText(line().filter(|_| text::is_float(raw))?),
            Kind::Long1 | Kind::Long4 => Self::Long(raw),
            Kind::Stringnl => text::is_quoted(raw).then_some(Self::Quoted(raw))?,
            Kind::String1 | Kind::String4 => Self::String(raw),
            Kind::Bytes1 | Kind::Bytes4 | Kind::Bytes8 | Kind::Bytearray8 => Self::Bytes(raw),
            Kind::Unicodestringnl => {
                text::is_raw_unicode_escape(raw).then_some(Self::Escaped(raw))?
            }
            Kind::Unicodestring1 | Kind::Unicodestring4 | Kind::Unicodestring8 => {
                text::is_utf8_with_surrogates(raw).then_some(Self::Str(raw))?
            }
            Kind::StringnlNoescapePair => {
                let (module, name) = line()?.split_once('\n')?;
                Self::Pair(module, name)
            }
            Kind::StringnlNoescape => Self::Line(line().filter(|line| line.is_ascii())?),
        })
    }

    /// The integer it is, whichever way it is written; None where it is none, or takes more than
    /// eight bytes.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        match *self {
            Self::Bool(value) => Some(value.into()),
            Self::Int(value) => Some(value),
            Self::Index(index) => i64::try_from(index).ok(),
            Self::Decimal(line) => {
                text::decimal_to_i64(line.strip_suffix('L').unwrap_or(line).as_bytes())
            }
            Self::Long(bytes) => long::from_bytes(bytes),
            _ => None,
        }
    }

    /// The memo index it is, in binary or in decimal.
    #[must_use]
    pub fn to_index(&self) -> Option<usize> {
        match *self {
            Self::Index(index) => Some(index),
            Self::Decimal(line) => usize::try_from(text::decimal_to_i64(line.as_bytes())?).ok(),
            _ => None,
        }
    }
}
