//! The arguments that an unpickler was made with.

use std::borrow::Cow;
use std::ffi::{CStr, CString};

use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::gate::progress::check_callback;
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::load::input::file::File;

/// What is taken where nothing is said.
const DEFAULT_ENCODING: &CStr = c"ASCII";
const DEFAULT_ERRORS: &CStr = c"strict";

/// The arguments that an unpickler was made with, checked.
pub struct Settings {
    pub face: Face,
    pub file: Option<File>,
    pub fix_imports: bool,
    pub encoding: Cow<'static, CStr>,
    pub errors: Cow<'static, CStr>,
    /// An iterator of out-of-band buffers.
    pub buffers: Option<Py<PyAny>>,
    /// Who is told how far a load has got: something that can be called.
    pub progress: Option<Py<PyAny>>,
    /// Whether memo entries far past the others count for the index that MEMOIZE gives next.
    pub counts_far_entries: bool,
}

/// What `loads` is called with mostly: nothing but the data.
static PLAIN: PyOnceLock<Settings> = PyOnceLock::new();

impl Settings {
    /// What `new` gives for data in memory, made once for all who say nothing special; None for arguments that do.
    ///
    /// # Errors
    /// As for `new`.
    #[inline(always)]
    pub fn plain(
        py: Python<'_>,
        fix_imports: bool,
        [encoding, errors]: [Option<&str>; 2],
        buffers: Option<&Bound<'_, PyAny>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<&'static Self>> {
        let is = |given: Option<&str>, default: &CStr| {
            given.is_none_or(|given| given.as_bytes() == default.to_bytes())
        };
        let is_plain = fix_imports
            && buffers.is_none()
            && progress.is_none()
            && is(encoding, DEFAULT_ENCODING)
            && is(errors, DEFAULT_ERRORS);
        if !is_plain {
            return Ok(None);
        }
        let new = || Self::new(py, Face::Lean, None, true, [None, None], None, None);
        PLAIN.get_or_try_init(py, new).map(Some)
    }

    /// What `new` gives the lean face for a file, where nothing else is said.
    ///
    /// # Errors
    /// RuntimeError while the module is being made.
    #[inline(always)]
    pub fn plain_of_file(py: Python<'_>, file: File) -> PyResult<Self> {
        Ok(Self {
            face: Face::Lean,
            file: Some(file),
            fix_imports: true,
            encoding: Cow::Borrowed(DEFAULT_ENCODING),
            errors: Cow::Borrowed(DEFAULT_ERRORS),
            buffers: None,
            progress: None,
            counts_far_entries: Imports::get(py)?.lean.counts_far_entries,
        })
    }

    /// Checks the arguments that unpicklers and functions take beside their source: `encoding` and `errors` in one, None
    /// where nothing is said.
    ///
    /// # Errors
    /// ValueError for a name with a NUL in it; TypeError for a `progress` that can't be called; what `iter(buffers)`
    /// raises.
    pub fn new(
        py: Python<'_>,
        face: Face,
        file: Option<File>,
        fix_imports: bool,
        [encoding, errors]: [Option<&str>; 2],
        buffers: Option<&Bound<'_, PyAny>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let name = |given: Option<&str>, default: &'static CStr| match given {
            Some(given) if given.as_bytes() != default.to_bytes() => CString::new(given)
                .map(Cow::Owned)
                .map_err(|_| PyValueError::new_err("embedded null character")),
            _ => Ok(Cow::Borrowed(default)),
        };
        let buffers = match buffers.filter(|b| !b.is_none()) {
            Some(buffers) => Some(buffers.try_iter()?.into_any().unbind()),
            None => None,
        };
        if let Some(progress) = progress {
            check_callback(progress)?;
        }
        Ok(Self {
            face,
            file,
            fix_imports,
            encoding: name(encoding, DEFAULT_ENCODING)?,
            errors: name(errors, DEFAULT_ERRORS)?,
            buffers,
            progress: progress.map(|progress| progress.clone().unbind()),
            counts_far_entries: face == Face::Hookable || Imports::get(py)?.lean.counts_far_entries,
        })
    }

    /// Shows the collector what is held.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(file) = &self.file {
            file.traverse(visit)?;
        }
        visit.call(&self.buffers)?;
        visit.call(&self.progress)
    }
}
