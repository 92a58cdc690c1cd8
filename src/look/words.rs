//! Errors about pickles that can't be read, in the words of `pickletools`, with a note that tells the place.

use pickle_format::layout::{ArgumentKind, Layout};
use pickle_format::opcode::Opcode;
use pickle_format::span::Missing;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::with_note;

/// `pickletools`' name for the number that says a size in so many bytes.
fn size_name(kind: ArgumentKind, width: usize) -> &'static str {
    match (kind, width) {
        (ArgumentKind::String4 | ArgumentKind::Long4, _) => "int4",
        (_, 1) => "uint1",
        (_, 4) => "uint4",
        _ => "uint8",
    }
}

/// The error about an argument that is not there.
#[cold]
pub fn missing(kind: ArgumentKind, missing: Missing) -> PyErr {
    let name = kind.name();
    let words = match missing {
        Missing::Number => {
            let number = match kind.layout() {
                Layout::Counted(width) => size_name(kind, width),
                _ => name,
            };
            format!("not enough data in stream to read {number}")
        }
        Missing::Negative(size) => format!("{name} byte count < 0: {size}"),
        Missing::Vast(size) => format!("{name} byte count > sys.maxsize: {size}"),
        Missing::Bytes { .. } if matches!(kind, ArgumentKind::Long1 | ArgumentKind::Long4) => {
            format!("not enough data in stream to read {name}")
        }
        Missing::Bytes { claimed, left, .. } => {
            format!("expected {claimed} bytes in a {name}, but only {left} remain")
        }
        Missing::Newline => {
            let name = match kind {
                ArgumentKind::Unicodestringnl => name,
                _ => "stringnl",
            };
            format!("no newline found when trying to read {name}")
        }
    };
    PyValueError::new_err(words)
}

/// The error about data that ends before STOP.
#[cold]
pub fn exhausted() -> PyErr {
    PyValueError::new_err("pickle exhausted before seeing STOP")
}

/// The error about a byte that is no opcode: `code`, as it was read.
///
/// # Errors
/// What the object's or the position's text raises.
#[cold]
pub fn unknown(position: Option<&Bound<'_, PyAny>>, code: &Bound<'_, PyAny>) -> PyResult<PyErr> {
    let position = match position {
        Some(position) if !position.is_none() => position.str()?.to_string(),
        _ => "<unknown>".to_owned(),
    };
    let words = format!("at position {position}, opcode {} unknown", code.repr()?);
    Ok(PyValueError::new_err(words))
}

/// The error with a note that tells the place: the position, where it is known, and the opcode, if its argument
/// was being read.
#[cold]
pub fn placed(error: PyErr, position: &Bound<'_, PyAny>, opcode: Option<Opcode>) -> PyErr {
    let what = match opcode {
        Some(opcode) => format!("reading the argument of {}", opcode.name()),
        None => "reading an opcode".to_owned(),
    };
    noted(error, position, what)
}

fn noted(error: PyErr, position: &Bound<'_, PyAny>, what: String) -> PyErr {
    let note = match position.is_none() {
        true => what,
        false => match position.str() {
            Ok(position) => format!("at byte {position}, {what}"),
            Err(_) => return error,
        },
    };
    with_note(position.py(), error, &note)
}

/// The error with a note that tells which instruction could not be carried out.
#[cold]
pub fn carrying_out(error: PyErr, position: &Bound<'_, PyAny>, opcode: Opcode) -> PyErr {
    let what = format!("carrying out {}", opcode.name());
    noted(error, position, what)
}
