//! Where a state lives while no session runs natively.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::fast::attached::Attached;
use crate::fast::held::give_up_now;
use crate::fast::quiet::Quiet;
use crate::fast::slot::{Slot, thread_number};
use crate::fast::thread_end::Frames;

/// Where an object of the owner's class has its state.
pub type FindHome<S> = for<'a> fn(&'a Bound<'_, PyAny>) -> PyResult<&'a Home<S>>;

/// What lives at a home: all that a pickler or an unpickler owns.
pub trait Resident: Sized {
    /// The words of CPython 3.15 for concurrent and nested use.
    const IN_USE: &'static str;

    /// How many sessions are nested on this state.
    fn depth(&self) -> usize;

    /// Gives up what the state of an object holds that has ended.
    fn retire(self: Box<Self>);

    /// Shows the collector every object that the state holds.
    ///
    /// # Errors
    /// What `visit` gives.
    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError>;
}

/// A pickler's or an unpickler's state, and who works on it.
///
/// The state is here, or with the one who works on it; nobody waits for anybody.
pub struct Home<S: Resident> {
    /// Nothing before `__init__`, and while a session runs natively.
    state: Slot<S>,
    /// The number of the thread of the outermost session; 0 where there is none.
    worker: AtomicU64,
    /// How often a session began or ended: tells whether the state that is here belongs to the session that left it.
    turns: AtomicU64,
    initialized: AtomicBool,
}

impl<S: Resident> Default for Home<S> {
    fn default() -> Self {
        Self {
            state: Slot::default(),
            worker: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            initialized: AtomicBool::new(false),
        }
    }
}

impl<S: Resident> Home<S> {
    /// A home that `__init__` has put this state in.
    #[inline(always)]
    pub fn with_state(state: Box<S>) -> Self {
        Self {
            state: Slot::holding(state),
            worker: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            initialized: AtomicBool::new(true),
        }
    }

    /// The error for what can't be done while a session is under way.
    #[cold]
    pub fn in_use() -> PyErr {
        PyRuntimeError::new_err(S::IN_USE)
    }

    /// Whether a session is under way.
    pub fn is_working(&self) -> bool {
        self.worker.load(Ordering::Acquire) != 0
    }

    /// Whether `__init__` has run.
    pub fn is_initialized(&self) -> bool {
        self.initialized.load(Ordering::Acquire)
    }

    /// Puts a fresh state in, and gives the old one out, to be released by the caller.
    ///
    /// # Errors
    /// RuntimeError while a session is under way.
    pub fn initialize(&self, py: Python<'_>, state: Box<S>) -> PyResult<Option<Box<S>>> {
        if self.is_working() {
            return Err(Self::in_use());
        }
        self.initialized.store(true, Ordering::Release);
        let attached = Attached::new(py);
        Ok(self.state.replace_quietly(state, attached.quiet()))
    }

    /// Makes this thread the one that works.
    fn begin_to_work(&self) -> PyResult<()> {
        let me = thread_number();
        if cfg!(Py_GIL_DISABLED) {
            let order = Ordering::AcqRel;
            let begun = self
                .worker
                .compare_exchange(0, me, order, Ordering::Relaxed);
            begun.map_err(|_| Self::in_use())?;
        } else if self.is_working() {
            return Err(Self::in_use());
        } else {
            // The GIL keeps all others away, and an exchange would cost what a lock costs.
            self.worker.store(me, Ordering::Release);
        }
        self.count_turn();
        Ok(())
    }

    /// Counts that a session begins or ends.
    #[inline(always)]
    fn count_turn(&self) {
        if cfg!(Py_GIL_DISABLED) {
            self.turns.fetch_add(1, Ordering::Relaxed);
        } else {
            let turns = self.turns.load(Ordering::Relaxed);
            self.turns.store(turns.wrapping_add(1), Ordering::Relaxed);
        }
    }

