//! Loads within loads, as a hook brings them about. Each takes native stack, and on some releases the
//! interpreter's own limit of recursion is reached only after the stack's end, so there is one of ours.

use std::cell::Cell;

use pyo3::exceptions::PyRecursionError;
use pyo3::prelude::*;

use crate::fast::recursion::RecursionLevel;

/// Loads that may be under way one within the other on one thread. Each takes some three to four
/// kilobytes of native stack, those of the calls between them included.
const DEEPEST_NESTING: usize = 200;

thread_local! {
    static NESTING: Cell<usize> = const { Cell::new(0) };
}

/// One load more on this thread, until it is dropped.
pub struct Nesting {
    _level: RecursionLevel,
}

impl Nesting {
    /// Enters one load more.
    ///
    /// # Errors
    /// RecursionError at our limit, and at the interpreter's.
    pub fn enter(py: Python<'_>) -> PyResult<Self> {
        let level = RecursionLevel::enter_loading(py)?;
        if NESTING.get() >= DEEPEST_NESTING {
            let words = "maximum recursion depth exceeded while unpickling an object";
            return Err(PyRecursionError::new_err(words));
        }
        NESTING.set(NESTING.get() + 1);
        Ok(Self { _level: level })
    }
}

impl Drop for Nesting {
    fn drop(&mut self) {
        NESTING.set(NESTING.get() - 1);
    }
}
