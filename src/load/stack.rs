//! The machine's stack of values, and the marks in it.

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

use crate::error::unpickling_error;
use crate::fast::build::push_within_capacity;

/// Values, and where the marks stand among them. The place of the last mark is the fence: opcodes that
/// take single values do not reach below it.
pub struct Stack<'py> {
    pub values: Vec<Bound<'py, PyAny>>,
    marks: Vec<usize>,
    fence: usize,
}

impl<'py> Stack<'py> {
    /// Allocates nothing until something is pushed.
    pub fn new() -> Self {
        Self {
            values: Vec::new(),
            marks: Vec::new(),
            fence: 0,
        }
    }

    /// Values, those out of reach included.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> PyResult<()> {
        self.values
            .try_reserve(1)
            .map_err(|_| PyMemoryError::new_err(()))
    }

    /// Puts a value on top.
    #[inline(always)]
    pub fn push(&mut self, value: Bound<'py, PyAny>) -> PyResult<()> {
        match push_within_capacity(&mut self.values, value) {
            Ok(()) => Ok(()),
            Err(value) => {
                self.grow()?;
                self.values.push(value);
                Ok(())
            }
        }
    }

    /// The error for taking what is not there.
    #[cold]
    #[inline(never)]
    pub fn underflow(&self, py: Python<'_>) -> PyErr {
        unpickling_error(
            py,
            if self.marks.is_empty() {
                "unpickling stack underflow"
            } else {
                "unexpected MARK found"
            },
        )
    }

    /// Takes the topmost value.
    #[inline(always)]
    pub fn pop(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if self.values.len() > self.fence
            && let Some(value) = self.values.pop()
        {
            return Ok(value);
        }
        Err(self.underflow(py))
    }

    /// The topmost value.
    #[inline(always)]
    pub fn top(&self, py: Python<'_>) -> PyResult<&Bound<'py, PyAny>> {
        match self.values.last() {
            Some(value) if self.values.len() > self.fence => Ok(value),
            _ => Err(self.underflow(py)),
        }
    }

    /// Puts another value in place of the topmost.
    pub fn replace_top(&mut self, value: Bound<'py, PyAny>) {
        if let Some(top) = self.values.last_mut() {
            drop(std::mem::replace(top, value));
        }
    }

    /// Where the topmost `n` values begin.
    #[inline(always)]
    pub fn start_of(&self, n: usize, py: Python<'_>) -> PyResult<usize> {
        match self.values.len().checked_sub(n) {
            Some(start) if start >= self.fence => Ok(start),
            _ => Err(self.underflow(py)),
        }
    }

    /// Whether the value just below `start` is within reach.
    #[inline(always)]
    pub fn has_below(&self, start: usize) -> bool {
        start > self.fence && start <= self.values.len()
    }

    /// Sets a mark.
    #[inline(always)]
    pub fn mark(&mut self) -> PyResult<()> {
        let place = self.values.len();
        if self.marks.len() == self.marks.capacity() {
            self.marks
                .try_reserve(1)
                .map_err(|_| PyMemoryError::new_err(()))?;
        }
        self.marks.push(place);
        self.fence = place;
        Ok(())
    }

    /// Takes the last mark away and gives its place.
    #[inline(always)]
    pub fn pop_mark(&mut self, py: Python<'_>) -> PyResult<usize> {
        let Some(place) = self.marks.pop() else {
            return Err(unpickling_error(py, "could not find MARK"));
        };
        self.fence = self.marks.last().copied().unwrap_or(0);
        Ok(place)
    }

    /// Whether a mark is the topmost thing.
    pub fn is_mark_on_top(&self) -> bool {
        self.marks.last() == Some(&self.values.len())
    }

    /// Drops the values from `start` on.
    #[inline(always)]
    pub fn truncate(&mut self, start: usize) {
        self.values.truncate(start);
    }
}
