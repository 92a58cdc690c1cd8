//! Where the exceptions of saving are made, and the notes that tell the path to the culprit.
//!
//! Classes and words follow CPython 3.15's picklers on every release, except where `imports.rs`
//! found that the running release's own class differs.

use std::collections::VecDeque;

use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::interpreter::imports::Imports;

/// Notes kept at each end of the path; a longer path names how many lie between.
pub const NOTES_AT_EACH_END: usize = 50;

/// A `pickle.PicklingError` with these words.
#[cold]
pub fn pickling_error(py: Python<'_>, words: String) -> PyErr {
    match Imports::get(py) {
        Ok(imports) => PyErr::from_type(imports.pickling_error.bind(py).clone(), words),
        Err(error) => error,
    }
}

/// A `pickle.PicklingError` that was raised while `cause` was handled.
#[cold]
pub fn pickling_error_after(py: Python<'_>, words: String, cause: &PyErr) -> PyErr {
    let error = pickling_error(py, words);
    let _ = error.value(py).setattr("__context__", cause.value(py));
    error
}

/// A `pickle.UnpicklingError` with these words.
#[cold]
#[inline(never)]
pub fn unpickling_error(py: Python<'_>, words: &str) -> PyErr {
    match Imports::get(py) {
        Ok(imports) => {
            let class = imports.unpickling_error.bind(py).clone();
            PyErr::from_type(class, words.to_owned())
        }
        Err(error) => error,
    }
}

/// An error of this class with these words.
#[cold]
pub fn error_of(class: &Bound<'_, PyType>, words: String) -> PyErr {
    PyErr::from_type(class.clone(), words)
}

/// Adds a note to an error. What fails here never replaces it. Runs Python code.
pub fn add_note(py: Python<'_>, error: &PyErr, note: String) {
    let _ = error.value(py).call_method1("add_note", (note,));
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

/// The notes that tell the path, innermost first: so many from each end are kept.
#[derive(Default)]
pub struct Path {
    innermost: Vec<String>,
    outermost: VecDeque<String>,
    left_out: usize,
}

impl Extend<String> for Path {
    fn extend<T: IntoIterator<Item = String>>(&mut self, notes: T) {
        for note in notes {
            if self.innermost.len() < NOTES_AT_EACH_END {
                self.innermost.push(note);
                continue;
            }
            if self.outermost.len() == NOTES_AT_EACH_END {
                self.outermost.pop_front();
                self.left_out += 1;
            }
            self.outermost.push_back(note);
        }
    }
}

impl Path {
    /// Adds the notes to the error. What fails here never replaces it.
    pub fn tell(self, py: Python<'_>, error: &PyErr) {
        let more = (self.left_out > 0).then(|| format!("({} more notes left out)", self.left_out));
        for note in self.innermost.into_iter().chain(more).chain(self.outermost) {
            add_note(py, error, note);
        }
    }
}
