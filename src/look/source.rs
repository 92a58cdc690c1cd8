//! Where instructions are read from: bytes, or a file, of which no more is read than the instruction.

use pickle_format::layout::{ArgumentKind, Layout};
use pickle_format::opcode::Opcode;
use pickle_format::span::{self, Missing};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes};

use crate::fast::no_memory::NoMemory;
use crate::fast::{decode, fresh};
use crate::look::{argument, words};

/// Bytes that are asked of a file at once: for more, memory follows what arrives.
const LARGEST_READ: u64 = 1 << 20;

/// An instruction with the objects of its parts.
pub struct Instruction<'py> {
    pub opcode: Opcode,
    /// None where the opcode takes no argument.
    pub argument: Option<Bound<'py, PyAny>>,
    /// None (Python's) where the file can't tell.
    pub position: Bound<'py, PyAny>,
}

/// What `genops` and its like are given.
pub enum Source {
    /// Bytes, and the offset of the next opcode.
    Memory { bytes: Py<PyBytes>, at: usize },
    /// A file, and its `tell`, if it has one.
    File {
        file: Py<PyAny>,
        tell: Option<Py<PyAny>>,
    },
}

/// The bytes of an object that is bytes or a bytearray, which is copied.
///
/// # Errors
/// TypeError for other objects, MemoryError.
pub fn in_bytes<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    match object.cast::<PyByteArray>() {
        Ok(array) => decode::bytes_of(array),
        Err(_) => Ok(object.cast::<PyBytes>()?.clone()),
    }
}

impl Source {
    /// Bytes that are given as such, or a file. Runs Python code.
    ///
    /// # Errors
    /// MemoryError, and what asking the file for `tell` raises.
    pub fn of(pickle: &Bound<'_, PyAny>) -> PyResult<Self> {
        if pickle.is_instance_of::<PyBytes>() || pickle.is_instance_of::<PyByteArray>() {
            return Ok(Self::Memory {
                bytes: in_bytes(pickle)?.unbind(),
                at: 0,
            });
        }
        Ok(Self::File {
            file: pickle.clone().unbind(),
            tell: pickle.getattr_opt("tell")?.map(Bound::unbind),
        })
    }

    /// The same, beginning at an offset; a file begins where it stands.
    pub fn beginning_at(mut self, start: usize) -> Self {
        if let Self::Memory { at, .. } = &mut self {
            *at = start;
        }
        self
    }

    /// The next instruction. Files run Python code, and so may warnings about what is read.
    ///
    /// # Errors
    /// Those of `pickletools.genops`, with a note that tells the place; what the file raises.
    #[inline]
    pub fn next<'py>(&mut self, py: Python<'py>) -> PyResult<Instruction<'py>> {
        match self {
            Self::Memory { bytes, at } => in_memory(bytes.bind(py), at),
            Self::File { file, tell } => {
                let position = match tell {
                    Some(tell) => tell.bind(py).call0()?,
                    None => py.None().into_bound(py),
                };
                in_file(file.bind(py), position)
            }
        }
    }
}

#[inline]
fn in_memory<'py>(bytes: &Bound<'py, PyBytes>, at: &mut usize) -> PyResult<Instruction<'py>> {
    let (py, data, begin) = (bytes.py(), bytes.as_bytes(), *at);
    let position = fresh::int(py, begin)?;
    let Some(&code) = data.get(begin) else {
        return Err(words::placed(words::exhausted(), &position, None));
    };
    let Some(opcode) = Opcode::from_byte(code) else {
        let code = decode::bytes(py, &[code])?.into_any();
        let error = words::unknown(Some(&position), &code)?;
        return Err(words::placed(error, &position, None));
    };
    *at = begin + 1;
    let argument = match opcode.info().argument {
        None => None,
        Some(kind) => {
            let found = match span::find(data, *at, kind) {
                Ok(found) => argument::object(py, kind, &data[found.start..found.end])
                    .map(|argument| (argument, found.next)),
                Err(why) => Err(not_there(py, kind, why, &data[*at..])),
            };
            let (argument, next) =
                found.map_err(|error| words::placed(error, &position, Some(opcode)))?;
            *at = next;
            Some(argument)
        }
    };
    Ok(Instruction {
        opcode,
        argument,
        position,
    })
}

