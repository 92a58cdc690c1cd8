//! The questions asked of each object, in the order of the face.

use pyo3::prelude::*;

use crate::fast::held::Held;
use crate::fast::memo::{Holding, Mark};
use crate::fast::view::{Kind, View};
use crate::interpreter::face::Face;
use crate::save::containers::open::seen_weakly;
use crate::save::instances::plan::PlanKind;
use crate::save::next::{Next, Questions};
use crate::save::standing::Standing;
use crate::save::walk::Walk;

/// What is done with an object once all questions are asked.
enum Kin {
    /// None, a bool, an int or a float.
    Atom,
    Str,
    Bytes,
    ByteArray,
    /// A list, dict, tuple, set or frozenset that is written as such.
    Container,
    /// A set below protocol 4.
    Set {
        frozen: bool,
    },
    Class,
    Buffer,
    Other,
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
            Questions::All => return self.save(due.obj, due.standing, true, false),
            Questions::AllButId => return self.save(due.obj, due.standing, false, false),
            Questions::AllOfNew => return self.save(due.obj, due.standing, true, true),
        };
        let met = self.state().writer.memo.mark();
        self.save_by_own_methods(due.obj, Some(plan), due.standing, met)
    }

    /// Saves any object: asks what the face asks, in its order, and opens what has parts. `asks_id` says
    /// whether the object may have a persistent id, `is_new` that it was looked up in the memo just now.
    fn save(
        &mut self,
        obj: Held,
        standing: Standing,
        asks_id: bool,
        is_new: bool,
    ) -> PyResult<Next> {
        let passages = self.passages();
        let next = self.ask(&obj, standing, asks_id, is_new);
        let shared = standing.holding.is_shared() || self.passages() != passages;
        let (state, quiet) = self.split();
        if shared {
            // Without the walk's own reference one holder may be left. The memo's keeps the count from
            // saying that the object was never met.
            state.writer.close(obj.view(quiet), Holding::Shared);
        }
        self.release([Some(obj)]);
        next
    }

    fn ask(
        &mut self,
        obj: &Held,
        mut standing: Standing,
        asks_id: bool,
        is_new: bool,
    ) -> PyResult<Next> {
        let passages = self.passages();
        if self.writer().out.is_frame_full() {
            self.next_frame()?;
        }
        let face = self.writer().face;
        if face == Face::Hookable {
            self.refresh_hooks()?;
        }
        if asks_id {
            if let Some(next) = self.save_persistent(obj, standing)? {
                return Ok(next);
            }
        } else {
            self.ask_again(obj)?;
        }
        let met = self.state().writer.memo.mark();
        let kin = self.kin_of(obj);
        if face == Face::Lean && matches!(kin, Kin::Atom) {
            self.save_atom(obj)?;
            return Ok(Next::Step);
        }
        let was_passed = self.passages() != passages;
        if (standing.holding.is_shared() && !is_new || was_passed)
            && self.write(|w, quiet| w.get_memoized(obj.view(quiet)))?
        {
            return Ok(Next::Step);
        }
        if face == Face::Hookable
            && let Some(next) = self.ask_reducer_override(obj, standing, met)?
        {
            return Ok(next);
        }
        if self.passages() != passages {
            standing = standing.seen();
        }
        if matches!(kin, Kin::Set { .. } | Kin::Other) {
            standing = seen_weakly(obj.view(self.quiet()), standing);
        }
        match kin {
            Kin::Atom => {
                self.save_atom(obj)?;
                Ok(Next::Step)
            }
            Kin::Str => self.save_str(obj, standing),
            Kin::Bytes => self.save_bytes(obj, standing),
            Kin::ByteArray => self.save_bytearray(obj, standing),
            Kin::Container => {
                let imports = self.imports;
                let (state, quiet) = self.split();
                let table = View::of(&imports.dispatch_table, quiet);
                let (writer, mut nest) = state.nest(table, quiet);
                let obj = obj.view(quiet);
                let opening = nest.open_container(obj, obj.kind(), standing, writer);
                self.checked(opening)?;
                Ok(self.state().next())
            }
            Kin::Set { frozen } => self.save_set_as_list(obj, frozen, standing),
            Kin::Buffer => self.save_picklebuffer(obj),
            Kin::Class | Kin::Other => self.save_other(obj, &kin, standing, met),
        }
    }

    fn kin_of(&self, obj: &Held) -> Kin {
        let quiet = self.quiet();
        let is_framed = self.state().writer.protocol.is_framed();
        let obj = obj.view(quiet);
        match obj.kind() {
            Kind::None | Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) => Kin::Atom,
            Kind::Str(_) => Kin::Str,
            Kind::Bytes(_) => Kin::Bytes,
            Kind::ByteArray => Kin::ByteArray,
            Kind::Dict(_) | Kind::List(_) | Kind::Tuple(_) => Kin::Container,
            Kind::Set(_) | Kind::FrozenSet(_) if is_framed => Kin::Container,
            Kind::Set(_) => Kin::Set { frozen: false },
            Kind::FrozenSet(_) => Kin::Set { frozen: true },
            Kind::Type(_) => Kin::Class,
            _ => {
                let buffer = View::of(&self.imports.buffer_type, quiet);
                if obj.class().object().is(buffer) {
                    Kin::Buffer
                } else {
                    Kin::Other
                }
            }
        }
    }

    /// A set below protocol 4: a call of its class with a list of the elements.
    fn save_set_as_list(&mut self, obj: &Held, frozen: bool, standing: Standing) -> PyResult<Next> {
        let imports = self.imports;
        let class = if frozen {
            &imports.frozenset_type
        } else {
            &imports.set_type
        };
        let value = self.leave(|py| {
            let elements = crate::fast::fresh::list(py)?;
            for element in obj.bind(py).try_iter()? {
                elements.append(element?)?;
            }
            let arguments = crate::fast::fresh::tuple(py, [elements.into_any()])?;
            let class = class.bind(py).as_any().clone();
            Ok(crate::fast::fresh::tuple(py, [class, arguments.into_any()])?.into())
        })?;
        self.save_reduce(Some(obj.again(self.quiet())), value, standing, None)
    }

    fn save_other(
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
