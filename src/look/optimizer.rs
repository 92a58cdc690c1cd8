//! A pickle without what stores into the memo and is never fetched, as `pickletools.optimize` gives it.

use std::collections::{HashMap, HashSet};

use pickle_format::encode::{encode_get, encode_put};
use pickle_format::frame::{FRAME_SIZE_TARGET, FrameWriter};
use pickle_format::layout::{ArgumentKind, Layout};
use pickle_format::opcode::Opcode;
use pickle_format::protocol::Protocol;
use pickle_format::sink::Sink;
use pickle_format::span;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fast::no_memory::NoMemory;
use crate::fast::output::{BytesOutput, OutputError};
use crate::fast::written::Written;
use crate::look::source::Source;

/// Instructions between two looks at signals.
const BETWEEN_SIGNALS: u32 = 1 << 14;

/// A place in the memo, as a pickle names it: any integer in decimal.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Index {
    Near(i64),
    Far(String),
}

/// An instruction, by the offsets of its first byte and of the next instruction.
struct Found {
    opcode: Opcode,
    begin: usize,
    next: usize,
    /// The place that GET and PUT name.
    index: Option<Index>,
    /// What PROTO says.
    protocol: u8,
}

/// Reads instructions, and checks that their arguments can be read.
struct Checked<'a, 'py> {
    bytes: &'a Bound<'py, PyBytes>,
    at: usize,
    looked: u32,
}

impl Checked<'_, '_> {
    fn next(&mut self) -> PyResult<Found> {
        self.looked += 1;
        if self.looked.is_multiple_of(BETWEEN_SIGNALS) {
            self.bytes.py().check_signals()?;
        }
        let found = match self.found_quickly() {
            Some(found) => found,
            None => self.found_as_objects()?,
        };
        self.at = found.next;
        Ok(found)
    }

    /// None where the argument is malformed, or a line, which Python's own readers look at.
    fn found_quickly(&self) -> Option<Found> {
        let (data, begin) = (self.bytes.as_bytes(), self.at);
        let opcode = Opcode::from_byte(*data.get(begin)?)?;
        let Some(kind) = opcode.info().argument else {
            return Some(Found {
                opcode,
                begin,
                next: begin + 1,
                index: None,
                protocol: 0,
            });
        };
        let found = span::find(data, begin + 1, kind).ok()?;
        let raw = &data[found.start..found.end];
        let is_text = matches!(
            kind,
            ArgumentKind::Unicodestring1
                | ArgumentKind::Unicodestring4
                | ArgumentKind::Unicodestring8
        );
        if matches!(kind.layout(), Layout::Lines(_)) || is_text && std::str::from_utf8(raw).is_err()
        {
            return None;
        }
        let names_index = opcode.is_get() || opcode.is_put();
        Some(Found {
            opcode,
            begin,
            next: found.next,
            index: names_index
                .then(|| Index::Near(raw.iter().rev().fold(0, |v, &b| v << 8 | i64::from(b)))),
            protocol: match opcode {
                Opcode::PROTO => raw[0],
                _ => 0,
            },
        })
    }

    fn found_as_objects(&self) -> PyResult<Found> {
        let (py, begin) = (self.bytes.py(), self.at);
        let mut source = Source::Memory {
            bytes: self.bytes.clone().unbind(),
            at: begin,
        };
        let next = source.next(py)?;
        let index = match next.argument {
            Some(argument) if next.opcode.is_get() || next.opcode.is_put() => {
                Some(match argument.extract::<i64>() {
                    Ok(index) => Index::Near(index),
                    Err(_) => Index::Far(argument.repr()?.to_string()),
                })
            }
            _ => None,
        };
        let Source::Memory { at, .. } = source else {
            return Err(PyTypeError::new_err("bytes are needed"));
        };
        Ok(Found {
            opcode: next.opcode,
            begin,
            next: at,
            index,
            protocol: 0,
        })
    }
}

/// What a first reading tells.
struct Needs {
    /// The places that are fetched, and the index that the value there has got, once it was stored.
    fetched: HashMap<Index, Option<usize>>,
    protocol: Protocol,
    /// The bytes of PROTO, where it begins the pickle.
    header: usize,
}

