//! The arguments that an unpickler was made with.

use std::ffi::CString;

use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::load::input::file::File;

/// The arguments that an unpickler was made with, checked.
pub struct Settings {
    pub face: Face,
    pub file: Option<File>,
    pub fix_imports: bool,
    pub encoding: CString,
    pub errors: CString,
    /// An iterator of out-of-band buffers.
    pub buffers: Option<Py<PyAny>>,
    /// Whether memo entries far past the others count for the index that MEMOIZE gives next.
    pub counts_far_entries: bool,
}

impl Settings {
    /// Checks the arguments that unpicklers and functions take beside their source.
    ///
    /// # Errors
    /// ValueError for a name with a NUL in it; what `iter(buffers)` raises.
    pub fn new(
        py: Python<'_>,
        face: Face,
        file: Option<File>,
        fix_imports: bool,
        encoding: &str,
        errors: &str,
        buffers: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let name = |name: &str| {
            CString::new(name).map_err(|_| PyValueError::new_err("embedded null character"))
        };
        let buffers = match buffers.filter(|b| !b.is_none()) {
            Some(buffers) => Some(buffers.try_iter()?.into_any().unbind()),
            None => None,
        };
        Ok(Self {
            face,
            file,
            fix_imports,
            encoding: name(encoding)?,
            errors: name(errors)?,
            buffers,
            counts_far_entries: face == Face::Hookable
                || Imports::get(py)?.loading.lean_counts_far_entries,
        })
    }

    /// Shows the collector what is held.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(file) = &self.file {
            visit.call(&file.read)?;
            visit.call(&file.readline)?;
            visit.call(&file.readinto)?;
            visit.call(&file.peek)?;
            visit.call(&file.in_memory)?;
        }
        visit.call(&self.buffers)
    }
}
