//! The machine's stack of values, and the marks in it.

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::error::unpickling_error;
use crate::fast::build::push_within_capacity;
use crate::fast::no_memory::NoMemory;
use crate::fast::values::{bind_all, is_append_of, unbind_all};
use crate::load::lists::Below;

/// Values, and where the marks stand among them. The place of the last mark is the fence: opcodes that
/// take single values do not reach below it.
///
/// Where the unpickler's own lists lie below, values are taken up from there when they are needed, and an
/// index counts from the lowest that was taken up.
pub struct Stack<'py> {
    pub values: Vec<Bound<'py, PyAny>>,
    pub marks: Vec<usize>,
    pub fence: usize,
    below: Option<Below<'py>>,
}

/// Values for which a stack has room at first: a small pickle needs no more.
const FIRST_PLACES: usize = 16;

/// A stack that is put away while Python code runs.
#[derive(Default)]
pub struct Resting {
    values: Vec<Py<PyAny>>,
    marks: Vec<usize>,
    fence: usize,
}

impl Resting {
    /// The values, and the places of the marks among them.
    pub fn into_parts<'py>(self, py: Python<'py>) -> (Vec<Bound<'py, PyAny>>, Vec<usize>) {
        (bind_all(py, self.values), self.marks)
    }

    /// The stack, to go on with.
    #[inline(always)]
    pub fn go_on<'py>(self, py: Python<'py>) -> Stack<'py> {
        Stack {
            values: bind_all(py, self.values),
            marks: self.marks,
            fence: self.fence,
            below: None,
        }
    }
}

impl<'py> Stack<'py> {
    /// Allocates nothing until something is pushed.
    pub fn new() -> Self {
        Self {
            values: Vec::new(),
            marks: Vec::new(),
            fence: 0,
            below: None,
        }
    }

    /// An empty stack with this room for values, and for marks.
    pub fn in_room(py: Python<'py>, values: Vec<Py<PyAny>>, marks: Vec<usize>) -> Self {
        debug_assert!(values.is_empty() && marks.is_empty());
        Self {
            values: bind_all(py, values),
            marks,
            fence: 0,
            below: None,
        }
    }

    /// The stack's room, empty. What is left on the stack is released, which may run Python code.
    pub fn take_room(&mut self) -> (Vec<Py<PyAny>>, Vec<usize>) {
        let mut values = std::mem::take(&mut self.values);
        values.clear();
        self.marks.clear();
        self.fence = 0;
        (unbind_all(values), std::mem::take(&mut self.marks))
    }

    /// An empty stack above what the unpickler shows.
    pub fn above(below: Below<'py>) -> Self {
        Self {
            below: Some(below),
            ..Self::new()
        }
    }

    /// Puts the stack away, if nothing lies below it.
    #[inline(always)]
    pub fn rest(&mut self) -> Resting {
        Resting {
            values: unbind_all(std::mem::take(&mut self.values)),
            marks: std::mem::take(&mut self.marks),
            fence: std::mem::take(&mut self.fence),
        }
    }

    /// Whether the unpickler's lists lie below.
    #[inline(always)]
    pub fn has_lists(&self) -> bool {
        self.below.is_some()
    }

    /// Whether something other than lists lies below, on which the machine can't go on.
    pub fn is_above_other(&self) -> bool {
        matches!(self.below, Some(Below::Other { .. }))
    }

    /// What is pushed next goes where `append` puts it, which may not be what is on top by now.
    #[cold]
    pub fn keep_appending(&mut self, append: Bound<'py, PyAny>) {
        let goes_on_top = match &self.below {
            Some(Below::Lists { stack, .. }) => is_append_of(&append, stack),
            _ => false,
        };
        if !goes_on_top {
            self.below = Some(Below::Other { append });
        }
    }