    /// Begins a new outermost session on a fresh state, where there is none.
    ///
    /// # Errors
    /// RuntimeError while another one is under way.
    pub fn begin_with(&self, make: impl FnOnce() -> Box<S>) -> PyResult<Box<S>> {
        self.begin_to_work()?;
        self.initialized.store(true, Ordering::Release);
        Ok(self.state.take().unwrap_or_else(make))
    }

    /// Takes the state for a new outermost session.
    ///
    /// # Errors
    /// RuntimeError while another one is under way.
    pub fn begin(&self, py: Python<'_>) -> PyResult<Box<S>> {
        self.begin_to_work()?;
        let attached = Attached::new(py);
        self.state.take_quietly(attached.quiet()).ok_or_else(|| {
            self.abandon();
            Self::in_use()
        })
    }

    /// Gives the state back at the end of an outermost session.
    pub fn end(&self, state: Box<S>) {
        self.put(state);
        self.abandon();
    }

    /// Ends an outermost session whose state another one holds.
    pub fn abandon(&self) {
        self.count_turn();
        self.worker.store(0, Ordering::Release);
    }

    /// How often a session began or ended up to now, for `take_back`.
    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// Takes the state back after Python code ran, for a session that began, or was nested, after so many `turns`.
    ///
    /// # Errors
    /// RuntimeError where it is not there, or is another session's.
    #[inline(always)]
    pub fn take_back(&self, turns: u64, quiet: &Quiet) -> PyResult<Box<S>> {
        if self.turns() != turns {
            return Err(Self::in_use());
        }
        self.state.take_quietly(quiet).ok_or_else(Self::in_use)
    }

    /// Takes the state for a session nested in the one under way on this thread.
    ///
    /// # Errors
    /// RuntimeError where it is not there, or belongs to a session of another thread.
    pub fn take(&self, py: Python<'_>) -> PyResult<Box<S>> {
        if self.worker.load(Ordering::Acquire) != thread_number() {
            return Err(Self::in_use());
        }
        let attached = Attached::new(py);
        let state = self.state.take_quietly(attached.quiet());
        state.ok_or_else(Self::in_use)
    }

    /// Puts the state back for Python code to find.
    #[inline(always)]
    pub fn put(&self, state: Box<S>) {
        self.state.put_back(state);
    }

    /// Looks at the state between two sessions, or from a hook. `look` runs no Python code and releases
    /// nothing: what it replaces it gives out.
    ///
    /// # Errors
    /// RuntimeError before `__init__`, and while a session runs natively.
    pub fn with<R>(&self, look: impl FnOnce(&mut S) -> R) -> PyResult<R> {
        let mut state = self.state.take().ok_or_else(Self::in_use)?;
        let result = look(&mut state);
        self.put(state);
        Ok(result)
    }

    /// As `with`, but before `__init__` too, on a state that `make` gives: a subclass may set attributes
    /// first.
    ///
    /// # Errors
    /// RuntimeError while a session runs natively.
    pub fn with_early<R>(
        &self,
        make: impl FnOnce() -> Box<S>,
        look: impl FnOnce(&mut S) -> R,
    ) -> PyResult<R> {
        let state = match self.state.take() {
            None if !self.is_working() => Some(make()),
            state => state,
        };
        let mut state = state.ok_or_else(Self::in_use)?;
        let result = look(&mut state);
        self.put(state);
        Ok(result)
    }

    /// Shows the collector what the state holds. What a session under way holds is not shown, and so
    /// counts as held from outside.
    ///
    /// # Errors
    /// What `visit` gives.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        // The collector may run wherever memory is taken, within `with` too.
        let Some(state) = self.state.take() else {
            return Ok(());
        };
        let result = state.traverse(visit);
        self.put(state);
        result
    }

    /// Releases what the state holds, so that a cycle through it can end.
    pub fn clear(&self) {
        let _frames = Frames::enter();
        drop(self.state.take());
        give_up_now();
    }
}

impl<S: Resident> Drop for Home<S> {
    fn drop(&mut self) {
        let _frames = Frames::enter();
        if let Some(state) = self.state.take_from_ended() {
            state.retire();
        }
        give_up_now();
    }
}
