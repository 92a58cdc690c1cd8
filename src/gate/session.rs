//! A session: a state that is worked on, and the way home for it.

use pyo3::prelude::*;

use crate::fast::attached::Attached;
use crate::fast::held::{Held, give_up_late};
use crate::fast::memo::Memo;
use crate::fast::quiet::Quiet;
use crate::gate::home::{Home, Resident};

/// A state whose memo rests on what was seen since the last passage of the gate.
pub trait Walked: Resident {
    /// The memo, which takes its references before Python code runs.
    fn memo(&mut self) -> &mut Memo;

    /// To be called before the state goes home.
    fn before_passage(&mut self, quiet: &Quiet);

    /// To be called when the state is back.
    fn after_passage(&mut self);

    /// An empty state, to unwind with where another session has taken the state away.
    fn placeholder() -> Box<Self>;
}

/// Works on a state. It alone has the token to call Python with, and gives it out in [`Session::leave`].
pub struct Session<'py, 'h, S: Walked> {
    attached: Attached<'py>,
    /// None only while Python code runs.
    state: Option<Box<S>>,
    home: Option<(&'h Home<S>, &'h Held)>,
    /// What the home had for `Home::turns` when this session began.
    turns: u64,
    abandoned: bool,
}

/// Why there is no state where one must be.
const OWNED: &str = "a session owns its state whenever no Python code runs";

impl<'py, 'h, S: Walked> Session<'py, 'h, S> {
    /// Begins to work on a state. `home` is where it goes while Python code runs, with the object that
    /// hooks see as `self`; a function's state has none.
    pub fn new(py: Python<'py>, state: Box<S>, home: Option<(&'h Home<S>, &'h Held)>) -> Self {
        Self {
            attached: Attached::new(py),
            state: Some(state),
            turns: home.map_or(0, |(home, _)| home.turns()),
            home,
            abandoned: false,
        }
    }

    /// The state.
    #[inline(always)]
    pub fn state(&self) -> &S {
        self.state.as_deref().expect(OWNED)
    }

    /// The state, to be changed.
    #[inline(always)]
    pub fn state_mut(&mut self) -> &mut S {
        self.state.as_deref_mut().expect(OWNED)
    }

    /// What views borrow.
    #[inline(always)]
    pub fn quiet(&self) -> &Quiet {
        self.attached.quiet()
    }

    /// The state, and what views borrow while it is worked on.
    #[inline(always)]
    pub fn split(&mut self) -> (&mut S, &Quiet) {
        (
            self.state.as_deref_mut().expect(OWNED),
            self.attached.quiet(),
        )
    }

    /// The object that hooks see as `self`.
    #[inline(always)]
    pub fn owner(&self) -> Option<&'h Held> {
        self.home.map(|(_, owner)| owner)
    }

    /// Whether the state was taken away by another session.
    pub fn is_abandoned(&self) -> bool {
        self.abandoned
    }

    /// Ends the session and gives the state out.
    pub fn into_state(mut self) -> Box<S> {
        self.state.take().expect(OWNED)
    }

    /// A passage of the gate: runs `call`, which may run any Python code, with the state at home.
    ///
    /// # Errors
    /// What `call` raises; RuntimeError where another session holds the state afterwards, as a hook
    /// that switches stacks can bring about.
    #[inline]
    pub fn leave<R>(&mut self, call: impl FnOnce(Python<'py>) -> PyResult<R>) -> PyResult<R> {
        match self.leave_for(call) {
            // An error is a large thing to be moved, so it goes another way than what is returned.
            Ok(Err(error)) | Err(error) => failed(error),
            Ok(Ok(value)) => Ok(value),
        }
    }

    /// As `leave`, for a call that does not fail, or sees to its errors itself.
    ///
    /// # Errors
    /// RuntimeError where another session holds the state afterwards.
    #[inline(always)]
    pub fn leave_for<R>(&mut self, call: impl FnOnce(Python<'py>) -> R) -> PyResult<R> {
        let state = self.state.as_deref_mut().expect(OWNED);
        state.before_passage(self.attached.quiet());
        let py = self.attached.token(state.memo());
        let depth = state.depth();
        if let Some((home, _)) = self.home
            && let Some(state) = self.state.take()
        {
            home.put(state);
        }
        give_up_late(py);
        let result = call(py);
        let Some((home, _)) = self.home else {
            self.state_mut().after_passage();
            return Ok(result);
        };
        match home.take_back(self.turns, self.attached.quiet()) {
            Ok(mut state) if state.depth() == depth => {
                state.after_passage();
                // There is none, so nothing is forgotten; it need not be looked whether one is to be dropped.
                std::mem::forget(self.state.replace(state));
                Ok(result)
            }
            Ok(state) => {
                home.put(state);
                self.abandon();
                Err(Home::<S>::in_use())
            }
            Err(error) => {
                self.abandon();
                Err(error)
            }
        }
    }

    /// Runs C code of the interpreter that runs no Python code unless it fails: the state stays, with
    /// references taken to all that was memoized.
    ///
    /// # Errors
    /// What `call` raises.
    #[inline]
    pub fn call_in_c<R>(&mut self, call: impl FnOnce(Python<'py>) -> PyResult<R>) -> PyResult<R> {
        let state = self.state.as_deref_mut().expect(OWNED);
        call(self.attached.token(state.memo()))
    }

    /// Goes on with an empty state, so that the work can unwind: its own was taken away.
    #[cold]
    fn abandon(&mut self) {
        self.home = None;
        self.abandoned = true;
        self.state = Some(S::placeholder());
    }
}

#[cold]
#[inline(never)]
fn failed<R>(error: PyErr) -> PyResult<R> {
    Err(error)
}
