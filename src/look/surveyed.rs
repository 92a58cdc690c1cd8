//! What the commands ask of the pickles in one piece of data, one after the other.

use std::collections::{HashMap, TryReserveError};

use pickle_format::argument::Argument;
use pickle_format::check::Check;
use pickle_format::dis::Line;
use pickle_format::error::{FormatError, FormatErrorKind};
use pickle_format::instruction::Instruction;
use pickle_format::memo::UnpicklerMemo;
use pickle_format::opcode::Opcode;
use pickle_format::reader::Reader;
use pickle_format::survey::{Ended, Listener, Memo, Named, Naming, survey};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::fast::decode;
use crate::fast::no_memory::NoMemory;
use crate::look::argument;

/// Strings that are told of, the largest ones.
const LARGEST: usize = 10;
/// Instructions between two looks at signals.
const BETWEEN_SIGNALS: usize = 1 << 14;

/// A fault: offset, the name of the opcode where it is one's, and words.
type Fault = (usize, Option<&'static str>, String);

fn fault(error: &FormatError) -> Fault {
    let opcode = error.kind.opcode().map(Opcode::name);
    (error.offset, opcode, error.kind.to_string())
}

/// What is said of a global: the opcode that names it first, its offset, module and name, or an extension's code,
/// how often it is named, how many objects are made by calling it, and the bytes of these.
type Row<'py> = (
    &'static str,
    usize,
    Option<Bound<'py, PyAny>>,
    Option<Bound<'py, PyAny>>,
    Option<i64>,
    usize,
    usize,
    usize,
);

/// A global, and what was met of it.
struct Global {
    first: Naming,
    times: usize,
    objects: usize,
    bytes: usize,
}

/// By what a global is known again.
#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Lines(&'a [u8]),
    Texts(&'a [u8], &'a [u8]),
    Code(i64),
    Untold,
}

/// Why a survey was stopped.
pub enum Stop {
    NoMemory,
    Raised(PyErr),
}

impl From<TryReserveError> for Stop {
    fn from(_: TryReserveError) -> Self {
        Self::NoMemory
    }
}

/// What was met in one pickle.
struct Heard<'a, 'py> {
    py: Python<'py>,
    data: &'a [u8],
    numbers: HashMap<Key<'a>, u32>,
    globals: Vec<Global>,
    /// Sizes and offsets, the largest first.
    largest: Vec<(usize, usize, Opcode)>,
    instructions: usize,
    persistent: usize,
    buffers: usize,
}

/// The instruction that was read at an offset before.
fn read_again(data: &[u8], offset: usize) -> Option<Instruction<'_>> {
    Reader::new(data.get(offset..)?).next()?.ok()
}

impl<'a> Listener for Heard<'a, '_> {
    type Error = Stop;

    fn number(&mut self, naming: Naming) -> Result<u32, Stop> {
        let argument = |offset| read_again(self.data, offset).map_or(&[][..], |i| i.argument);
        let key = match naming.named {
            Named::Inline => Key::Lines(argument(naming.offset)),
            Named::Texts(module, name) => Key::Texts(argument(module), argument(name)),
            Named::Code(code) => Key::Code(code),
            Named::Untold => Key::Untold,
        };
        let next = self.globals.len();
        self.numbers.try_reserve(1)?;
        self.globals.try_reserve(1)?;
        let number = *self.numbers.entry(key).or_insert(next as u32);
        match self.globals.get_mut(number as usize) {
            Some(global) => global.times += 1,
            None => self.globals.push(Global {
                first: naming,
                times: 1,
                objects: 0,
                bytes: 0,
            }),
        }
        Ok(number)
    }

    fn made(&mut self, number: u32, objects: usize, bytes: usize) {
        if let Some(global) = self.globals.get_mut(number as usize) {
            global.objects += objects;
            global.bytes += bytes;
        }
    }

    fn met(&mut self, line: &Line<'_>, _next: usize) -> Result<(), Stop> {
        let Instruction {
            opcode,
            offset,
            argument,
        } = line.instruction;
        self.instructions += 1;
        if self.instructions.is_multiple_of(BETWEEN_SIGNALS) {
            self.py.check_signals().map_err(Stop::Raised)?;
        }
        match opcode {
            Opcode::PERSID | Opcode::BINPERSID => self.persistent += 1,
            Opcode::NEXT_BUFFER => self.buffers += 1,
            _ => {}
        }
        let is_string = matches!(
            line.argument,
            Argument::Str(_)
                | Argument::Escaped(_)
                | Argument::Bytes(_)
                | Argument::String(_)
                | Argument::Quoted(_)
        );
        if is_string
            && self
                .largest
                .last()
                .is_none_or(|last| argument.len() > last.0)
        {
            self.keep_largest(argument.len(), offset, opcode);
        }
        Ok(())
    }
}

impl Heard<'_, '_> {
    fn keep_largest(&mut self, size: usize, offset: usize, opcode: Opcode) {
        let place = self.largest.partition_point(|other| other.0 >= size);
        self.largest.insert(place, (size, offset, opcode));
        self.largest.truncate(LARGEST);
    }
}

/// What an unpickler reads of a name in UTF-8. Of one that it would refuse it shows the bytes.
fn name<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    decode::utf8(py, bytes, c"backslashreplace")
}

