//! The memo's opcodes.

use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;

use crate::error::unpickling_error;
use crate::load::machine::Machine;

impl<'py> Machine<'py, '_> {
    /// MEMOIZE: the index is the number of entries.
    #[inline(always)]
    pub fn load_memoize(&mut self) -> PyResult<()> {
        self.memoize(self.memo.len())
    }

    pub fn load_binput(&mut self) -> PyResult<()> {
        let index = self.take_byte()?;
        self.memoize(index.into())
    }

    pub fn load_long_binput(&mut self) -> PyResult<()> {
        let index = u32::from_le_bytes(self.take_array()?);
        self.memoize(index as usize)
    }

    pub fn load_put(&mut self) -> PyResult<()> {
        let line_at = self.take_line(1)?.len();
        self.stack.top(self.py)?;
        self.input.window.step_back(line_at);
        match usize::try_from(self.take_index()?) {
            Ok(index) => self.memoize(index),
            Err(_) => {
                let error = PyValueError::new_err("negative PUT argument");
                Err(self.in_argument(error))
            }
        }
    }

    #[inline(always)]
    fn memoize(&mut self, index: usize) -> PyResult<()> {
        let value = self.stack.top(self.py)?.clone().unbind();
        match self.memo.put(index, value) {
            Ok(None) => Ok(()),
            Ok(Some(old)) => {
                // The last reference may go, and a finaliser look at the memo.
                let old = old.into_bound(self.py);
                self.leave(|_| drop(old));
                Ok(())
            }
            Err(_) => Err(PyMemoryError::new_err(())),
        }
    }

    #[inline(always)]
    pub fn load_binget(&mut self) -> PyResult<()> {
        let index = self.take_byte()?;
        self.push_memoized(index.into())
    }

    #[inline(always)]
    pub fn load_long_binget(&mut self) -> PyResult<()> {
        let index = u32::from_le_bytes(self.take_array()?);
        self.push_memoized(index as usize)
    }

    pub fn load_get(&mut self) -> PyResult<()> {
        let index = self.take_index()?;
        match usize::try_from(index) {
            Ok(index) => self.push_memoized(index),
            Err(_) => Err(self.not_found(index)),
        }
    }

    #[inline(always)]
    fn push_memoized(&mut self, index: usize) -> PyResult<()> {
        match self.memo.get(index) {
            Some(value) => {
                let value = value.bind(self.py).clone();
                self.stack.push(value)
            }
            None => Err(self.not_found(index)),
        }
    }

    #[cold]
    fn not_found(&self, index: impl std::fmt::Display) -> PyErr {
        let words = format!("Memo value not found at index {index}");
        unpickling_error(self.py, &words)
    }
}
