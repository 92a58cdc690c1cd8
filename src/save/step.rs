//! The quiet steps of a walk: what is done without asking anybody, on the work stack.

use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::save::containers::batch::{Items, Step};
use crate::save::containers::opener::{Opener, Opening};
use crate::save::fault::Fault;
use crate::save::standing::Standing;
use crate::save::state::State;
use crate::save::work::Work;

/// Where the quiet steps of a walk end.
pub enum Pause {
    /// The stack is worked off.
    Done,
    /// Signals are to be looked for.
    Signals,
    /// The part that is due (`State::due`) is to be saved.
    Save,
    /// A reference is to be given up that may be the last one.
    Release(Held),
    /// The work on top is done, and holds what may be a last reference.
    Ended,
    /// The work on top is no container: it is to be finished.
    Finish,
    /// The items on top need more from their iterator.
    Advance,
    /// Somebody's function is to be called (`Writer::asked`).
    Asked,
    /// Items of the reduce value on top are to be begun.
    Iterate(Items),
}

/// Takes steps until Python code may have to run.
///
/// # Errors
/// What writing fails with, and what the model raises when a container has changed.
#[inline(always)]
pub fn step_quietly(
    state: &mut State,
    base: usize,
    steps: &mut u32,
    copyreg_table: View<'_>,
    quiet: &Quiet,
) -> Result<Pause, Fault> {
    loop {
        if state.writer.asked.is_some() {
            return Ok(Pause::Asked);
        }
        if !state.older_saves.is_empty() {
            state.older_saves.forget(state.stack.len());
        }
        if state.stack.len() <= base {
            return Ok(Pause::Done);
        }
        *steps -= 1;
        if *steps == 0 {
            return Ok(Pause::Signals);
        }
        state.note_top();
        let Some(step) = step(state, copyreg_table, quiet) else {
            return Ok(Pause::Finish);
        };
        match step? {
            Step::Yield => {}
            Step::Begun => {
                if state.due.is_some() {
                    return Ok(Pause::Save);
                }
            }
            Step::Open(part, standing) => {
                if let Some(pause) = open(state, part, standing, copyreg_table, quiet)? {
                    return Ok(pause);
                }
            }
            Step::Save(obj, standing) => {
                if let Some(top) = state.stack.last_mut() {
                    top.hold(quiet);
                }
                state.save_next(obj, standing);
                return Ok(Pause::Save);
            }
            Step::Release(held) => return Ok(Pause::Release(held)),
            Step::Advance => return Ok(Pause::Advance),
            Step::Iterate(items) => return Ok(Pause::Iterate(items)),
            Step::Done => {
                if !state.end_top(quiet) {
                    return Ok(Pause::Ended);
                }
            }
        }
    }
}

impl State {
    /// Takes the work on top, which is done, off the stack; false, with nothing done, where it is no container, or holds
    /// what may be a last reference.
    #[inline(always)]
    pub fn end_top(&mut self, quiet: &Quiet) -> bool {
        let top = self.stack.last();
        let Some((container, holding)) = top.and_then(Work::container) else {
            return false;
        };
        let container = container.view(quiet);
        self.writer.close(container, holding);
        if container.is_released_loudly() {
            return false;
        }
        let rest = self.stack.len() - 1;
        // What it holds is dropped where it lies.
        self.stack.truncate(rest);
        true
    }
}

/// One step of the work on top of the stack; None where that is not stepped, but finished. The parts of a list or dict
/// are opened on the way, where that may be done without asking.
#[inline(always)]
fn step<'q>(
    state: &mut State,
    copyreg_table: View<'_>,
    quiet: &'q Quiet,
) -> Option<Result<Step<'q>, Fault>> {
    let top = state.stack.last_mut()?;
    if !state.writer.direct || !matches!(top, Work::List(_) | Work::Dict(_)) {
        return top.step(&mut state.writer, quiet);
    }
    let (writer, mut nest) = state.nest(copyreg_table, quiet);
    let mut work = nest.stack.pop()?;
    let at = nest.stack.len();
    let step = work.step_through(&mut nest, writer, quiet);
    if matches!(step, Some(Ok(Step::Begun) | Err(_))) {
        work.hold(quiet);
    }
    // Its parts lie above it.
    match nest.insert(at, work) {
        Ok(_) => step,
        Err(fault) => Some(Err(fault)),
    }
}

/// Opens a part of the work on top of the stack.
#[inline(always)]
fn open(
    state: &mut State,
    part: View<'_>,
    standing: Standing,
    copyreg_table: View<'_>,
    quiet: &Quiet,
) -> Result<Option<Pause>, Fault> {
    let at = state.stack.len();
    let (writer, mut nest) = state.nest(copyreg_table, quiet);
    let opening = nest.open(part, standing, writer);
    if matches!(opening, Ok(Opening::Whole)) {
        return Ok(None);
    }
    if let Some(top) = at.checked_sub(1).and_then(|top| state.stack.get_mut(top)) {
        top.hold(quiet);
    }
    if matches!(opening?, Opening::Refused) {
        state.save_next(part.hold(), standing);
    }
    Ok(state.due.is_some().then_some(Pause::Save))
}
