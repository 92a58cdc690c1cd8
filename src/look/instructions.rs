//! The iterator that `genops` gives.

use pickle_format::opcode::Opcode;
use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::fast::fresh;
use crate::fast::thread_end::Frames;
use crate::look::known::Known;
use crate::look::source::Source;

/// How far an iterator is.
enum Stage {
    /// Nothing was asked of what it was given.
    Given(Py<PyAny>),
    Reading(Source),
    /// Somebody reads the next instruction, who has the source.
    Busy,
    Done,
}

/// The instructions of a pickle, one after the other, up to STOP: tuples (`pickletools.OpcodeInfo`, argument,
/// position).
#[pyclass(module = "oxipickle._oxipickle")]
pub struct Instructions {
    stage: Stage,
}

impl Instructions {
    /// Those of a pickle in bytes or in a file, of which nothing is asked yet.
    pub fn of(pickle: &Bound<'_, PyAny>) -> Self {
        Self {
            stage: Stage::Given(pickle.clone().unbind()),
        }
    }
}

#[pymethods]
impl Instructions {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let py = slf.py();
        let _frames = Frames::enter();
        let stage = std::mem::replace(&mut slf.try_borrow_mut()?.stage, Stage::Busy);
        let mut source = match stage {
            Stage::Reading(source) => source,
            Stage::Given(pickle) => match Source::of(pickle.bind(py)) {
                Ok(source) => source,
                Err(error) => {
                    slf.try_borrow_mut()?.stage = Stage::Done;
                    return Err(error);
                }
            },
            Stage::Done => {
                slf.try_borrow_mut()?.stage = Stage::Done;
                return Ok(None);
            }
            Stage::Busy => return Err(PyValueError::new_err("generator already executing")),
        };
        let read = source.next(py);
        let is_last = !matches!(&read, Ok(next) if next.opcode != Opcode::STOP);
        // A finished source is let go of only when the iterator is in order again.
        let (stage, finished) = match is_last {
            true => (Stage::Done, Some(source)),
            false => (Stage::Reading(source), None),
        };
        slf.try_borrow_mut()?.stage = stage;
        drop(finished);
        let next = read?;
        let argument = next.argument.unwrap_or_else(|| py.None().into_bound(py));
        let info = Known::get(py)?.info(py, next.opcode);
        Ok(Some(fresh::tuple(py, [info, argument, next.position])?))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.stage {
            Stage::Given(pickle) => visit.call(pickle),
            Stage::Reading(Source::File { file, tell }) => {
                visit.call(file)?;
                visit.call(tell)
            }
            _ => Ok(()),
        }
    }

    fn __clear__(&mut self) {
        self.stage = Stage::Done;
    }
}
