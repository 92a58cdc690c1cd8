//! The walk: a session on a pickler's state, with its passages of the gate.

use pyo3::prelude::*;

use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::gate::home::Home;
use crate::gate::session::Session;
use crate::interpreter::imports::Imports;
use crate::save::fault::Fault;
use crate::save::next::Next;
use crate::save::standing::Standing;
use crate::save::state::State;
use crate::save::work::Work;
use crate::save::write::writer::Writer;

/// A running walk over an object graph.
pub struct Walk<'py, 'h> {
    session: Session<'py, 'h, State>,
    pub imports: &'static Imports,
}

impl<'py, 'h> Walk<'py, 'h> {
    /// Begins to walk. `home` is where the state goes while Python code runs, with the pickler that hooks
    /// see as `self`; a function's state has none.
    pub fn new(
        py: Python<'py>,
        imports: &'static Imports,
        state: Box<State>,
        home: Option<(&'h Home<State>, &'h Held)>,
    ) -> Self {
        Self {
            imports,
            session: Session::new(py, state, home),
        }
    }

    /// The state.
    #[inline(always)]
    pub fn state(&self) -> &State {
        self.session.state()
    }

    /// The state, to be changed.
    #[inline(always)]
    pub fn state_mut(&mut self) -> &mut State {
        self.session.state_mut()
    }

    /// The writer.
    #[inline(always)]
    pub fn writer(&mut self) -> &mut Writer {
        &mut self.session.state_mut().writer
    }

    /// What views borrow.
    #[inline(always)]
    pub fn quiet(&self) -> &Quiet {
        self.session.quiet()
    }

    /// The state, and what views borrow while it is worked on.
    #[inline(always)]
    pub fn split(&mut self) -> (&mut State, &Quiet) {
        self.session.split()
    }

    /// The pickler that hooks see as `self`.
    pub fn pickler(&self) -> Option<&'h Held> {
        self.session.owner()
    }

    /// How often the gate was passed.
    #[inline(always)]
    pub fn passages(&self) -> u64 {
        self.state().writer.passages
    }

    /// Whether the state was taken away by another walk.
    pub fn is_abandoned(&self) -> bool {
        self.session.is_abandoned()
    }

    /// Ends the walk and gives the state out.
    pub fn into_state(self) -> Box<State> {
        self.session.into_state()
    }

    /// A passage of the gate: runs `call`, which may run any Python code, with the state at home. Nothing
    /// that belongs to the token comes out of it.
    ///
    /// # Errors
    /// What `call` raises; RuntimeError where another walk holds the state afterwards.
    #[inline]
    pub fn leave<R>(
        &mut self,
        call: impl for<'p> FnOnce(Python<'p>) -> PyResult<R>,
    ) -> PyResult<R> {
        if self.state().writer.waiting.is_some() {
            self.wait_no_longer()?;
        }
        self.session.leave(call)
    }

    /// As `leave`, for a call that sees to its errors itself.
    ///
    /// # Errors
    /// RuntimeError where another walk holds the state afterwards; what the file raises that bytes waited for.
    #[inline(always)]
    pub fn leave_for<R>(&mut self, call: impl for<'p> FnOnce(Python<'p>) -> R) -> PyResult<R> {
        if self.state().writer.waiting.is_some() {
            self.wait_no_longer()?;
        }
        self.session.leave_for(call)
    }

    /// Calls C code of the interpreter that runs no Python code unless it fails: the state stays.
    ///
    /// # Errors
    /// What `call` raises.
    #[inline]
    pub fn call_in_c<R>(
        &mut self,
        call: impl for<'p> FnOnce(Python<'p>) -> PyResult<R>,
    ) -> PyResult<R> {
        self.session.call_in_c(call)
    }

    /// What a quiet part of the walk gave; its fault becomes an exception.
    ///
    /// # Errors
    /// The exception.
    #[inline(always)]
    pub fn checked<R>(&mut self, result: Result<R, Fault>) -> PyResult<R> {
        match result {
            Ok(value) => Ok(value),
            Err(fault) => Err(self.raised(fault)),
        }
    }

    #[cold]
    #[inline(never)]
    fn raised(&mut self, fault: Fault) -> PyErr {
        let raised = self.leave(|py| Ok(fault.into_exception(py)));
        raised.unwrap_or_else(|error| error)
    }

    /// Writes what needs nobody to be asked.
    ///
    /// # Errors
    /// The exception for the writer's fault.
    #[inline(always)]
    pub fn write<R>(
        &mut self,
        write: impl FnOnce(&mut Writer, &Quiet) -> Result<R, Fault>,
    ) -> PyResult<R> {
        let (state, quiet) = self.split();
        let result = write(&mut state.writer, quiet);
        self.checked(result)
    }

    /// Notes that an object is to be saved next, of which all is to be asked.
    pub fn save_next(&mut self, obj: Held, standing: Standing) -> Next {
        self.state_mut().save_next(obj, standing);
        Next::Save
    }

    /// Puts a work item on the stack.
    ///
    /// # Errors
    /// MemoryError.
    pub fn push(&mut self, work: Work) -> PyResult<()> {
        let pushed = self.state_mut().push(work);
        self.checked(pushed)
    }

    /// Gives up references, of which some may be the last to something with a finaliser.
    #[inline(always)]
    pub fn release<const N: usize>(&mut self, held: [Option<Held>; N]) {
        let quiet = self.session.quiet();
        let mut dies = false;
        for object in held.iter().flatten() {
            let object = object.view(quiet);
            if object.is_released_loudly() {
                return self.release_loudly(held);
            }
            dies |= object.is_held_once();
        }
        if dies {
            self.release_quietly(held);
        }
    }

    /// As `release`, where the gate was passed to get what is given up: one passage more changes nothing, and
    /// without a home it costs less than to find out whether it is needed.
    #[inline(always)]
    pub fn release_after_passage<const N: usize>(&mut self, held: [Option<Held>; N]) {
        if self.pickler().is_some() {
            self.release(held);
        } else {
            self.release_loudly(held);
        }
    }

    /// Frees what runs no Python code when it dies: at once, so that the counts of what it holds tell the
    /// truth. What is left with one holder by this would count as never met, so the memo takes its references.
    fn release_quietly<const N: usize>(&mut self, held: [Option<Held>; N]) {
        let _ = self.call_in_c(|py| {
            give_up(py, held);
            Ok(())
        });
    }

    #[inline(never)]
    fn release_loudly<const N: usize>(&mut self, held: [Option<Held>; N]) {
        // A release raises nothing; only a state lost to another walk can be reported, and the next
        // passage reports it.
        let _ = self.leave(|py| {
            give_up(py, held);
            Ok(())
        });
    }
}

fn give_up<const N: usize>(py: Python<'_>, held: [Option<Held>; N]) {
    drop(held.map(|held| held.map(|held| held.into_bound(py))));
}
