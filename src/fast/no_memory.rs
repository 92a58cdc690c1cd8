//! That there is no memory, said without making an exception.

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

/// An allocation failed.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct NoMemory;

impl From<std::collections::TryReserveError> for NoMemory {
    fn from(_: std::collections::TryReserveError) -> Self {
        Self
    }
}

impl From<NoMemory> for PyErr {
    #[cold]
    fn from(_: NoMemory) -> Self {
        PyMemoryError::new_err(())
    }
}
