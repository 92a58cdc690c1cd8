//! The quiet steps of a walk: what is done without asking anybody, on the work stack.

use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::save::containers::batch::{Items, Opener, Opening, Step};
use crate::save::fault::Fault;
use crate::save::standing::Standing;
use crate::save::state::State;

/// Where the quiet steps of a walk end.
pub enum Pause {
    /// The stack is worked off.
    Done,
    /// Signals are to be looked for.
    Signals,
    /// A part is to be saved: somebody has to be asked about it. It was looked up in the memo if so said.
    Save(Held, Standing, bool),
    /// A reference is to be given up that may be the last one.
    Release(Held),
    /// The work on top is done, and holds what may be a last reference.
    Ended,
    /// The work on top is no container: it is to be finished.
    Finish,
    /// The items on top need more from their iterator.
    Advance,
    /// Items of the reduce value on top are to be begun.
    Iterate(Items, Held, Standing),
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
        if state.stack.len() <= base {
            return Ok(Pause::Done);
        }
        *steps -= 1;
        if *steps == 0 {
            return Ok(Pause::Signals);
        }
        state.note_top();
        let Some(top) = state.stack.last_mut() else {
            return Ok(Pause::Done);
        };
        let Some(step) = top.step(&mut state.writer, quiet) else {
            return Ok(Pause::Finish);
        };
        match step? {
            Step::Yield => {}
            Step::Open(part, standing) => {
                if let Some(pause) = open(state, part, standing, copyreg_table, quiet)? {
                    return Ok(pause);
                }
            }
            Step::Save(part, standing) => {
                top.hold(quiet);
                return Ok(Pause::Save(part, standing, false));
            }
            Step::Release(held) => return Ok(Pause::Release(held)),
            Step::Advance => return Ok(Pause::Advance),
            Step::Iterate(kind, items, inside) => {
                return Ok(Pause::Iterate(kind, items, inside));
            }
            Step::Done => {
                if let Some((container, holding)) = top.container() {
                    let container = container.view(quiet);
                    state.writer.close(container, holding);
                    if !container.is_released_loudly() {
                        state.stack.pop();
                        continue;
                    }
                }
                return Ok(Pause::Ended);
            }
        }
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
    // Where nobody has to be asked, each part was tried as a leaf, and so looked up in the memo, unless a
    // full frame has to go to the file first.
    let is_new = state.writer.direct && !state.writer.out.is_frame_full();
    let (writer, mut nest) = state.nest(copyreg_table, quiet);
    let opening = nest.open(part, standing, writer);
    if matches!(opening, Ok(Opening::Whole)) {
        return Ok(None);
    }
    if let Some(top) = at.checked_sub(1).and_then(|top| state.stack.get_mut(top)) {
        top.hold(quiet);
    }
    Ok(match opening? {
        Opening::Refused => Some(Pause::Save(part.hold(), standing, is_new)),
        Opening::Whole | Opening::Begun => None,
    })
}
