//! The notes on errors of files that can't take a pickle: paths, and files that are open as text. The errors stay the
//! model's.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;

use crate::error::{settled, with_note_on_path};
use crate::fast::fresh;

/// The error for a file without `write`, with a note where it is a path. Runs Python code.
#[cold]
#[inline(never)]
pub fn no_write(file: &Bound<'_, PyAny>) -> PyErr {
    let error = PyTypeError::new_err("file must have a 'write' attribute");
    with_note_on_path(error, file, "wb")
}

/// What a file's `write` has raised, with a note where the file is open as text. What fails here never replaces the
/// error. Runs Python code.
#[cold]
#[inline(never)]
pub fn not_written(error: PyErr, write: &Bound<'_, PyAny>) -> PyErr {
    let py = write.py();
    if !error.is_instance_of::<PyTypeError>(py) {
        return error;
    }
    let error = settled(py, error);
    let tell = || -> PyResult<()> {
        let told = py.import(intern!(py, "oxipickle._no_file"))?;
        let arguments = [error.value(py).clone().into_any(), write.clone()];
        told.getattr(intern!(py, "tell"))?
            .call1(fresh::tuple(py, arguments)?)
            .map(drop)
    };
    let _ = tell();
    error
}
