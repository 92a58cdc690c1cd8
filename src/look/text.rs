//! Text on its way to a file: written in pieces, whatever its length.

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::fast::fresh;
use crate::fast::no_memory::NoMemory;

/// Bytes that are written at once.
const PIECE: usize = 1 << 16;

/// Text that is written to a file by `write`, as `print` does.
pub struct Text<'py> {
    py: Python<'py>,
    /// None where nobody listens, as there is no `sys.stdout`.
    write: Option<Bound<'py, PyAny>>,
    waiting: String,
}

impl<'py> Text<'py> {
    /// Text for a file, `sys.stdout` if it is None. Runs Python code.
    ///
    /// # Errors
    /// AttributeError where the file can't write.
    pub fn to(py: Python<'py>, out: Option<&Bound<'py, PyAny>>) -> PyResult<Self> {
        let out = match out.filter(|out| !out.is_none()) {
            Some(out) => out.clone(),
            None => py.import("sys")?.getattr("stdout")?,
        };
        let write = match out.is_none() {
            true => None,
            false => Some(out.getattr("write")?),
        };
        Ok(Self {
            py,
            write,
            waiting: String::new(),
        })
    }

    /// The token of the thread.
    pub fn py(&self) -> Python<'py> {
        self.py
    }

    /// Adds text, which is written sooner or later. Runs Python code.
    ///
    /// # Errors
    /// MemoryError, and what the file raises.
    pub fn push(&mut self, text: &str) -> PyResult<()> {
        if self.waiting.len() + text.len() > PIECE {
            self.flush()?;
        }
        if text.len() > PIECE {
            return self.write(fresh::text(self.py, text)?);
        }
        let reserved = self.waiting.try_reserve(text.len());
        reserved.map_err(NoMemory::from)?;
        self.waiting.push_str(text);
        Ok(())
    }

    /// Writes what waits. Runs Python code.
    ///
    /// # Errors
    /// MemoryError, and what the file raises.
    pub fn flush(&mut self) -> PyResult<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let text = fresh::text(self.py, &self.waiting)?;
        self.waiting.clear();
        self.write(text)
    }

    fn write(&self, text: Bound<'py, PyString>) -> PyResult<()> {
        match &self.write {
            Some(write) => write.call1((text,)).map(drop),
            None => Ok(()),
        }
    }
}
