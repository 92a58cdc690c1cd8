//! Where a state lives while no session runs natively.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::ThreadId;

use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::fast::held::give_up_now;
use crate::fast::thread_end::Frames;

/// Where an object of the owner's class has its state.
pub type FindHome<S> = for<'a> fn(&'a Bound<'_, PyAny>) -> PyResult<&'a Home<S>>;

/// What lives at a home: all that a pickler or an unpickler owns.
pub trait Resident: Sized {
    /// The words of CPython 3.15 for concurrent and nested use.
    const IN_USE: &'static str;

    /// How many sessions are nested on this state.
    fn depth(&self) -> usize;

    /// Shows the collector every object that the state holds.
    ///
    /// # Errors
    /// What `visit` gives.
    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError>;
}

/// A pickler's or an unpickler's state, and who works on it.
///
/// No lock is held while Python code runs, or while anything is released.
pub struct Home<S> {
    slot: Mutex<Slot<S>>,
}

struct Slot<S> {
    /// None before `__init__`, and while a session runs natively.
    state: Option<Box<S>>,
    /// The thread of the outermost session.
    worker: Option<ThreadId>,
    initialized: bool,
}

impl<S> Default for Home<S> {
    fn default() -> Self {
        Self {
            slot: Mutex::new(Slot {
                state: None,
                worker: None,
                initialized: false,
            }),
        }
    }
}

impl<S: Resident> Home<S> {
    fn lock(&self) -> MutexGuard<'_, Slot<S>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The error for what can't be done while a session is under way.
    #[cold]
    pub fn in_use() -> PyErr {
        PyRuntimeError::new_err(S::IN_USE)
    }

    /// Whether a session is under way.
    pub fn is_working(&self) -> bool {
        self.lock().worker.is_some()
    }

    /// Whether `__init__` has run.
    pub fn is_initialized(&self) -> bool {
        self.lock().initialized
    }

    /// Puts a fresh state in, and gives the old one out, to be released by the caller.
    ///
    /// # Errors
    /// RuntimeError while a session is under way.
    pub fn initialize(&self, state: Box<S>) -> PyResult<Option<Box<S>>> {
        let mut slot = self.lock();
        if slot.worker.is_some() {
            return Err(Self::in_use());
        }
        slot.initialized = true;
        Ok(slot.state.replace(state))
    }

    /// Begins a new outermost session on a fresh state, where there is none.
    ///
    /// # Errors
    /// RuntimeError while another one is under way.
    pub fn begin_with(&self, make: impl FnOnce() -> Box<S>) -> PyResult<Box<S>> {
        let mut slot = self.lock();
        if slot.worker.is_some() {
            return Err(Self::in_use());
        }
        slot.initialized = true;
        slot.worker = Some(std::thread::current().id());
        Ok(slot.state.take().unwrap_or_else(make))
    }

    /// Takes the state for a new outermost session.
    ///
    /// # Errors
    /// RuntimeError while another one is under way.
    pub fn begin(&self) -> PyResult<Box<S>> {
        let mut slot = self.lock();
        if slot.worker.is_some() {
            return Err(Self::in_use());
        }
        let state = slot.state.take().ok_or_else(Self::in_use)?;
        slot.worker = Some(std::thread::current().id());
        Ok(state)
    }

    /// Gives the state back at the end of an outermost session.
    pub fn end(&self, state: Box<S>) {
        let mut slot = self.lock();
        slot.state = Some(state);
        slot.worker = None;
    }

    /// Ends an outermost session whose state another one holds.
    pub fn abandon(&self) {
        self.lock().worker = None;
    }

    /// Takes the state back after Python code ran, or for a session nested in the one under way on this
    /// thread.
    ///
    /// # Errors
    /// RuntimeError where it is not there, or belongs to a session of another thread.
    #[inline]
    pub fn take(&self) -> PyResult<Box<S>> {
        let mut slot = self.lock();
        if slot.worker != Some(std::thread::current().id()) {
            return Err(Self::in_use());
        }
        slot.state.take().ok_or_else(Self::in_use)
    }

    /// Puts the state back for Python code to find.
    #[inline]
    pub fn put(&self, state: Box<S>) {
        self.lock().state = Some(state);
    }

    /// Looks at the state between two sessions, or from a hook. `look` runs no Python code and releases
    /// nothing: what it replaces it gives out.
    ///
    /// # Errors
    /// RuntimeError before `__init__`, and while a session runs natively.
    pub fn with<R>(&self, look: impl FnOnce(&mut S) -> R) -> PyResult<R> {
        let mut slot = self.lock();
        slot.state.as_deref_mut().map(look).ok_or_else(Self::in_use)
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
        let mut slot = self.lock();
        if slot.state.is_none() && slot.worker.is_none() {
            slot.state = Some(make());
        }
        slot.state.as_deref_mut().map(look).ok_or_else(Self::in_use)
    }

    /// Shows the collector what the state holds. What a session under way holds is not shown, and so
    /// counts as held from outside.
    ///
    /// # Errors
    /// What `visit` gives.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        // The collector may run wherever memory is taken, under this very lock too.
        match self.slot.try_lock() {
            Ok(slot) => match slot.state.as_deref() {
                Some(state) => state.traverse(visit),
                None => Ok(()),
            },
            Err(_) => Ok(()),
        }
    }

    /// Releases what the state holds, so that a cycle through it can end.
    pub fn clear(&self) {
        let _frames = Frames::enter();
        let state = match self.slot.try_lock() {
            Ok(mut slot) => slot.state.take(),
            Err(_) => None,
        };
        drop(state);
        give_up_now();
    }
}

impl<S> Drop for Home<S> {
    fn drop(&mut self) {
        let _frames = Frames::enter();
        let slot = self.slot.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(slot.state.take());
        give_up_now();
    }
}