impl Needs {
    fn of(bytes: &Bound<'_, PyBytes>) -> PyResult<Self> {
        let mut fetched = HashMap::new();
        let (mut protocol, mut header) = (0, 0);
        let mut instructions = Checked {
            bytes,
            at: 0,
            looked: 0,
        };
        loop {
            let found = instructions.next()?;
            match found.opcode {
                Opcode::STOP => break,
                Opcode::PROTO => {
                    protocol = protocol.max(found.protocol);
                    if found.begin == 0 {
                        header = found.next;
                    }
                }
                opcode if opcode.is_get() => {
                    protocol = protocol.max(opcode.info().protocol);
                    if let Some(index) = found.index {
                        fetched.try_reserve(1).map_err(NoMemory::from)?;
                        fetched.insert(index, None);
                    }
                }
                _ => {}
            }
        }
        let highest = Protocol::HIGHEST.number();
        let refused = || PyValueError::new_err(format!("pickle protocol must be <= {highest}"));
        Ok(Self {
            fetched,
            protocol: Protocol::new(protocol).ok_or_else(refused)?,
            header,
        })
    }
}

/// The output, which is framed from protocol 4 on.
struct Optimized {
    out: FrameWriter<BytesOutput>,
}

impl Optimized {
    /// Closes the frame that is full, or that something large does not go into, and opens the next one.
    fn begin(&mut self, is_large: bool) -> Result<(), OutputError> {
        if is_large || self.out.is_frame_full() {
            self.out.commit_frame();
        }
        match is_large {
            true => Ok(()),
            false => self.out.open_frame(),
        }
    }
}

fn failed(error: OutputError) -> PyErr {
    match error {
        OutputError::NoMemory => NoMemory.into(),
        OutputError::TooLarge(opcode) => {
            PyValueError::new_err(format!("the memo is too large for {}", opcode.name()))
        }
    }
}

/// The pickle that these bytes begin with, without what is stored and never fetched.
///
/// # Errors
/// Those of `pickletools.optimize`.
pub fn optimized<'py>(bytes: &Bound<'py, PyBytes>) -> PyResult<Bound<'py, PyBytes>> {
    let Needs {
        mut fetched,
        protocol,
        header,
    } = Needs::of(bytes)?;
    let data = bytes.as_bytes();
    let mut output = Optimized {
        out: FrameWriter::new(BytesOutput::new()),
    };
    output.out.write_slice(&data[..header]).map_err(failed)?;
    if protocol.is_framed() {
        output.out.start_framing().map_err(failed)?;
    }
    let mut instructions = Checked {
        bytes,
        at: header,
        looked: 0,
    };
    // The places that were stored into, which MEMOIZE counts, and how many values are stored now.
    let mut stored = HashSet::new();
    let mut kept = 0;
    loop {
        let found = instructions.next()?;
        let opcode = found.opcode;
        let memoized = || Index::Near(stored.len() as i64);
        let index = match opcode {
            Opcode::FRAME => continue,
            Opcode::MEMOIZE => Some(memoized()),
            _ => found.index,
        };
        match index {
            Some(index) if !opcode.is_get() => {
                let place = fetched.get_mut(&index);
                stored.try_reserve(1).map_err(NoMemory::from)?;
                if let Some(place) = place {
                    output.begin(false).map_err(failed)?;
                    encode_put(&mut output.out, protocol, kept).map_err(failed)?;
                    *place = Some(kept);
                    kept += 1;
                }
                stored.insert(index);
            }
            Some(index) => {
                output.begin(false).map_err(failed)?;
                match fetched.get(&index).copied().flatten() {
                    Some(place) => encode_get(&mut output.out, protocol, place),
                    // Nothing was stored there. `pickletools` writes what it has for the place.
                    None if !protocol.is_binary() => output.out.write_slice(b"gNone\n"),
                    None => {
                        return Err(PyTypeError::new_err(
                            "'<' not supported between instances of 'NoneType' and 'int'",
                        ));
                    }
                }
                .map_err(failed)?;
            }
            None => {
                let instruction = &data[found.begin..found.next];
                output
                    .begin(instruction.len() > FRAME_SIZE_TARGET)
                    .and_then(|()| output.out.write_slice(instruction))
                    .map_err(failed)?;
            }
        }
        if opcode == Opcode::STOP {
            break;
        }
    }
    output.out.end_framing().map_err(failed)?;
    Written::take(&mut output.out).finish(bytes.py())
}
