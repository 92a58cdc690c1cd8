//! What is told of a load that upstream's own code carries out, or ends: how long the pickle was, where the file says.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::gate::progress::tell;
use crate::load::report::left_of;

/// Who is told once a load has ended, and where the file stood when it began.
pub struct ToldAfter<'py> {
    callback: Bound<'py, PyAny>,
    read: Bound<'py, PyAny>,
    left: usize,
}

impl<'py> ToldAfter<'py> {
    /// By the entries of an unpickler's `__dict__`; None where nobody is told, or nothing is known.
    ///
    /// # Errors
    /// MemoryError, and what asking the file for its place raises of what is no Exception.
    pub fn of(dict: &Bound<'py, PyDict>) -> PyResult<Option<Self>> {
        let py = dict.py();
        let callback = dict.get_item(intern!(py, "_oxipickle_progress"))?;
        let callback = callback.filter(|callback| !callback.is_none());
        let (Some(callback), Some(read)) = (callback, dict.get_item(intern!(py, "_file_read"))?)
        else {
            return Ok(None);
        };
        Ok(left_of(&read)?.map(|left| Self {
            callback,
            read,
            left,
        }))
    }

    /// Tells.
    ///
    /// # Errors
    /// What the callback raises.
    pub fn tell(self) -> PyResult<()> {
        match left_of(&self.read)? {
            Some(left) if left <= self.left => {
                let done = (self.left - left) as u64;
                tell(&self.callback, done, Some(self.left as u64))
            }
            _ => Ok(()),
        }
    }
}
