//! Lists, dicts and tuples of which nothing is to be asked but the persistent ids of their parts.
//!
//! `turn.rs` and `ask.rs` know all questions. Here is what is left of them for a pickler that overrides `persistent_id`
//! and nothing else that has to do with such objects, so that few instructions go by beside the calls of the hook.
//! What this file does not do itself goes on as it would have gone there.

use pyo3::prelude::*;

use crate::fast::call::call_hook;
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::view::Kind;
use crate::save::ask::Begun;
use crate::save::containers::batch::{Closed, Step};
use crate::save::containers::begin::{begin_dict, begin_list};
use crate::save::containers::met::Met;
use crate::save::next::Next;
use crate::save::standing::{Container, Standing};
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
    Part(Met, Standing),
    /// Another step comes next.
    Nothing,
    /// The work on top is no list, dict or tuple.
    Other,
}

impl Walk<'_, '_> {
    /// Goes on with the containers on top of the stack, down to `base`, as long as the persistent ids of their parts
    /// are all that is to be asked. `Next::Step` says that the next step is another's.
    ///
    /// # Errors
    /// As for `save_due`.
    pub fn ask_ids(&mut self, base: usize, steps: &mut u32) -> PyResult<Next> {
        let pickler = self.pickler();
        let mut goes_on = self.can_ask_ids(base);
        while goes_on && *steps > 1 {
            *steps -= 1;
            let (state, quiet) = self.split();
            let Some(hook) = &state.hooks.found.persistent_id else {
                break;
            };
            let hook = hook.again(quiet);
            let met = match state.stack.last_mut() {
                Some(Work::List(list)) => list.meet(quiet),
                Some(Work::Dict(dict)) => dict.meet(quiet),
                Some(Work::Tuple(tuple)) => tuple.meet(quiet),
                _ => break,
            };
            let (met, standing) = match met {
                Some(met) => {
                    if met.is_live {
                        state.note_top();
                    }
                    (met, None)
                }
                None => match self.step_container()? {
                    Stepped::Part(met, standing) => (met, Some(standing)),
                    Stepped::Nothing => {
                        goes_on = self.can_ask_ids(base);
                        continue;
                    }
                    Stepped::Other => break,
                },
            };
            let passages = self.passages();
            if self.state().writer.out.is_frame_full()
                && let Err(error) = self.next_frame()
            {
                return self.save_after_id(met, standing, passages, Err(error));
            }
            let id = self.leave(|py| {
                let id = call_hook(hook.bind(py), met.obj.bind(py))?;
                Ok((!id.is_none()).then(|| Held::from(id)))
            });
            let (state, quiet) = self.split();
            let answer = match id {
                Ok(None) if state.still_asks_ids_alone(pickler, quiet) => {
                    // All that is in the memo is held by it since the hook was called: what nobody holds but the
                    // container and the walk is not.
                    let (obj, parts) = (met.obj.view(quiet), Container::Entered);
                    let written = state.writer.write_if_leaf(obj, parts, met.ours);
                    state.writer.memo.claim();
                    match written {
                        // The memo has a reference of its own to what was written.
                        Ok(true) => continue,
                        Ok(false) => Ok(Answer::New),
                        Err(fault) => self.checked(Err(fault)),
                    }
                }
                Ok(None) => Ok(Answer::Changed),
                Ok(Some(id)) => Ok(Answer::Id(id)),
                Err(error) => Err(error),
            };
            match self.save_after_id(met, standing, passages, answer)? {
                Next::Step => goes_on = self.can_ask_ids(base),
                next => return Ok(next),
            }
        }
        Ok(Next::Step)
    }

    fn can_ask_ids(&self, base: usize) -> bool {
        let state = self.state();
        state.asks_ids_alone() && state.stack.len() > base
    }

    /// The next step of the container on top.
    #[inline(never)]
    fn step_container(&mut self) -> PyResult<Stepped> {
        let (state, quiet) = self.split();
        let writer = &mut state.writer;
        let (step, ours) = match state.stack.last_mut() {
            Some(Work::List(list)) => (list.step(&mut Closed, writer, quiet), 1),
            // The work item holds the whole entry.
            Some(Work::Dict(dict)) => (dict.step(&mut Closed, writer, quiet), 2),
            Some(Work::Tuple(tuple)) => (tuple.step(&mut Closed, writer, quiet), 1),
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
        Ok(Stepped::Part(Met::new(obj, ours), standing))
    }

    /// Goes on with a part that is no leaf, or of which more is to be asked. `standing` is None where the container on
    /// top of the stack tells it; `passages` were made before.
    #[inline(never)]
    fn save_after_id(
        &mut self,
        part: Met,
        standing: Option<Standing>,
        passages: u64,
        answer: PyResult<Answer>,
    ) -> PyResult<Next> {
        let standing = standing.or_else(|| self.state().stack.last()?.standing_of(&part));
        let standing = standing.unwrap_or(Standing::new(Holding::Shared, 0));
        let is_new = matches!(answer, Ok(Answer::New));
        let next = match answer {
            Ok(Answer::New) if self.begin_part(&part, standing)? => return Ok(Next::Step),
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

    /// Begins a list or dict that is not in the memo; false for anything else.
    fn begin_part(&mut self, part: &Met, standing: Standing) -> PyResult<bool> {
        let (state, quiet) = self.split();
        let obj = part.obj.view(quiet);
        let mut standing = standing.seen();
        if !obj.has_others(1 + part.ours) {
            // The memo gets a reference of its own at once, so that it is found by whoever meets it again.
            standing.holding = Holding::Deferred;
        }
        let writer = &mut state.writer;
        let begun = match obj.kind() {
            Kind::List(list) => {
                begin_list(list, standing, writer, quiet).map(|items| items.map(Work::List))
            }
            Kind::Dict(dict) => {
                begin_dict(dict, standing, writer, quiet).map(|entries| entries.map(Work::Dict))
            }
            _ => return Ok(false),
        };
        writer.memo.claim();
        let pushed = match begun {
            Ok(Some(work)) => state.push_taken(work),
            Ok(None) => Ok(()),
            Err(fault) => Err(fault),
        };
        self.checked(pushed)?;
        Ok(true)
    }
}
