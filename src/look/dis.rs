//! The disassembly of a pickle, line by line as `pickletools.dis` has it, with its checks.

use std::fmt::Write;

use pickle_format::emulation::{Emulation, Mark, Underflow};
use pickle_format::opcode::{Opcode, StackObject};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;

use crate::fast::no_memory::NoMemory;
use crate::fast::{decode, fresh};
use crate::look::known::Known;
use crate::look::palette::Palette;
use crate::look::source::{Instruction, Source};
use crate::look::text::Text;
use crate::look::words;

/// The column up to which names are filled, so that arguments stand one below the other.
const NAME_WIDTH: usize = 10;
/// The column behind which annotations begin anew where they began first.
const LAST_ANNOTATION: i64 = 50;
/// Instructions between two looks at signals.
const BETWEEN_SIGNALS: u32 = 1024;

/// How a disassembly looks.
pub struct Form {
    /// Blanks for each MARK that is open.
    pub indent: usize,
    /// MARKs beyond so many indent no further.
    pub deepest: usize,
    /// The column of annotations; 0 for none.
    pub annotate: i64,
    pub palette: Palette,
}

/// A disassembly under way.
pub struct Disassembly<'py> {
    py: Python<'py>,
    known: &'py Known,
    form: Form,
    text: Text<'py>,
    /// A mapping, which may be anybody's.
    memo: Bound<'py, PyAny>,
    emulation: Emulation,
    column: i64,
    line: String,
}

impl<'py> Disassembly<'py> {
    /// Writes all lines of a pickle, up to STOP, and its protocol. Lines up to a fault are written too.
    ///
    /// # Errors
    /// ValueError, and IndexError where a MARK was lost, as `pickletools.dis`; what the files and the memo raise.
    pub fn write(
        text: Text<'py>,
        memo: Option<Bound<'py, PyAny>>,
        form: Form,
        source: Source,
    ) -> PyResult<()> {
        let py = text.py();
        let mut disassembly = Self {
            py,
            known: Known::get(py)?,
            column: form.annotate,
            form,
            text,
            memo: match memo.filter(|memo| !memo.is_none()) {
                Some(memo) => memo,
                None => fresh::dict(py)?.into_any(),
            },
            emulation: Emulation::default(),
            line: String::new(),
        };
        let done = disassembly.all_lines(source);
        let flushed = disassembly.text.flush();
        done.and(flushed)
    }

    fn all_lines(&mut self, mut source: Source) -> PyResult<()> {
        let mut protocol = 0;
        for number in 1.. {
            let next = source.next(self.py)?;
            let opcode = next.opcode;
            protocol = protocol.max(opcode.info().protocol);
            self.one_line(&next)?;
            if opcode == Opcode::STOP {
                break;
            }
            if number % BETWEEN_SIGNALS == 0 {
                self.py.check_signals()?;
            }
        }
        let text = format!("highest protocol among opcodes = {protocol}\n");
        self.text.push(&text)?;
        if self.emulation.stack().is_empty() {
            return Ok(());
        }
        let names = self.emulation.stack().iter().map(|object| object.name());
        let names = names.collect::<Vec<_>>().join(", ");
        Err(PyValueError::new_err(format!(
            "stack not empty after STOP: [{names}]"
        )))
    }

    /// Writes the line of an instruction, and does what it does to stack and memo.
    fn one_line(&mut self, next: &Instruction<'py>) -> PyResult<()> {
        let opcode = next.opcode;
        let position = match next.position.is_none() {
            true => None,
            false => Some(next.position.extract::<i64>()?),
        };
        if let Some(position) = position {
            let Palette {
                position: begin,
                reset,
                ..
            } = &self.form.palette;
            let text = format!("{begin}{position:5}:{reset} ");
            self.text.push(&text)?;
        }
        let depth = self.emulation.depth();
        let (mark, needed) = self.emulation.take_mark(opcode);
        let (mut note, mut fault) = match mark {
            Mark::None => (None, None),
            Mark::Taken(Some(at)) => (Some(format!("(MARK at {at})")), None),
            Mark::Taken(None) => (Some("(MARK at unknown opcode offset)".to_owned()), None),
            Mark::Missing => {
                let words = "no MARK exists on stack".to_owned();
                let shown = self.known.marks_in_line.then(|| words.clone());
                (shown, Some(words))
            }
            Mark::Lost => {
                let error = PyIndexError::new_err("list index out of range");
                return Err(words::carrying_out(error, &next.position, opcode));
            }
        };
        let fetched = self.use_memo(next, &mut note, &mut fault)?;
        self.show(next, depth, note.as_deref())?;
        let done = match fault {
            Some(words) => Err(words),
            None => self.emulation.take(needed).map_err(|lack| {
                let Underflow { needed, there } = lack;
                format!("tries to pop {needed} items from stack with only {there} items")
            }),
        };
        done.map_err(|words| {
            words::carrying_out(PyValueError::new_err(words), &next.position, opcode)
        })?;
        let pushed = match &fetched {
            Some(kind) => std::slice::from_ref(kind),
            None => opcode.info().stack_after,
        };
        let pushed = self.emulation.push(pushed, position);
        Ok(pushed.map_err(NoMemory::from)?)
    }

