//! Lists, dicts and tuples of which nothing is to be asked but the persistent ids of their parts.
//!
//! `turn.rs` and `ask.rs` know all questions. Here is what is left of them for a pickler that overrides `persistent_id`
//! and nothing else that has to do with such objects, so that few instructions go by beside the calls of the hook.
//! What this file does not do itself goes on as it would have gone there.

use pickle_format::opcode::Opcode;
use pyo3::prelude::*;

use crate::fast::callee::Callee;
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::Kind;
use crate::interpreter::face::Face;
use crate::save::ask::Begun;
use crate::save::containers::batch::Step;
use crate::save::containers::begin;
use crate::save::containers::dict;
use crate::save::containers::dict_place::Place;
use crate::save::containers::list;
use crate::save::containers::met::Met;
use crate::save::containers::opener::Closed;
use crate::save::fault::Fault;
use crate::save::next::Next;
use crate::save::standing::{Container, Standing};
use crate::save::state::State;
use crate::save::walk::Walk;
use crate::save::work::Work;

/// What became of a part that was no leaf.
enum Answer {
    /// It has this persistent id.
    Id(Held),
    /// It has none, and is not in the memo.
    New,
    /// It has none, and there may be more to be asked by now.
    Changed,
}

/// What the step of a container gave.
enum Stepped {
    /// Another step comes next.
    Nothing,
    /// A part is due.
    Due,
    /// The work on top is no list, dict or tuple.
    Other,
}

impl Walk<'_, '_> {
    /// Goes on with the containers on top of the stack, down to `base`, as long as the persistent ids of their parts
    /// are all that is to be asked. `Next::Step` says that the next step is another's.
    ///
    /// # Errors
    /// As for `save_due`.
    #[inline(never)]
    pub fn ask_ids(&mut self, base: usize, steps: &mut u32) -> PyResult<Next> {
        let pickler = self.pickler();
        let Some(mut hook) = self.hook_for_ids(base)? else {
            return Ok(Next::Step);
        };
        let mut raised = None;
        while *steps > 1 {
            *steps -= 1;
            let (state, quiet) = self.split();
            let met = match state.stack.last_mut() {
                Some(Work::List(list)) => list.meet(quiet),
                Some(Work::Dict(dict)) => dict.meet(quiet),
                Some(Work::Tuple(tuple)) => tuple.meet(quiet),
                _ => break,
            };
            let Some(met) = met else {
                if !self.end_container()? {
                    match self.step_container()? {
                        Stepped::Nothing => {}
                        Stepped::Due => return Ok(Next::Save),
                        Stepped::Other => break,
                    }
                }
                if !self.can_ask_ids(base) {
                    break;
                }
                continue;
            };
            if met.is_live {
                state.note_top();
            }
            let passages = self.passages();
            if self.state().writer.out.is_frame_full()
                && let Err(error) = self.next_frame()
            {
                return self.save_after_id(met, passages, Err(error));
            }
            let id = self.leave_for(|py| {
                let id = hook.call(met.obj.bind(py));
                if id.is_none() {
                    raised = fetch(py);
                }
                id.map(Held::from)
            });
            let id = match id {
                Ok(id) => id,
                Err(error) => return self.save_after_id(met, passages, Err(error)),
            };
            let (state, quiet) = self.split();
            let answer = match id {
                Some(id) if !id.view(quiet).is_none() => Ok(Answer::Id(id)),
                Some(_) if state.still_asks_ids_alone(pickler, quiet) => {
                    // All that is in the memo is held by it since the hook was called: what nobody holds but the
                    // container and the walk is not. The memo gets a reference of its own to what is written.
                    let (obj, parts) = (met.obj.view(quiet), Container::Entered);
                    match state.writer.write_if_leaf(obj, parts, met.ours()) {
                        Ok(true) => {
                            state.writer.memo.claim();
                            continue;
                        }
                        Ok(false) => match begin_part(state, &met, quiet) {
                            Ok(true) => continue,
                            Ok(false) => Ok(Answer::New),
                            Err(fault) => self.checked(Err(fault)),
                        },
                        Err(fault) => self.checked(Err(fault)),
                    }
                }
                Some(_) => Ok(Answer::Changed),
                None => raised.take().map_or(Ok(Answer::Changed), Err),
            };
            match self.save_after_id(met, passages, answer)? {
                Next::Step => match self.hook_for_ids(base)? {
                    Some(next) => hook = next,
                    None => break,
                },
                next => return Ok(next),
            }
        }
        Ok(Next::Step)
    }

    fn can_ask_ids(&self, base: usize) -> bool {
        let state = self.state();
        state.asks_ids_alone() && state.stack.len() > base
    }

    /// The hook, where `can_ask_ids`.
    fn hook_for_ids(&mut self, base: usize) -> PyResult<Option<Callee>> {
        if !self.can_ask_ids(base) {
            return Ok(None);
        }
        let hook = self.state().hooks.found.persistent_id.as_ref();
        let Some(hook) = hook.map(|hook| hook.again(self.quiet())) else {
            return Ok(None);
        };
        self.call_in_c(|py| Ok(Some(Callee::of(hook.bind(py)))))
    }

