//! What can go wrong where no exception may be made: it becomes one at the gate.

use pickle_format::opcode::Opcode;
use pyo3::exceptions::{
    PyMemoryError, PyOverflowError, PyRecursionError, PyRuntimeError, PyValueError,
};
use pyo3::prelude::*;

use crate::error::pickling_error;
use crate::fast::held::Held;
use crate::fast::no_memory::NoMemory;
use crate::fast::output::OutputError;

/// Why a quiet step can't go on.
pub enum Fault {
    NoMemory,
    /// An argument is larger than this opcode can say.
    TooLarge(Opcode),
    /// A chain of objects made during the dump does not end.
    Endless,
    /// In `fast` mode: the object holds itself.
    Cyclic(Held),
    ListChanged,
    DictChanged,
    /// The set changed while it was saved.
    SetChanged,
    /// The set had changed when its next batch began: the Python class's iterator says it in other words.
    SetChangedBetweenBatches,
}

impl From<NoMemory> for Fault {
    fn from(_: NoMemory) -> Self {
        Self::NoMemory
    }
}

impl From<OutputError> for Fault {
    fn from(error: OutputError) -> Self {
        match error {
            OutputError::NoMemory => Self::NoMemory,
            OutputError::TooLarge(opcode) => Self::TooLarge(opcode),
        }
    }
}

impl Fault {
    /// The exception, of the class that the model raises, in the newest CPython's words.
    #[cold]
    pub fn into_exception(self, py: Python<'_>) -> PyErr {
        match self {
            Self::NoMemory => PyMemoryError::new_err(()),
            Self::TooLarge(Opcode::LONG4) => PyOverflowError::new_err("int too large to pickle"),
            Self::TooLarge(opcode) => {
                pickling_error(py, format!("memo id too large for {}", opcode.name()))
            }
            Self::Endless => PyRecursionError::new_err(
                "maximum recursion depth exceeded while pickling an object",
            ),
            Self::Cyclic(obj) => match obj.bind(py).get_type().name() {
                Ok(name) => PyValueError::new_err(format!(
                    "fast mode: can't pickle cyclic objects including object type {name} at {:p}",
                    obj.bind(py).as_ptr()
                )),
                Err(error) => error,
            },
            Self::ListChanged => PyRuntimeError::new_err("list changed size during iteration"),
            Self::DictChanged => {
                PyRuntimeError::new_err("dictionary changed size during iteration")
            }
            Self::SetChanged => PyRuntimeError::new_err("set changed size during iteration"),
            Self::SetChangedBetweenBatches => {
                PyRuntimeError::new_err("Set changed size during iteration")
            }
        }
    }
}
