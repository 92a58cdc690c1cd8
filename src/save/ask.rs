//! The questions asked of each object, in the order of the face.

use pyo3::prelude::*;

use crate::fast::held::Held;
use crate::fast::memo::{Holding, Mark};
use crate::fast::view::View;
use crate::interpreter::face::Face;
use crate::save::containers::open::seen_weakly;
use crate::save::hooks::dispatch::Dispatch;
use crate::save::instances::plan::PlanKind;
use crate::save::kinds::Kin;
use crate::save::next::{Next, Questions};
use crate::save::overrides::method::Method;
use crate::save::standing::Standing;
use crate::save::walk::Walk;

/// Which questions are asked.
#[derive(Copy, Clone)]
struct Asking {
    /// Whether the object may have a persistent id.
    asks_id: bool,
    /// Whether the object was looked up in the memo just now, and not found.
    is_new: bool,
    /// Whether the pickler's own `save` is called, where it is not upstream's.
    calls_save: bool,
}

impl Asking {
    const ALL: Self = Self {
        asks_id: true,
        is_new: false,
        calls_save: true,
    };
}

/// Where the questions about an object began.
pub struct Begun {
    /// `Writer::passages`.
    pub passages: u64,
    /// Where the memo stood.
    pub memoized: Mark,
    /// Whether the object was not in the memo by then.
    pub is_new: bool,
}

impl Walk<'_, '_> {
    /// Saves the object that is due.
    ///
    /// # Errors
    /// What hooks, methods and the file raise; PicklingError for what can't be pickled.
    #[inline(always)]
    pub fn save_due(&mut self) -> PyResult<Next> {
        let Some(due) = self.state_mut().due.take() else {
            return Ok(Next::Step);
        };
        let plan = match due.questions {
            Questions::Planned(plan) => plan,
            Questions::All => return self.save(due.obj, due.standing, Asking::ALL),
            Questions::AllButId => {
                let asking = Asking {
                    asks_id: false,
                    ..Asking::ALL
                };
                return self.save(due.obj, due.standing, asking);
            }
            Questions::AllOfNew => {
                let asking = Asking {
                    is_new: true,
                    ..Asking::ALL
                };
                return self.save(due.obj, due.standing, asking);
            }
            Questions::Base { asks_id } => {
                let asking = Asking {
                    asks_id,
                    calls_save: false,
                    ..Asking::ALL
                };
                return self.save(due.obj, due.standing, asking);
            }
        };
        let met = self.state().writer.memo.mark();
        self.save_by_own_methods(due.obj, Some(plan), due.standing, met)
    }

    /// Saves any object: asks what the face asks, in its order, and opens what has parts.
    fn save(&mut self, obj: Held, standing: Standing, asking: Asking) -> PyResult<Next> {
        let passages = self.passages();
        match self.ask(&obj, standing, asking) {
            Ok(next) => {
                self.end_saved(obj, standing, passages);
                Ok(next)
            }
            Err(error) => {
                self.end_saved(obj, standing, passages);
                Err(error)
            }
        }
    }

    /// Gives up an object that was saved, or could not be; `passages` were made before.
    #[inline(always)]
    pub fn end_saved(&mut self, obj: Held, standing: Standing, passages: u64) {
        let shared = standing.holding.is_shared() || self.passages() != passages;
        let (state, quiet) = self.split();
        if shared {
            // Without the walk's own reference one holder may be left. The memo's keeps the count from
            // saying that the object was never met.
            state.writer.close(obj.view(quiet), Holding::Shared);
        }
        self.release([Some(obj)]);
    }

    fn ask(&mut self, obj: &Held, standing: Standing, asking: Asking) -> PyResult<Next> {
        let begun = Begun {
            passages: self.passages(),
            memoized: self.state().writer.memo.mark(),
            is_new: asking.is_new,
        };
        let face = self.writer().face;
        let mut spoken = None;
        if face == Face::Hookable {
            self.refresh_hooks()?;
            let state = self.state();
            if !state.hooks.saves_by_itself || !state.older_saves.is_empty() {
                spoken = self.spoken(obj)?;
                if asking.calls_save
                    && let Some(next) = self.call_save(obj, asking.asks_id, spoken)?
                {
                    return Ok(next);
                }
            }
        }
        if self.writer().out.is_frame_full() {
            self.next_frame()?;
        }
        if asking.asks_id {
            if let Some(next) = self.save_persistent(obj, standing, spoken)? {
                return Ok(next);
            }
        } else {
            self.ask_again(obj)?;
        }
        self.ask_after_id(obj, standing, begun)
    }