    /// Ends the container on top, where all of it is written and that takes no more than an opcode.
    #[inline(always)]
    fn end_container(&mut self) -> PyResult<bool> {
        let (state, quiet) = self.split();
        let writer = &mut state.writer;
        let ended = match state.stack.last_mut() {
            Some(Work::List(list)) => list.end(writer, quiet),
            Some(Work::Dict(dict)) => dict.end(writer, quiet),
            _ => Ok(false),
        };
        if !self.checked(ended)? {
            return Ok(false);
        }
        let (state, quiet) = self.split();
        state.note_top();
        if !state.end_top(quiet)
            && let Some(work) = state.stack.pop()
        {
            self.end(work);
        }
        Ok(true)
    }

    /// The next step of the container on top.
    #[inline(never)]
    fn step_container(&mut self) -> PyResult<Stepped> {
        let (state, quiet) = self.split();
        let writer = &mut state.writer;
        let step = match state.stack.last_mut() {
            Some(Work::List(list)) => list.step(&mut Closed, writer, quiet),
            Some(Work::Dict(dict)) => dict.step(&mut Closed, writer, quiet),
            Some(Work::Tuple(tuple)) => tuple.step(&mut Closed, writer, quiet),
            _ => return Ok(Stepped::Other),
        };
        state.note_top();
        let (obj, standing) = match step {
            Ok(Step::Open(part, standing)) => (part.hold(), standing),
            Ok(Step::Save(obj, standing)) => (obj, standing),
            Ok(Step::Done) => {
                if !state.end_top(quiet)
                    && let Some(work) = state.stack.pop()
                {
                    self.end(work);
                }
                return Ok(Stepped::Nothing);
            }
            Ok(Step::Release(held)) => {
                self.release([Some(held)]);
                return Ok(Stepped::Nothing);
            }
            Ok(Step::Yield | Step::Begun | Step::Advance | Step::Iterate(_)) => {
                return Ok(Stepped::Other);
            }
            Err(fault) => return self.checked(Err(fault)),
        };
        if let Some(top) = state.stack.last_mut() {
            top.hold(quiet);
        }
        state.save_next(obj, standing);
        Ok(Stepped::Due)
    }

    /// Goes on with a part that is no leaf, or of which more is to be asked; `passages` were made before.
    #[inline(never)]
    fn save_after_id(
        &mut self,
        part: Met,
        passages: u64,
        answer: PyResult<Answer>,
    ) -> PyResult<Next> {
        let standing = standing_of(self.state(), &part);
        let is_new = matches!(answer, Ok(Answer::New));
        let next = match answer {
            Ok(Answer::New | Answer::Changed) => {
                let begun = Begun {
                    passages,
                    memoized: self.state().writer.memo.mark(),
                    is_new,
                };
                self.ask_after_id(&part.obj, standing.seen(), begun)
            }
            Ok(Answer::Id(id)) => self.save_id(id, standing),
            Err(error) => Err(error),
        };
        self.end_saved(part.obj, standing, passages);
        next
    }
}

#[cold]
#[inline(never)]
fn fetch(py: Python<'_>) -> Option<PyErr> {
    Some(PyErr::fetch(py))
}

/// The standing of a part, which the container on top of the stack tells.
#[inline(always)]
fn standing_of(state: &State, part: &Met) -> Standing {
    let told = state.stack.last().and_then(|top| top.standing_of(part));
    told.unwrap_or(Standing::new(Holding::Shared, 0))
}

/// Begins a list or dict that is not in the memo; false for anything else.
#[inline(never)]
fn begin_part(state: &mut State, part: &Met, quiet: &Quiet) -> Result<bool, Fault> {
    let begun = begin(state, part, quiet);
    state.writer.memo.claim();
    begun
}

#[inline(always)]
fn begin(state: &mut State, part: &Met, quiet: &Quiet) -> Result<bool, Fault> {
    let obj = part.obj.view(quiet);
    let kind = obj.kind();
    if !matches!(kind, Kind::List(_) | Kind::Dict(_)) {
        return Ok(false);
    }
    let mut standing = standing_of(state, part).seen();
    if !obj.has_others(1 + part.ours()) {
        // The memo gets a reference of its own at once, so that it is found by whoever meets it again.
        standing.holding = Holding::Deferred;
    }
    let writer = &mut state.writer;
    match kind {
        Kind::List(list) => {
            let opcodes = [Opcode::EMPTY_LIST, Opcode::LIST];
            let Some((standing, batch)) =
                begin::begin(opcodes, (obj, list.len()), standing, writer)?
            else {
                return Ok(true);
            };
            state.make_room()?;
            let rest = list::rest_of(list, standing, 0, batch, &state.writer);
            state.stack.push(Work::List(rest));
        }
        Kind::Dict(dict) => {
            let opcodes = [Opcode::EMPTY_DICT, Opcode::DICT];
            let Some((standing, batch)) =
                begin::begin(opcodes, (obj, dict.len()), standing, writer)?
            else {
                return Ok(true);
            };
            state.make_room()?;
            let place = Place::new(dict, standing);
            let rest = dict::rest_of(dict, place, batch, &state.writer);
            state.stack.push(Work::Dict(rest));
        }
        _ => return Ok(false),
    }
    if state.writer.face == Face::Hookable {
        state.take_batches(quiet);
    }
    Ok(true)
}