/// The text that an instruction pushes, which `Check` found well-formed.
fn text<'py>(py: Python<'py>, data: &[u8], offset: usize) -> PyResult<Option<Bound<'py, PyAny>>> {
    let argument = read_again(data, offset).and_then(|found| found.value().ok());
    let text = match argument {
        Some(Argument::Str(bytes)) => decode::utf8(py, bytes, c"surrogatepass"),
        Some(Argument::Escaped(line)) => decode::raw_unicode_escape(py, line),
        Some(Argument::Quoted(line)) => {
            let bytes = decode::unescape(py, argument::without_quotes(py, line)?)?;
            name(py, bytes.cast::<PyBytes>()?.as_bytes())
        }
        Some(Argument::String(bytes)) => name(py, bytes),
        _ => return Ok(None),
    };
    text.map(Some)
}

impl Global {
    fn row<'py>(&self, py: Python<'py>, data: &[u8]) -> PyResult<Row<'py>> {
        let Naming {
            opcode,
            offset,
            named,
        } = self.first;
        let (module, name, code) = match named {
            Named::Texts(module, name) => (text(py, data, module)?, text(py, data, name)?, None),
            Named::Inline => {
                let raw = read_again(data, offset).map_or(&[][..], |found| found.argument);
                let mut lines = raw.splitn(2, |&byte| byte == b'\n');
                let mut line = || name(py, lines.next().unwrap_or_default()).map(Some);
                (line()?, line()?, None)
            }
            Named::Code(code) => (None, None, Some(code)),
            Named::Untold => (None, None, None),
        };
        let Self {
            times,
            objects,
            bytes,
            ..
        } = *self;
        let name_of = opcode.name();
        Ok((name_of, offset, module, name, code, times, objects, bytes))
    }
}

/// The pickles in one piece of data, looked at one after the other: what is known of the memo goes on from one to
/// the next, as it does where one unpickler reads them all.
#[pyclass(module = "oxipickle._oxipickle")]
pub struct Survey {
    data: Py<PyBytes>,
    checked: UnpicklerMemo<()>,
    memo: Memo,
}

#[pymethods]
impl Survey {
    #[new]
    fn new(data: Py<PyBytes>) -> Self {
        Self {
            data,
            checked: UnpicklerMemo::new(),
            memo: Memo::default(),
        }
    }

    /// Whether the pickle that begins at `start` is well-formed: the offset behind it, the number of its
    /// instructions, the highest protocol among them, and the first fault or None.
    fn check(
        &mut self,
        py: Python<'_>,
        start: usize,
    ) -> PyResult<(usize, usize, u8, Option<Fault>)> {
        let data = self.data.bind(py).clone();
        let memo = std::mem::take(&mut self.checked);
        let mut check = Check::new(data.as_bytes(), start, memo);
        let (mut instructions, mut found) = (0, None);
        for line in check.by_ref() {
            match line {
                Ok(_) => instructions += 1,
                Err(error) => found = Some(error),
            }
            if instructions % BETWEEN_SIGNALS == 0 {
                py.check_signals()?;
            }
        }
        let (end, protocol) = (check.offset(), check.protocol());
        self.checked = check.into_memo();
        match found {
            Some(error) if error.kind == FormatErrorKind::NoMemory => Err(NoMemory.into()),
            found => Ok((end, instructions, protocol, found.as_ref().map(fault))),
        }
    }

    /// What the pickle that begins at `start` needs and holds: the offset behind it, its globals, its largest strings
    /// (size, offset, opcode), how many values it stores in the memo and how many of them it fetches, the
    /// number of its persistent ids and of its out-of-band buffers, and the first fault or None.
    fn survey<'py>(&mut self, py: Python<'py>, start: usize) -> PyResult<Bound<'py, PyTuple>> {
        let data = self.data.bind(py).clone();
        let data = data.as_bytes();
        let mut heard = Heard {
            py,
            data,
            numbers: HashMap::new(),
            globals: Vec::new(),
            largest: Vec::with_capacity(LARGEST + 1),
            instructions: 0,
            persistent: 0,
            buffers: 0,
        };
        (self.memo.stored, self.memo.fetched) = (0, 0);
        let (end, found) = match survey(data, start, &mut self.memo, &mut heard) {
            Ok(end) => (end, None),
            Err(Ended::Malformed(error)) if error.kind == FormatErrorKind::NoMemory => {
                return Err(NoMemory.into());
            }
            Err(Ended::Malformed(error)) => (error.offset, Some(fault(&error))),
            Err(Ended::Stopped(Stop::NoMemory)) => return Err(NoMemory.into()),
            Err(Ended::Stopped(Stop::Raised(error))) => return Err(error),
        };
        let globals = heard.globals.iter().map(|global| global.row(py, data));
        let globals = globals.collect::<PyResult<Vec<_>>>()?;
        let largest = heard.largest.iter();
        let largest = largest.map(|&(size, offset, opcode)| (size, offset, opcode.name()));
        (
            end,
            globals,
            largest.collect::<Vec<_>>(),
            (self.memo.stored, self.memo.fetched),
            (heard.persistent, heard.buffers),
            found,
        )
            .into_pyobject(py)
    }
}