    /// Asks what comes after the persistent id, and opens what has parts.
    ///
    /// # Errors
    /// As for `save_due`.
    pub fn ask_after_id(
        &mut self,
        obj: &Held,
        mut standing: Standing,
        begun: Begun,
    ) -> PyResult<Next> {
        let face = self.writer().face;
        if face == Face::Hookable {
            // What was asked may have changed what comes next.
            self.refresh_hooks()?;
        }
        let kin = self.kin_of(obj);
        let state = self.state();
        let is_atom = matches!(kin, Kin::Atom) && !state.writer.atoms_memoized;
        if is_atom && state.hooks.writes_atoms || face == Face::Lean && matches!(kin, Kin::Atom) {
            self.save_atom(obj)?;
            return Ok(Next::Step);
        }
        let met = state.writer.memo.mark();
        // Atoms are looked up by the Python class, but it memoizes none unless a reducer took it on. What only its
        // container held was not met by then; who was asked since may have saved it.
        let was_memoized = self.state().writer.memo.mark() != begun.memoized;
        if (standing.holding.is_shared() && !begun.is_new || was_memoized)
            && !is_atom
            && self.write(|w, quiet| w.get_memoized(obj.view(quiet)))?
        {
            return Ok(Next::Step);
        }
        if face == Face::Hookable
            && let Some(next) = self.ask_reducer_override(obj, standing, met)?
        {
            return Ok(next);
        }
        if face == Face::Hookable {
            self.refresh_hooks()?;
        }
        if face == Face::Hookable && !self.has_upstreams_methods() {
            match self.method_of(obj)? {
                Method::Native => {}
                Method::Other(method) => return self.call_method(method, obj),
                Method::Missing => return self.save_reduced(obj, standing.seen(), met),
            }
        }
        if self.passages() != begun.passages {
            standing = standing.seen();
        }
        if matches!(kin, Kin::Set { .. } | Kin::Other) {
            standing = seen_weakly(obj.view(self.quiet()), standing);
        }
        self.save_as(&kin, obj, standing, met)
    }

    pub fn save_other(
        &mut self,
        obj: &Held,
        kin: &Kin,
        mut standing: Standing,
        met: Mark,
    ) -> PyResult<Next> {
        let passages = self.passages();
        if self.writer().face == Face::Lean
            && let Some(next) = self.ask_reducer_override(obj, standing, met)?
        {
            return Ok(next);
        }
        if matches!(kin, Kin::Class) {
            return self.save_type(obj, standing);
        }
        let is_function = {
            let quiet = self.quiet();
            let function = View::of(&self.imports.function_type, quiet);
            obj.view(quiet).class().object().is(function)
        };
        if is_function {
            return self.save_global(obj, None, standing);
        }
        if self.passages() != passages {
            standing = standing.seen();
        }
        self.save_reduced(obj, standing, met)
    }

    fn has_upstreams_methods(&self) -> bool {
        let dispatch = self.state().hooks.found.dispatch.as_ref();
        dispatch.is_none_or(Dispatch::is_upstreams)
    }

    /// Saves an object that no method is for: as a registered function or its own methods reduce it. A class
    /// is a global.
    fn save_reduced(&mut self, obj: &Held, mut standing: Standing, met: Mark) -> PyResult<Next> {
        let passages = self.passages();
        let reducer = self.find_reducer(obj)?;
        if self.passages() != passages {
            standing = standing.seen();
        }
        let value = match reducer {
            Some(reducer) => self.leave(|py| {
                let reducer = reducer.into_bound(py);
                Ok(reducer.call1((obj.bind(py),))?.into())
            })?,
            None if obj.view(self.quiet()).as_class().is_some() => {
                if let Some(next) = self.call_save_global(obj, None)? {
                    return Ok(next);
                }
                return self.save_global(obj, None, standing);
            }
            None => {
                let (state, quiet) = self.split();
                let plan = state.plans.plan_of(obj.view(quiet).class());
                if let Some(PlanKind::Plain(plain)) = plan.as_ref().map(|plan| &plan.kind)
                    && let Some(next) = self.save_plain_instance(obj, plain, standing)?
                {
                    return Ok(next);
                }
                let obj = obj.again(self.quiet());
                return self.save_by_own_methods(obj, plan, standing, met);
            }
        };
        let obj = obj.again(self.quiet());
        self.save_reduce_value(obj, value, standing, met)
    }
}
