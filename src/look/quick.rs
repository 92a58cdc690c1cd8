//! The objects of most arguments, made without running any Python code: not even an error is made.

use pickle_format::layout::ArgumentKind as Kind;
use pickle_format::opcode::Opcode;
use pickle_format::span;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fast::{decode, fresh};
use crate::look::argument;

/// An instruction in bytes.
pub struct Quick<'py> {
    pub opcode: Opcode,
    /// None (Python's) where the opcode takes none.
    pub argument: Bound<'py, PyAny>,
    pub position: Bound<'py, PyAny>,
    /// The offset of the next opcode.
    pub next: usize,
}

/// The instruction at an offset. None where it can't be read, or not without running Python code: then nothing
/// has happened.
#[inline(always)]
pub fn read<'py>(bytes: &Bound<'py, PyBytes>, at: usize) -> Option<Quick<'py>> {
    let (py, data) = (bytes.py(), bytes.as_bytes());
    let opcode = Opcode::from_byte(*data.get(at)?)?;
    let (argument, next) = match opcode.info().argument {
        None => (py.None().into_bound(py), at + 1),
        Some(kind) => {
            let found = span::find(data, at + 1, kind).ok()?;
            (object(py, kind, &data[found.start..found.end])?, found.next)
        }
    };
    let position = fresh::int(py, at).ok()?;
    Some(Quick {
        opcode,
        argument,
        position,
        next,
    })
}

#[inline(always)]
fn object<'py>(py: Python<'py>, kind: Kind, raw: &[u8]) -> Option<Bound<'py, PyAny>> {
    match kind {
        Kind::Unicodestring1 | Kind::Unicodestring4 | Kind::Unicodestring8 => {
            decode::text(py, raw).ok()?
        }
        Kind::Unicodestringnl if raw.is_ascii() && !raw.contains(&b'\\') => {
            decode::text(py, raw).ok()?
        }
        Kind::DecimalnlShort | Kind::DecimalnlLong => argument::short_decimal(py, kind, raw)?.ok(),
        // An object of these is made by C code alone, which fails for lack of memory only.
        Kind::Uint1
        | Kind::Uint2
        | Kind::Uint4
        | Kind::Int4
        | Kind::Uint8
        | Kind::Float8
        | Kind::Long1
        | Kind::Long4
        | Kind::Bytes1
        | Kind::Bytes4
        | Kind::Bytes8
        | Kind::Bytearray8 => argument::object(py, kind, raw).ok(),
        _ => None,
    }
}
