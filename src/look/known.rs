//! What `pickletools` has and does in the running release, asked of it once (`python/oxipickle/_pickletools.py`).

use std::ffi::CString;

use pickle_format::opcode::{OPCODES, Opcode, StackObject};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

/// Kinds of objects on the stack.
const KINDS: usize = StackObject::ALL.len();

/// The running release's `pickletools`.
pub struct Known {
    /// Its `OpcodeInfo`s, by their bytes.
    infos: [Option<Py<PyAny>>; 256],
    /// Its `StackObject`s, in the order of ours.
    stack_objects: [Py<PyAny>; KINDS],
    /// The encoding of STRING's text.
    pub quoted: CString,
    /// The encoding of the lines of GLOBAL, INST and PERSID.
    pub names: CString,
    /// How an error about unlike quotes begins.
    pub unmatched: String,
    /// Whether `dis` takes a second value for a place in the memo.
    pub may_redefine: bool,
    /// Whether the line of an opcode that lacks its MARK says so too.
    pub marks_in_line: bool,
    /// Whether strings of Python 2 are shown in ASCII.
    pub ascii_strings: bool,
}

static KNOWN: PyOnceLock<Known> = PyOnceLock::new();

impl Known {
    /// What was asked, or is asked now: that imports `pickletools`.
    ///
    /// # Errors
    /// What the import raises, and what comes of a `pickletools` that is not the interpreter's.
    pub fn get(py: Python<'_>) -> PyResult<&Self> {
        KNOWN.get_or_try_init(py, || Self::observe(py))
    }

    /// What was asked, if it was.
    #[inline(always)]
    pub fn get_asked(py: Python<'_>) -> Option<&Self> {
        KNOWN.get(py)
    }

    #[cold]
    fn observe(py: Python<'_>) -> PyResult<Self> {
        let observed = py
            .import("oxipickle._pickletools")?
            .getattr("observe")?
            .call0()?;
        let opcodes = observed.getattr("opcodes")?;
        let mut infos = [const { None }; 256];
        let mut stack_objects = [const { None }; KINDS];
        for row in &OPCODES {
            let code = char::from(row.code).to_string();
            let info = opcodes.get_item(code)?;
            for (column, ours) in [
                ("stack_before", row.stack_before),
                ("stack_after", row.stack_after),
            ] {
                for (object, kind) in info.getattr(column)?.try_iter()?.zip(ours) {
                    stack_objects[*kind as usize] = Some(object?.unbind());
                }
            }
            infos[usize::from(row.code)] = Some(info.unbind());
        }
        let encoding = |name: &str| -> PyResult<CString> {
            Ok(CString::new(observed.getattr(name)?.extract::<String>()?)?)
        };
        let says = |name: &str| observed.getattr(name)?.extract::<bool>();
        Ok(Self {
            infos,
            stack_objects: stack_objects.map(|object| object.unwrap_or_else(|| py.None())),
            quoted: encoding("quoted")?,
            names: encoding("names")?,
            unmatched: observed.getattr("unmatched")?.extract()?,
            may_redefine: says("may_redefine")?,
            marks_in_line: says("marks_in_line")?,
            ascii_strings: says("ascii_strings")?,
        })
    }

    /// The `OpcodeInfo` of an opcode.
    #[inline(always)]
    pub fn info<'py>(&self, py: Python<'py>, opcode: Opcode) -> Bound<'py, PyAny> {
        match &self.infos[usize::from(opcode.code())] {
            Some(info) => info.bind(py).clone(),
            None => py.None().into_bound(py),
        }
    }

    /// The first line of what is said of an opcode.
    ///
    /// # Errors
    /// MemoryError.
    pub fn summary(&self, py: Python<'_>, opcode: Opcode) -> PyResult<String> {
        let doc = self.info(py, opcode).getattr("doc")?;
        let doc = doc.cast::<PyString>()?.to_str()?;
        Ok(doc.split('\n').next().unwrap_or_default().to_owned())
    }

    /// The `StackObject` of a kind.
    pub fn stack_object<'py>(&self, py: Python<'py>, kind: StackObject) -> Bound<'py, PyAny> {
        self.stack_objects[kind as usize].bind(py).clone()
    }

    /// The kind that an object of a memo is; `Any` for what is no `StackObject`.
    pub fn kind(&self, object: &Bound<'_, PyAny>) -> StackObject {
        let place = self.stack_objects.iter().position(|own| own.is(object));
        place.map_or(StackObject::Any, |place| StackObject::ALL[place])
    }
}
