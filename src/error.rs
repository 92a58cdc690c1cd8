//! Where exceptions are made, and the notes that tell the path to the culprit.
//!
//! Classes and words follow CPython 3.15's picklers on every release, except where `behaviour.rs` says
//! that the running release's own class differs. What an error looks like in Python is made as late as
//! possible: making it can run Python code, and each function says whether it does.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::fast::fresh;
use crate::interpreter::imports::Imports;

/// Notes kept at each end of the path; a longer path names how many lie between.
pub const NOTES_AT_EACH_END: usize = 50;

/// A `pickle.PicklingError` with these words. Runs no Python code: the exception object is made when the
/// error is raised, or settled.
#[cold]
pub fn pickling_error(py: Python<'_>, words: String) -> PyErr {
    match Imports::get(py) {
        Ok(imports) => error_of(imports.pickling_error.bind(py), words),
        Err(error) => error,
    }
}

/// A `pickle.PicklingError` that was raised while `cause` was handled. Runs Python code.
#[cold]
pub fn pickling_error_after(py: Python<'_>, words: String, cause: PyErr) -> PyErr {
    after(py, pickling_error(py, words), cause)
}

/// A `pickle.UnpicklingError` with these words. Runs no Python code.
#[cold]
#[inline(never)]
pub fn unpickling_error(py: Python<'_>, words: &str) -> PyErr {
    match Imports::get(py) {
        Ok(imports) => error_of(imports.unpickling_error.bind(py), words.to_owned()),
        Err(error) => error,
    }
}

/// An error of this class with these words. Runs no Python code.
#[cold]
pub fn error_of(class: &Bound<'_, PyType>, words: String) -> PyErr {
    PyErr::from_type(class.clone(), words)
}

/// The error with its exception object made. Runs Python code: the class's `__init__` may be anybody's.
///
/// Whoever looks into an error that was made in Rust settles it first. PyO3 would make the object too,
/// but lets go of the GIL meanwhile, and panics at the interpreter's end, when nobody gets it back.
#[cold]
pub fn settled(py: Python<'_>, error: PyErr) -> PyErr {
    error.restore(py);
    PyErr::fetch(py)
}

/// The error, raised while `cause` was handled. What fails here never replaces it. Runs Python code.
#[cold]
pub fn after(py: Python<'_>, error: PyErr, cause: PyErr) -> PyErr {
    let error = settled(py, error);
    let cause = settled(py, cause);
    let _ = error.value(py).setattr("__context__", cause.value(py));
    error
}

/// The error with a note. What fails here never replaces it. Runs Python code.
#[cold]
pub fn with_note(py: Python<'_>, error: PyErr, note: &str) -> PyErr {
    let error = settled(py, error);
    // MemoryError, mostly: nothing here may be made in a way that can't fail.
    let _ = fresh::text(py, note)
        .and_then(|note| fresh::tuple(py, [note.into_any()]))
        .and_then(|note| error.value(py).getattr(add_note(py))?.call1(note));
    error
}

/// The error of a file that lacks a method, with a note where it is no file but a path. Runs Python code.
#[cold]
#[inline(never)]
pub fn with_note_on_path(error: PyErr, file: &Bound<'_, PyAny>, mode: &str) -> PyErr {
    let py = file.py();
    let has_path = || file.get_type().hasattr(intern!(py, "__fspath__"));
    if file.is_instance_of::<PyString>() || has_path().unwrap_or(false) {
        let note = format!("this is a path: open it in mode '{mode}', and give the file");
        return with_note(py, error, &note);
    }
    error
}

/// The name of the method, which is made at import, when there is memory for it.
pub fn add_note(py: Python<'_>) -> &Bound<'_, PyString> {
    intern!(py, "add_note")
}

/// The name of an object's class as errors spell it: qualified by its module, unless that is
/// `builtins` or `__main__`.
pub fn class_name(obj: &Bound<'_, PyAny>) -> String {
    let class = obj.get_type();
    let name = class
        .qualname()
        .map_or_else(|_| "object".to_owned(), |n| n.to_string());
    match class
        .getattr("__module__")
        .and_then(|m| m.extract::<String>())
    {
        Ok(module) if module != "builtins" && module != "__main__" => format!("{module}.{name}"),
        _ => name,
    }
}

/// The notes that tell the path to the culprit, from the innermost to the outermost. A long path keeps so
/// many at each end, and nothing is asked for the text of the others.
pub struct Path {
    total: usize,
    /// How many were added, kept or not.
    added: usize,
    innermost: Vec<String>,
    outermost: Vec<String>,
}

impl Path {
    /// A path of so many notes.
    pub fn of(total: usize) -> Self {
        Self {
            total,
            added: 0,
            innermost: Vec::new(),
            outermost: Vec::new(),
        }
    }

    /// Adds the next `number` notes. Their texts are made only if one of them is kept; `tell` gives none
    /// where a text can't be made, as that of a key whose `repr` fails.
    pub fn add(&mut self, number: usize, tell: impl FnOnce() -> Vec<String>) {
        let first = self.added;
        self.added += number;
        let from_end = self.total.saturating_sub(NOTES_AT_EACH_END);
        if first >= NOTES_AT_EACH_END && self.added <= from_end {
            return;
        }
        for (at, note) in (first..).zip(tell()) {
            if at < NOTES_AT_EACH_END {
                self.innermost.push(note);
            } else if at >= from_end {
                self.outermost.push(note);
            }
        }
    }

    /// The error with the notes. What fails here never replaces it. Runs Python code.
    pub fn tell(self, py: Python<'_>, mut error: PyErr) -> PyErr {
        let left_out = self.total.saturating_sub(2 * NOTES_AT_EACH_END);
        let more = (left_out > 0).then(|| format!("({left_out} more notes left out)"));
        let notes = self.innermost.into_iter().chain(more).chain(self.outermost);
        for note in notes {
            error = with_note(py, error, &note);
        }
        error
    }
}
