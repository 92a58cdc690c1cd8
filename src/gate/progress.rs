//! When somebody is told how far a dump or a load has got, and how.

use std::time::{Duration, Instant};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::fast::{decode, fresh};

/// Time between two calls, at the least: enough for a bar that moves, and not worth mentioning beside the work.
const INTERVAL: Duration = Duration::from_millis(250);

/// Who is told how far the work has got: the callback, as its owner holds it, which can be called.
pub struct Progress<C> {
    pub callback: C,
    /// When the work began, or the callback was called the last time.
    told: Instant,
}

impl<C> Progress<C> {
    /// The work begins.
    pub fn new(callback: C) -> Self {
        Self {
            callback,
            told: Instant::now(),
        }
    }

    /// To be called when the work begins anew, and when the callback was called.
    pub fn wait(&mut self) {
        self.told = Instant::now();
    }

    /// Whether it is time for a call.
    pub fn is_due(&self) -> bool {
        self.told.elapsed() >= INTERVAL
    }
}

/// Checks what was given as `progress`, where that is not None.
///
/// # Errors
/// TypeError for what can't be called.
#[cold]
#[inline(never)]
pub fn check_callback(progress: &Bound<'_, PyAny>) -> PyResult<()> {
    if progress.is_callable() {
        return Ok(());
    }
    let name = progress.get_type().name()?;
    let words = format!("progress must be callable or None, not {name}");
    Err(PyTypeError::new_err(words))
}

/// Calls `progress(done, total)`. To be called in a passage of the gate.
///
/// # Errors
/// What the function raises; MemoryError.
pub fn tell(progress: &Bound<'_, PyAny>, done: u64, total: Option<u64>) -> PyResult<()> {
    let py = progress.py();
    // No output and no input is longer than what a signed size can say.
    let number = |n: u64| decode::int(py, n as i64);
    let total = match total {
        Some(total) => number(total)?,
        None => py.None().into_bound(py),
    };
    let arguments = fresh::tuple(py, [number(done)?, total])?;
    progress.call1(arguments).map(drop)
}