#[cold]
fn not_there(py: Python<'_>, kind: ArgumentKind, why: Missing, rest: &[u8]) -> PyErr {
    let is_pair = kind == ArgumentKind::StringnlNoescapePair;
    match is_pair.then(|| argument::first_of_pair(py, rest)) {
        Some(Err(error)) => error,
        _ => words::missing(kind, why),
    }
}

fn in_file<'py>(
    file: &Bound<'py, PyAny>,
    position: Bound<'py, PyAny>,
) -> PyResult<Instruction<'py>> {
    let py = file.py();
    let code = file.call_method1("read", (1,))?;
    let read = content(&code)?;
    let Some(&byte) = read.first() else {
        return Err(words::placed(words::exhausted(), &position, None));
    };
    let opcode = match Opcode::from_byte(byte) {
        Some(opcode) if read.len() == 1 => opcode,
        _ => {
            let error = words::unknown(Some(&position), &code)?;
            return Err(words::placed(error, &position, None));
        }
    };
    let argument = match opcode.info().argument {
        None => None,
        Some(kind) => {
            let raw = read_argument(file, kind)?;
            let found = match span::find(&raw, 0, kind) {
                Ok(found) => argument::object(py, kind, &raw[found.start..found.end]),
                Err(why) => Err(not_there(py, kind, why, &raw)),
            };
            Some(found.map_err(|error| words::placed(error, &position, Some(opcode)))?)
        }
    };
    Ok(Instruction {
        opcode,
        argument,
        position,
    })
}

/// The bytes that a file gave.
fn content(read: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(bytes) = read.cast::<PyBytes>() {
        return copied(bytes.as_bytes());
    }
    copied(decode::bytes_of(read.cast::<PyByteArray>()?)?.as_bytes())
}

fn copied(bytes: &[u8]) -> PyResult<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len())
        .map_err(NoMemory::from)?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

/// The bytes of an argument, its size and its newlines included, as far as the file has them.
fn read_argument(file: &Bound<'_, PyAny>, kind: ArgumentKind) -> PyResult<Vec<u8>> {
    let mut raw = Vec::new();
    match kind.layout() {
        Layout::Fixed(width) => append(&mut raw, file.call_method1("read", (width,))?)?,
        Layout::Lines(lines) => {
            for _ in 0..lines {
                append(&mut raw, file.call_method0("readline")?)?;
                if raw.last() != Some(&b'\n') {
                    break;
                }
            }
            return Ok(raw);
        }
        Layout::Counted(width) => {
            append(&mut raw, file.call_method1("read", (width,))?)?;
            if let Err(Missing::Bytes { claimed, .. }) = span::find(&raw, 0, kind) {
                read_up_to(file, claimed, &mut raw)?;
            }
            return Ok(raw);
        }
    }
    Ok(raw)
}

/// Reads so many bytes, or as many as there are.
fn read_up_to(file: &Bound<'_, PyAny>, size: u64, raw: &mut Vec<u8>) -> PyResult<()> {
    let mut left = size;
    while left > 0 {
        let asked = left.min(LARGEST_READ);
        let before = raw.len();
        append(raw, file.call_method1("read", (asked,))?)?;
        let arrived = (raw.len() - before) as u64;
        if arrived < asked {
            break;
        }
        left = left.saturating_sub(arrived);
    }
    Ok(())
}

fn append(raw: &mut Vec<u8>, read: Bound<'_, PyAny>) -> PyResult<()> {
    let read = content(&read)?;
    raw.try_reserve(read.len()).map_err(NoMemory::from)?;
    raw.extend_from_slice(&read);
    Ok(())
}
