//! The gate: every call that may run Python code that is not ours goes through it.
//!
//! A walk owns the pickler's state while it runs. Before user code runs the state goes home, to
//! the Python object, with references taken to all that was memoized; after, it is taken again.
//! So a hook can use the pickler, and nothing borrowed outlives the passage.

use std::ops::{Deref, DerefMut};
use std::sync::Mutex;
use std::thread::ThreadId;

use pickle_format::protocol::Protocol;
use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::fast::memo::Holding;
use crate::interpreter::face::Face;
use crate::save::state::State;

/// Which hooks are overridden, as far as it was looked.
#[derive(Default)]
pub struct Hooks {
    pub persistent_id: Option<Py<PyAny>>,
    pub reducer_override: Option<Py<PyAny>>,
    pub resolve_global: Option<Py<PyAny>>,
    /// The class whose methods are no overrides; None where nobody can override anything.
    pub base: Option<Py<PyType>>,
    /// A table other than `copyreg`'s.
    pub dispatch_table: Option<Py<PyAny>>,
    /// Nobody is asked about atoms and strings.
    pub quiet: bool,
    /// `State::passages` when these were looked up; the hookable face looks again once it moved.
    pub seen_at: u64,
    /// The version of the pickler's class at that time, and whether the instance had a hook of its
    /// own.
    pub class_version: u32,
    pub own: bool,
}

impl Hooks {
    /// Takes out what a dump looked up. The lean face's table is no such thing: it is a slot.
    pub fn take_found(&mut self, face: Face) -> Hooks {
        let mut found = std::mem::take(self);
        self.base = found.base.take();
        if face == Face::Lean {
            self.dispatch_table = found.dispatch_table.take();
        }
        found
    }
}

/// Where a pickler's state lives while no walk runs natively.
#[derive(Default)]
pub struct Home {
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    state: Option<Box<State>>,
    walker: Option<ThreadId>,
    initialized: bool,
}

/// The words of CPython 3.15 for concurrent and nested use.
pub fn in_use() -> PyErr {
    PyRuntimeError::new_err("Pickler object is already used")
}

impl Home {
    fn lock(&self) -> std::sync::MutexGuard<'_, Slot> {
        self.slot
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Puts a fresh state in.
    ///
    /// # Errors
    /// RuntimeError while a dump runs.
    pub fn initialize(&self, state: Box<State>) -> PyResult<Option<Box<State>>> {
        let mut slot = self.lock();
        if slot.walker.is_some() {
            return Err(in_use());
        }
        slot.initialized = true;
        Ok(slot.state.replace(state))
    }

    /// Whether `__init__` has run.
    pub fn is_initialized(&self) -> bool {
        self.lock().initialized
    }

    /// Takes the state for a new outermost walk.
    pub fn begin(&self) -> PyResult<Box<State>> {
        let mut slot = self.lock();
        if slot.walker.is_some() {
            return Err(in_use());
        }
        let state = slot.state.take().ok_or_else(in_use)?;
        slot.walker = Some(std::thread::current().id());
        Ok(state)
    }

    /// Gives the state back at the end of an outermost walk.
    pub fn end(&self, state: Box<State>) {
        let mut slot = self.lock();
        slot.state = Some(state);
        slot.walker = None;
    }

    /// Ends an outermost walk whose state another walk holds.
    pub fn abandon(&self) {
        self.lock().walker = None;
    }

    /// Whether a walk is under way.
    pub fn is_walking(&self) -> bool {
        self.lock().walker.is_some()
    }

    /// Takes the state for a walk nested in the one under way on this thread.
    pub fn take(&self) -> PyResult<Box<State>> {
        let mut slot = self.lock();
        if slot.walker != Some(std::thread::current().id()) {
            return Err(in_use());
        }
        slot.state.take().ok_or_else(in_use)
    }

    /// Puts the state back for user code to find.
    pub fn put(&self, state: Box<State>) {
        self.lock().state = Some(state);
    }

    /// As `with`, but before `__init__` too: a subclass may set attributes first.
    pub fn with_early<R>(&self, look: impl FnOnce(&mut State) -> R) -> PyResult<R> {
        let mut slot = self.lock();
        if slot.state.is_none() && slot.walker.is_none() {
            slot.state = Some(Box::new(State::new(
                Face::Lean,
                Protocol::HIGHEST,
                false,
                true,
            )));
        }
        slot.state.as_deref_mut().map(look).ok_or_else(in_use)
    }

    /// Shows the collector what the pickler holds. What a walk under way holds is not shown, and so
    /// counts as held from outside.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(slot) = self.slot.try_lock() else {
            return Ok(());
        };
        let Some(state) = slot.state.as_deref() else {
            return Ok(());
        };
        let hooks = &state.hooks;
        let held = [
            &state.write,
            &state.buffer_callback,
            &state.bin_given,
            &state.fast_given,
            &hooks.persistent_id,
            &hooks.reducer_override,
            &hooks.resolve_global,
            &hooks.dispatch_table,
        ];
        for object in held.into_iter().flatten() {
            visit.call(object)?;
        }
        state.memo.traverse(visit)
    }

    /// Gives out what the pickler holds, so that a cycle through it can end.
    pub fn clear(&self) -> Option<Box<State>> {
        self.slot.try_lock().ok()?.state.take()
    }

    /// Looks at the state between two walks, or from a hook. No Python code may run in `look`.
    pub fn with<R>(&self, look: impl FnOnce(&mut State) -> R) -> PyResult<R> {
        let mut slot = self.lock();
        slot.state.as_deref_mut().map(look).ok_or_else(in_use)
    }
}

