//! The notes on an error: the place in the pickle where it arose, and what else would help who meets it.
//!
//! Notes change nothing of the error itself. They call no method of the file but what nobody can see, and look at no
//! more than the first bytes.

use pickle_format::opcode::Opcode;
use pyo3::exceptions::{PyAttributeError, PyImportError, PyUnicodeDecodeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::error::{settled, with_note};
use crate::fast::{decode, fresh};
use crate::load::machine::Machine;

/// So many of the first bytes tell what a file is that is no pickle: as many as a tar archive needs.
const TELLING: usize = 512;

/// What is no pickle fails at one of its first opcodes. Whatever fails behind so many bytes began well.
const LATEST: usize = 8;

/// A longer name is not told.
const LONGEST_NAME: usize = 200;

/// The first bytes of a load that failed at its beginning, as far as they are at hand; none of any other.
pub struct Beginning {
    bytes: [u8; TELLING],
    len: usize,
}

impl Default for Beginning {
    fn default() -> Self {
        Self {
            bytes: [0; TELLING],
            len: 0,
        }
    }
}

impl Beginning {
    fn add(&mut self, bytes: &[u8]) {
        let room = &mut self.bytes[self.len..];
        let added = bytes.len().min(room.len());
        room[..added].copy_from_slice(&bytes[..added]);
        self.len += added;
    }
}

impl<'py> Machine<'py, '_> {
    /// The first bytes, to be asked for before the window goes.
    #[cold]
    pub fn beginning(&self) -> Beginning {
        let mut beginning = Beginning::default();
        if self.opcode_at >= LATEST {
            return beginning;
        }
        if let Some(first) = self.input.first_exported(TELLING) {
            beginning.add(&first);
            return beginning;
        }
        let bytes = self.input.window.up_to_limit();
        match (self.input.before, self.opcode) {
            (0, _) => beginning.add(bytes),
            // The opcode was read by itself, and what follows it by itself.
            (1, Some(opcode)) if self.opcode_at == 0 => {
                beginning.add(&[opcode.code()]);
                beginning.add(bytes);
            }
            _ => {}
        }
        beginning
    }

    /// Adds the notes to an error: the opcode's offset and name, and whether its argument was read
    /// or the opcode carried out; and what else is known. What fails here never replaces the error.
    #[cold]
    #[inline(never)]
    pub fn noted(&mut self, error: PyErr, beginning: Beginning) -> PyErr {
        let at = self.opcode_at;
        let in_argument = self.input.failed_in_argument;
        let note = match self.opcode {
            None => format!("at byte {at}, reading an opcode"),
            Some(opcode) if in_argument => {
                format!("at byte {at}, reading the argument of {}", opcode.name())
            }
            Some(opcode) => format!("at byte {at}, carrying out {}", opcode.name()),
        };
        let cut_short = self.input.cut_short.filter(|_| self.opcode.is_some());
        let is_string = in_argument
            && matches!(
                self.opcode,
                Some(Opcode::STRING | Opcode::BINSTRING | Opcode::SHORT_BINSTRING)
            );
        let is_reading = self.opcode.is_none() || in_argument;
        let is_unknown = self.opcode.is_none();
        let error = self.as_upstreams(error);
        let settings = self.settings;
        let taken = self.input.taken();
        self.leave(|py| {
            let mut error = with_note(py, error, note);
            if let Some((size, rest)) = cut_short {
                let note = match size {
                    1 => "the byte that was to follow is not there".to_owned(),
                    _ => format!("of the {size} bytes that were to follow, {rest} are there"),
                };
                error = with_note(py, error, note);
            }
            if is_string && error.is_instance_of::<PyUnicodeDecodeError>(py) {
                let note = "it is a byte string of Python 2: encoding=\"latin1\" reads what numpy and datetime \
                            wrote, and encoding=\"bytes\" gives such strings as bytes";
                error = with_note(py, error, note.to_owned());
            }
            if at >= LATEST {
                return error;
            }
            let tell = || -> PyResult<()> {
                let read = match &settings.file {
                    Some(file) => file.read(py)?,
                    None => py.None().into_bound(py),
                };
                let arguments = [
                    error.value(py).clone().into_any(),
                    decode::bytes(py, &beginning.bytes[..beginning.len])?.into_any(),
                    read,
                    fresh::int(py, taken)?,
                    truth(py, is_reading),
                    truth(py, is_unknown),
                ];
                let told = py.import("oxipickle._no_pickle")?;
                told.getattr(intern!(py, "tell"))?
                    .call1(fresh::tuple(py, arguments)?)
                    .map(drop)
            };
            let _ = tell();
            error
        })
    }

    /// Adds the note that tells which global was looked for, to an error of a module or a name that there is not.
    #[cold]
    #[inline(never)]
    pub fn noted_global(
        &mut self,
        error: PyErr,
        module_name: &Bound<'py, PyAny>,
        name: &Bound<'py, PyAny>,
    ) -> PyErr {
        self.leave(|py| {
            let error = settled(py, error);
            let is_missing = error.is_instance_of::<PyImportError>(py)
                || error.is_instance_of::<PyAttributeError>(py);
            match (plain_name(module_name), plain_name(name)) {
                (Some(module_name), Some(name)) if is_missing => with_note(
                    py,
                    error,
                    format!("looking for the global {module_name}.{name}"),
                ),
                _ => error,
            }
        })
    }
}

fn truth(py: Python<'_>, value: bool) -> Bound<'_, PyAny> {
    pyo3::types::PyBool::new(py, value).to_owned().into_any()
}

/// A name as it is told: one that is short, and of characters that can be shown.
fn plain_name(name: &Bound<'_, PyAny>) -> Option<String> {
    let name = name.cast::<PyString>().ok()?;
    if name.len().ok()? > LONGEST_NAME {
        return None;
    }
    let name = name.to_str().ok()?;
    let is_shown = |c: char| !c.is_control() && !c.is_whitespace();
    name.chars().all(is_shown).then(|| name.to_owned())
}
