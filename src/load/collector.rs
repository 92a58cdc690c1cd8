//! The cyclic collector, paused while a load makes many objects and no garbage.
//!
//! The pause sets the collector's first threshold to 0, and does not switch the collector off. So
//! `gc.enable()` and `gc.disable()` work as ever in code that runs meanwhile, a collector that was off stays
//! off, and a threshold that somebody sets meanwhile is left as it is when the pause ends.
//!
//! A load that waits, for its file, for a hook or for a module to be imported, interrupts the pause:
//! meanwhile other threads make garbage. It does not wait for a file whose bytes are stored.

use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyCFunction, PyTuple};

use crate::fast::{decode, fresh};
use crate::interpreter::imports::Imports;

/// Loads under way that have a share in the pause. Changed by threads that hold the GIL only.
static PAUSES: AtomicUsize = AtomicUsize::new(0);

/// The threshold before the first of them began; 0 if there is none to be set again.
static THRESHOLD: AtomicI64 = AtomicI64::new(0);

thread_local! {
    /// Those of them that run on this thread.
    static PAUSES_HERE: Cell<usize> = const { Cell::new(0) };
}

/// Registers a function that corrects the count of loads in child processes. A fork leaves the child with
/// one thread, so loads of the parent's other threads never end there, and their shares in the pause
/// would never be given back.
pub fn mind_forks(py: Python<'_>) -> PyResult<()> {
    // Not every system has forks.
    let Some(register) = py.import("os")?.getattr_opt("register_at_fork")? else {
        return Ok(());
    };
    let after = PyCFunction::new_closure(py, None, None, |args, _| after_fork(args.py()))?;
    let options = [("after_in_child", after)].into_py_dict(py)?;
    register.call((), Some(&options)).map(drop)
}

fn after_fork(py: Python<'_>) -> PyResult<()> {
    let here = PAUSES_HERE.get();
    if PAUSES.swap(here, Ordering::Relaxed) != 0 && here == 0 {
        give_back(py, Imports::get(py)?);
    }
    Ok(())
}

fn threshold(py: Python<'_>, imports: &Imports) -> PyResult<i64> {
    let all = imports
        .get_threshold
        .bind(py)
        .call0()?
        .cast_into::<PyTuple>()?;
    all.get_borrowed_item(0)?.extract()
}

fn set_threshold(py: Python<'_>, imports: &Imports, threshold: i64) -> PyResult<()> {
    let arguments = fresh::tuple(py, [decode::int(py, threshold)?])?;
    imports.set_threshold.bind(py).call1(arguments).map(drop)
}

/// Begins the pause. Where there is no memory to ask for the threshold, or to set it, there is none.
fn take(py: Python<'_>, imports: &Imports) {
    if let Ok(before) = threshold(py, imports)
        && before > 0
        && set_threshold(py, imports, 0).is_ok()
    {
        THRESHOLD.store(before, Ordering::Relaxed);
    }
}

/// Ends the pause, unless user code set a threshold meanwhile. Where there is no memory for that, it is left to be done.
fn give_back(py: Python<'_>, imports: &Imports) {
    let before = THRESHOLD.load(Ordering::Relaxed);
    let is_done = before <= 0
        || match threshold(py, imports) {
            Ok(0) => set_threshold(py, imports, before).is_ok(),
            Ok(_) => true,
            Err(_) => false,
        };
    if is_done {
        THRESHOLD.store(0, Ordering::Relaxed);
    }
}

/// Ends a pause that no load has a share in any more, if that was left to be done: for a load that failed, and has
/// released what it made.
#[cold]
pub fn give_back_late(py: Python<'_>, imports: &Imports) {
    if PAUSES.load(Ordering::Relaxed) == 0 {
        give_back(py, imports);
    }
}

/// One load's share of the pause, given back when dropped.
pub struct Pause<'py> {
    py: Python<'py>,
    imports: &'static Imports,
    is_taken: bool,
}

impl<'py> Pause<'py> {
    /// Pauses the collector, unless another load has.
    pub fn begin(py: Python<'py>, imports: &'static Imports) -> Self {
        let mut pause = Self {
            py,
            imports,
            is_taken: false,
        };
        pause.go_on();
        pause
    }

    /// Gives the share back for as long as the load waits for something.
    #[cold]
    pub fn interrupt(&mut self) {
        if !std::mem::take(&mut self.is_taken) {
            return;
        }
        PAUSES_HERE.set(PAUSES_HERE.get() - 1);
        if PAUSES.fetch_sub(1, Ordering::Relaxed) == 1 {
            give_back(self.py, self.imports);
        }
    }

    /// Takes the share again.
    #[cold]
    pub fn go_on(&mut self) {
        if std::mem::replace(&mut self.is_taken, true) {
            return;
        }
        PAUSES_HERE.set(PAUSES_HERE.get() + 1);
        if PAUSES.fetch_add(1, Ordering::Relaxed) == 0 {
            take(self.py, self.imports);
        }
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        self.interrupt();
    }
}