/// A running walk: the state, and the way home for it.
pub struct Walk<'py, 'h> {
    pub py: Python<'py>,
    /// None only while user code runs.
    state: Option<Box<State>>,
    home: Option<(&'h Home, &'h Bound<'py, PyAny>)>,
    abandoned: bool,
}

impl Deref for Walk<'_, '_> {
    type Target = State;
    #[inline(always)]
    fn deref(&self) -> &State {
        self.state
            .as_deref()
            .expect("a walk owns the state whenever it runs")
    }
}

impl DerefMut for Walk<'_, '_> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut State {
        self.state
            .as_deref_mut()
            .expect("a walk owns the state whenever it runs")
    }
}

impl<'py, 'h> Walk<'py, 'h> {
    pub fn new(
        py: Python<'py>,
        state: Box<State>,
        home: Option<(&'h Home, &'h Bound<'py, PyAny>)>,
    ) -> Self {
        Self {
            py,
            state: Some(state),
            home,
            abandoned: false,
        }
    }

    /// The pickler that hooks see as `self`.
    pub fn pickler(&self) -> Option<&'h Bound<'py, PyAny>> {
        self.home.map(|(_, pickler)| pickler)
    }

    /// Whether the state was taken away by another walk.
    pub fn is_abandoned(&self) -> bool {
        self.abandoned
    }

    /// Ends the walk and gives the state out.
    pub fn into_state(mut self) -> Box<State> {
        self.state
            .take()
            .expect("a walk owns the state whenever it runs")
    }

    /// Runs `call`, which may run any Python code, with the state at home.
    ///
    /// # Errors
    /// What `call` raises; RuntimeError when another walk holds the state afterwards, as a hook
    /// that switches stacks can bring about.
    pub fn leave<R>(&mut self, call: impl FnOnce(Python<'py>) -> PyResult<R>) -> PyResult<R> {
        self.memo.claim();
        self.passages += 1;
        if self.face == Face::Hookable {
            self.take_batches();
        }
        let Some((home, _)) = self.home else {
            return call(self.py);
        };
        let depth = self.depth;
        if let Some(state) = self.state.take() {
            home.put(state);
        }
        let result = call(self.py);
        match home.take() {
            Ok(state) if state.depth == depth => {
                self.state = Some(state);
                result
            }
            Ok(state) => {
                home.put(state);
                self.abandon();
                Err(in_use())
            }
            Err(error) => {
                self.abandon();
                Err(error)
            }
        }
    }

    /// On the hookable face a batch is what the container held when the batch began.
    fn take_batches(&mut self) {
        let py = self.py;
        let state = &mut **self;
        let first = state.batches_taken.min(state.stack.len());
        for work in &mut state.stack[first..] {
            work.take_batch(py);
        }
        state.batches_taken = state.stack.len();
    }

    /// To be called before objects are made that the collector tracks: up to 3.11 their allocation
    /// may run it, and so finalisers, on the spot.
    #[inline(always)]
    pub fn before_allocating(&mut self) {
        #[cfg(not(Py_3_12))]
        {
            self.memo.claim();
            self.passages += 1;
        }
        crate::fast::watch::allocation_foreseen();
    }

    /// Goes on with an empty state, so that the walk can unwind: its own was taken away.
    #[cold]
    fn abandon(&mut self) {
        self.home = None;
        self.abandoned = true;
        self.state = Some(Box::new(State::new(
            Face::Lean,
            Protocol::HIGHEST,
            false,
            true,
        )));
    }

    /// Releases what a work item held of an object that it is done with.
    ///
    /// An object that was met as shared and is left with one holder would count as never met when
    /// that holder is walked again, as a reduce value that lies in the graph too can be. The memo's
    /// own reference keeps the count above one.
    #[inline(always)]
    pub fn close<T>(&mut self, obj: Py<T>, holding: Holding) {
        let held = crate::fast::object::reference_count(obj.bind(self.py).as_any().as_borrowed());
        if holding == Holding::Shared && held <= 2 {
            self.memo.claim();
        }
        self.release(obj);
    }

    /// Releases an object that may be the last to hold something with a finaliser.
    #[inline(always)]
    pub fn release<T>(&mut self, obj: Py<T>) {
        if crate::fast::object::is_held_once(obj.bind(self.py).as_any().as_borrowed()) {
            // A release raises nothing; only a state lost to another walk can be reported, and
            // the next passage reports it.
            let _ = self.leave(|_| {
                crate::fast::watch::released(obj.as_ptr());
                drop(obj);
                Ok(())
            });
        }
    }
}
