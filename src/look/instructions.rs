//! The iterator that `genops` gives.

use pickle_format::opcode::Opcode;
use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::fast::fresh;
use crate::fast::recycled::Recycled;
use crate::fast::thread_end::Frames;
use crate::look::known::Known;
use crate::look::quick::{self, Quick};
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
    /// The tuple that was given last.
    last: Recycled,
}

impl Instructions {
    /// Those of a pickle in bytes or in a file, of which nothing is asked yet.
    pub fn of(pickle: &Bound<'_, PyAny>) -> Self {
        Self {
            stage: Stage::Given(pickle.clone().unbind()),
            last: Recycled::default(),
        }
    }

    /// The next instruction, where no Python code runs for it.
    #[inline(always)]
    fn next_quickly<'py>(&mut self, py: Python<'py>) -> Option<Parts<'py>> {
        let Stage::Reading(Source::Memory { bytes, at }) = &mut self.stage else {
            return None;
        };
        let Quick {
            opcode,
            argument,
            position,
            next,
        } = quick::read(bytes.bind(py), *at)?;
        if opcode == Opcode::STOP {
            self.stage = Stage::Done;
        } else {
            *at = next;
        }
        let info = Known::get_asked(py)?.info(py, opcode);
        Some(self.last.again(py, [info, argument, position]))
    }

    /// The next instruction, whatever runs for it: meanwhile whoever reads it has the source.
    fn next_instruction<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<[Bound<'py, PyAny>; 3]>> {
        let py = slf.py();
        let known = Known::get(py)?;
        let stage = std::mem::replace(&mut slf.try_borrow_mut()?.stage, Stage::Busy);
        let source = match stage {
            Stage::Reading(source) => Ok(source),
            Stage::Given(pickle) => Source::of(pickle.bind(py)),
            Stage::Done => {
                slf.try_borrow_mut()?.stage = Stage::Done;
                return Ok(None);
            }
            Stage::Busy => return Err(PyValueError::new_err("generator already executing")),
        };
        let read = source.and_then(|mut source| Ok((source.next(py)?, source)));
        let (read, stage) = match read {
            Ok((next, source)) if next.opcode != Opcode::STOP => (Ok(next), Stage::Reading(source)),
            Ok((next, _)) => (Ok(next), Stage::Done),
            Err(error) => (Err(error), Stage::Done),
        };
        slf.try_borrow_mut()?.stage = stage;
        let next = read?;
        let argument = next.argument.unwrap_or_else(|| py.None().into_bound(py));
        let info = known.info(py, next.opcode);
        Ok(Some([info, argument, next.position]))
    }
}

/// A tuple, or the parts of one.
type Parts<'py> = Result<Bound<'py, PyTuple>, [Bound<'py, PyAny>; 3]>;

#[pymethods]
impl Instructions {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let py = slf.py();
        let quick = slf.try_borrow_mut()?.next_quickly(py);
        if let Some(Ok(tuple)) = quick {
            return Ok(Some(tuple));
        }
        let _frames = Frames::enter();
        if let Some(Err(parts)) = quick {
            let (last, tuple) = Recycled::anew(py, parts)?;
            slf.try_borrow_mut()?.last = last;
            return Ok(Some(tuple));
        }
        match Self::next_instruction(slf)? {
            Some(parts) => fresh::tuple(py, parts).map(Some),
            None => Ok(None),
        }
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