    /// Moves everything to the unpickler's lists.
    ///
    /// # Errors
    /// As `Below::lay_down`.
    #[cold]
    pub fn lay_down(&mut self, dict: &Bound<'py, PyDict>) -> PyResult<()> {
        let values = std::mem::take(&mut self.values);
        let marks = std::mem::take(&mut self.marks);
        self.fence = 0;
        match &mut self.below {
            Some(below) => below.lay_down(values, &marks, dict),
            None => Ok(()),
        }
    }

    /// Takes values up from the lists below, until `n` are within reach or there are no more.
    #[cold]
    #[inline(never)]
    fn reach(&mut self, n: usize) -> PyResult<()> {
        let len = self.values.len();
        match &self.below {
            Some(below) if self.marks.is_empty() && len < n => {
                below.take(n - len, &mut self.values)
            }
            _ => Ok(()),
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
        let more = self.values.len().max(FIRST_PLACES);
        self.values
            .try_reserve(more)
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
        self.reach(1)?;
        if self.values.len() > self.fence
            && let Some(value) = self.values.pop()
        {
            return Ok(value);
        }
        Err(self.underflow(py))
    }

    /// The topmost value.
    #[inline(always)]
    pub fn top(&mut self, py: Python<'_>) -> PyResult<&Bound<'py, PyAny>> {
        if self.values.len() <= self.fence {
            self.reach(1)?;
        }
        match self.values.last() {
            Some(value) if self.values.len() > self.fence => Ok(value),
            _ => Err(self.underflow(py)),
        }
    }

    /// Where the topmost `n` values begin.
    #[inline(always)]
    pub fn start_of(&mut self, n: usize, py: Python<'_>) -> PyResult<usize> {
        match self.values.len().checked_sub(n) {
            Some(start) if start >= self.fence => Ok(start),
            _ => self.start_of_reached(n, py),
        }
    }

    #[cold]
    #[inline(never)]
    fn start_of_reached(&mut self, n: usize, py: Python<'_>) -> PyResult<usize> {
        self.reach(n)?;
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

    /// Brings the value just below `start` within reach, and gives the place where what began at `start`
    /// begins now.
    ///
    /// # Errors
    /// UnpicklingError where there is none.
    #[inline(always)]
    pub fn with_below(&mut self, start: usize, py: Python<'_>) -> PyResult<usize> {
        if self.has_below(start) {
            return Ok(start);
        }
        let above = self.values.len().checked_sub(start);
        if let Some(above) = above {
            self.reach(above + 1)?;
            let start = self.values.len() - above;
            if self.has_below(start) {
                return Ok(start);
            }
        }
        Err(self.underflow(py))
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
            return self.pop_mark_below(py);
        };
        self.fence = self.marks.last().copied().unwrap_or(0);
        Ok(place)
    }

    #[cold]
    #[inline(never)]
    fn pop_mark_below(&mut self, py: Python<'_>) -> PyResult<usize> {
        if let Some(below) = &mut self.below
            && let Some(place) = below.pop_mark(&mut self.values)?
        {
            return Ok(place);
        }
        Err(unpickling_error(py, "could not find MARK"))
    }

    /// Whether a mark is the topmost thing.
    pub fn is_mark_on_top(&self) -> bool {
        match (&self.below, self.marks.last()) {
            (_, Some(mark)) => *mark == self.values.len(),
            (Some(below), None) => self.values.is_empty() && below.ends_with_mark(),
            (None, None) => false,
        }
    }

    /// Takes the values from `start` on off.
    ///
    /// # Errors
    /// MemoryError.
    pub fn take_from(&mut self, start: usize) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let mut taken = Vec::new();
        let n = self.values.len().saturating_sub(start);
        taken.try_reserve_exact(n).map_err(|_| NoMemory)?;
        taken.extend(self.values.drain(start..));
        Ok(taken)
    }

    /// Drops the values from `start` on.
    #[inline(always)]
    pub fn truncate(&mut self, start: usize) {
        self.values.truncate(start);
    }
}
