//! The state of a dump that is done, kept for the next one: a small dump would spend most of its time on making one.

use pickle_format::protocol::Protocol;
use pyo3::prelude::*;

use crate::fast::fresh;
use crate::fast::slot::Slot;
use crate::interpreter::face::Face;
use crate::save::state::State;

/// One state that nobody works with, as `keep` left it.
static SPARE: Slot<State> = Slot::new();

/// What `State::new` gives, made of the state that is kept, if there is one.
///
/// # Errors
/// MemoryError.
pub fn fresh_state(
    face: Face,
    protocol: Protocol,
    fix_imports: bool,
    keeps_memo: bool,
) -> PyResult<Box<State>> {
    if let Some(mut state) = SPARE.take() {
        state.choose(face, protocol, fix_imports, keeps_memo);
        return Ok(state);
    }
    Ok(fresh::boxed(State::new(
        face,
        protocol,
        fix_imports,
        keeps_memo,
    ))?)
}

/// Keeps a state for the next dump. Gives up what it holds, which may run Python code.
pub fn keep(mut state: Box<State>) {
    state.begin_anew();
    drop(SPARE.replace(state));
}