    /// Stores or fetches; gives the kind of what was fetched.
    fn use_memo(
        &mut self,
        next: &Instruction<'py>,
        note: &mut Option<String>,
        fault: &mut Option<String>,
    ) -> PyResult<Option<StackObject>> {
        let none = || self.py.None().into_bound(self.py);
        let argument = next.argument.clone().unwrap_or_else(none);
        if next.opcode.is_get() {
            if self.memo.contains(&argument)? {
                let object = self.memo.get_item(&argument)?;
                return Ok(Some(self.known.kind(&object)));
            }
            let argument = argument.repr()?;
            *fault = Some(format!("memo key {argument} has never been stored into"));
        }
        let index = if next.opcode == Opcode::MEMOIZE {
            let index = self.memo.len()?;
            *note = Some(format!("(as {index})"));
            fresh::int(self.py, index)?
        } else if next.opcode.is_put() {
            argument.clone()
        } else {
            return Ok(None);
        };
        if !self.known.may_redefine && self.memo.contains(&index)? {
            *fault = Some(format!("memo key {} already defined", argument.repr()?));
            return Ok(None);
        }
        match self.emulation.top() {
            None => *fault = Some("stack is empty -- can't store into memo".to_owned()),
            Some(StackObject::Mark) => {
                *fault = Some("can't store markobject in the memo".to_owned());
            }
            Some(kind) => {
                let object = self.known.stack_object(self.py, kind);
                self.memo.set_item(index, object)?;
            }
        }
        Ok(None)
    }

    /// Writes the line, but for its position.
    fn show(&mut self, next: &Instruction<'py>, depth: usize, note: Option<&str>) -> PyResult<()> {
        let (py, opcode) = (self.py, next.opcode);
        let name = opcode.name();
        let palette = &self.form.palette;
        self.line.clear();
        match opcode.code() {
            code @ b'!'..=b'~' => write!(self.line, "{:<4} ", char::from(code)),
            code => write!(self.line, "\\x{code:02x} "),
        }
        .and_then(|()| {
            let indent = self.form.indent * depth.min(self.form.deepest);
            let (begin, reset) = (palette.name(opcode), &palette.reset);
            write!(self.line, "{:indent$}{begin}{name}{reset}", "")
        })
        .map_err(|_| NoMemory)?;
        // How much of the line is no character: the sequences of its colours.
        let mut unseen = palette.name(opcode).len() + palette.reset.len();
        if next.argument.is_some() || note.is_some() {
            let width = NAME_WIDTH.saturating_sub(name.len());
            write!(self.line, "{:width$}", "").map_err(|_| NoMemory)?;
        }
        let shown = match &next.argument {
            None => None,
            Some(argument) if self.known.ascii_strings && is_old_string(opcode) => {
                Some(decode::escaped_repr(argument)?)
            }
            Some(argument) => Some(argument.repr()?),
        };
        if let Some(shown) = shown {
            let shown = shown.to_str()?;
            let reserved = self.line.try_reserve(shown.len() + 64);
            reserved.map_err(NoMemory::from)?;
            let (begin, reset) = (&palette.argument, &palette.reset);
            write!(self.line, " {begin}{shown}{reset}").map_err(|_| NoMemory)?;
            unseen += begin.len() + reset.len();
        }
        if let Some(note) = note {
            let (begin, reset) = (&palette.note, &palette.reset);
            write!(self.line, " {begin}{note}{reset}").map_err(|_| NoMemory)?;
            unseen += begin.len() + reset.len();
        }
        if self.form.annotate != 0 {
            let seen = self.line.chars().count() - unseen;
            let seen = i64::try_from(seen).unwrap_or(i64::MAX);
            let blanks = usize::try_from(self.column - seen).unwrap_or(0);
            self.column = self.column.max(seen);
            if self.column > LAST_ANNOTATION {
                self.column = self.form.annotate;
            }
            let summary = self.known.summary(py, opcode)?;
            let (begin, reset) = (&palette.note, &palette.reset);
            write!(self.line, "{:blanks$} {begin}{summary}{reset}", "").map_err(|_| NoMemory)?;
        }
        self.line.push('\n');
        self.text.push(&self.line)
    }
}

/// Whether it is a string of Python 2, which may have any bytes.
fn is_old_string(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::STRING | Opcode::BINSTRING | Opcode::SHORT_BINSTRING
    )
}
