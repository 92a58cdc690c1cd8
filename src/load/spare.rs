//! The state of a load that is done, kept for the next one: a small load would spend much of its time on making one,
//! and on room for its values.

use pyo3::prelude::*;

use crate::fast::attached::Attached;
use crate::fast::fresh;
use crate::fast::slot::Slot;
use crate::load::state::State;

/// One state that nobody works with, as `keep` left it.
static SPARE: Slot<State> = Slot::new();

/// Entries for which room is kept, of 8 bytes each.
const MAX_ROOM: usize = 1024;

/// What `State::default` gives, made of the state that is kept, if there is one.
///
/// # Errors
/// MemoryError.
#[inline(always)]
pub fn fresh_state(py: Python<'_>) -> PyResult<Box<State>> {
    match SPARE.take_quietly(Attached::new(py).quiet()) {
        Some(state) => Ok(state),
        None => Ok(fresh::boxed(State::default())?),
    }
}

/// Keeps a state for the next load, unless its room is large. Gives up what it holds, which may run Python code.
#[inline(always)]
pub fn keep(mut state: Box<State>, py: Python<'_>) {
    state.begin_anew(|value| drop(value.into_bound(py)));
    if state.room() <= MAX_ROOM {
        drop(SPARE.keep_quietly(state, Attached::new(py).quiet()));
    }
}

/// As `keep`, for the state of an object that has ended.
pub fn keep_of_ended(mut state: Box<State>) {
    state.begin_anew(drop);
    if state.room() <= MAX_ROOM {
        drop(SPARE.replace(state));
    }
}
