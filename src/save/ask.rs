//! The questions asked of each object, in the order of the face.

use pyo3::prelude::*;

use crate::fast::held::Held;
use crate::fast::memo::{Holding, Mark};
use crate::fast::view::{Kind, View};
use crate::interpreter::face::Face;
use crate::save::containers::open::{Opening, open_container};
use crate::save::hooks::look_up;
use crate::save::instances::instance::{begin_instance, inside, look_at_instance};
use crate::save::instances::plan::{Plain, PlanKind};
use crate::save::next::Next;
use crate::save::reduce::work::memoize_rebuilt;
use crate::save::standing::Standing;
use crate::save::vocabulary::vocabulary;
use crate::save::walk::Walk;
use crate::save::work::Work;

/// What is done with an object once all questions are asked.
enum Kin {
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
    /// Saves any object: asks what the face asks, in its order, and opens what has parts. `asks_id` says
    /// whether the object may have a persistent id.
    ///
    /// # Errors
    /// What hooks, methods and the file raise; PicklingError for what can't be pickled.
    pub fn save(&mut self, obj: Held, standing: Standing, asks_id: bool) -> PyResult<Next> {
        let passages = self.passages();
        let next = self.ask(&obj, standing, asks_id);
        let shared = standing.holding == Holding::Shared || self.passages() != passages;
        let (state, quiet) = self.split();
        if shared {
            // Without the walk's own reference one holder may be left. The memo's keeps the count from
            // saying that the object was never met.
            state.writer.close(obj.view(quiet), Holding::Shared);
        }
        self.release([Some(obj)]);
        next
    }

    fn ask(&mut self, obj: &Held, mut standing: Standing, asks_id: bool) -> PyResult<Next> {
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
        if face == Face::Lean && self.save_atom(obj)? {
            return Ok(Next::Step);
        }
        if (standing.holding == Holding::Shared || self.passages() != passages)
            && self.write(|w, quiet| w.get_memoized(obj.view(quiet)))?
        {
            return Ok(Next::Step);
        }
        if face == Face::Hookable {
            if let Some(next) = self.ask_reducer_override(obj, standing, met)? {
                return Ok(next);
            }
            if self.save_atom(obj)? {
                return Ok(Next::Step);
            }
        }
        if self.passages() != passages {
            standing = standing.seen();
        }
        let kin = self.kin_of(obj);
        // Whoever can tell when a temporary is freed can tell that C's memo keeps it; and a weak reference
        // hands it over again. The exact types up to here are freed unseen, but for sets.
        if standing.holding == Holding::Temporary
            && matches!(kin, Kin::Container | Kin::Set { .. } | Kin::Other)
            && obj.view(self.quiet()).dies_visibly()
        {
            standing = standing.seen();
        }
        match kin {
            Kin::Str => self.save_str(obj, standing),
            Kin::Bytes => self.save_bytes(obj, standing),
            Kin::ByteArray => self.save_bytearray(obj, standing),
            Kin::Container => {
                let opened = self.write(|w, quiet| {
                    let obj = obj.view(quiet);
                    open_container(obj, obj.kind(), standing, w)
                })?;
                match opened {
                    Opening::Pushed(work) => self.push(work)?,
                    Opening::Whole | Opening::NotOpened => {}
                }
                Ok(Next::Step)
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
        self.save_reduce(Some(obj), value, standing, None)
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
                if let Some(next) = self.save_plain_instance(obj, standing)? {
                    return Ok(next);
                }
                self.value_of(obj)?
            }
        };
        self.save_reduce_value(obj, value, standing, met)
    }

    /// Saves an instance whose class's plan says all about it; None where it has to be asked.
    fn save_plain_instance(&mut self, obj: &Held, standing: Standing) -> PyResult<Option<Next>> {
        if !self.state().writer.direct {
            return Ok(None);
        }
        let (state, quiet) = self.split();
        let plan = state.plans.plan_of(obj.view(quiet).class()).cloned();
        let Some(plan) = plan else {
            return Ok(None);
        };
        let PlanKind::Plain(plain) = &plan.kind else {
            return Ok(None);
        };
        let opened = self.open_instance(obj, plain, standing)?;
        if opened.is_some() || plain.slots.is_empty() {
            return Ok(opened);
        }
        self.save_instance_with_slots(obj, plain, standing)
    }

    /// Saves a plain instance with slots of which not all are leaves: its state is made as
    /// `object.__getstate__` makes it.
    fn save_instance_with_slots(
        &mut self,
        obj: &Held,
        plain: &Plain,
        standing: Standing,
    ) -> PyResult<Option<Next>> {
        let looked = self
            .write(|w, quiet| Ok(look_at_instance(obj.view(quiet), plain, w, quiet)?.is_some()))?;
        if !looked {
            return Ok(None);
        }
        let state = self.state_of_slots(obj, plain)?;
        let standing = standing.seen();
        // Making the state may have run the collector, so everything is looked at once more.
        let again = self.write(|w, quiet| {
            let obj = obj.view(quiet);
            let Some((index, _)) = look_at_instance(obj, plain, w, quiet)? else {
                return Ok(None);
            };
            if !w.direct || !begin_instance(index, w)? {
                return Ok(None);
            }
            memoize_rebuilt(obj, None, w).map(Some)
        })?;
        match again {
            None => Ok(None),
            Some(false) => Ok(Some(Next::Step)),
            Some(true) => {
                let Some(state) = state else {
                    return Ok(Some(Next::Step));
                };
                let quiet = self.quiet();
                let holding = if state.view(quiet).is_held_once() {
                    Holding::Temporary
                } else {
                    Holding::Shared
                };
                let build = Work::Build {
                    obj: obj.again(quiet),
                    holding: standing.holding,
                };
                self.push(build)?;
                Ok(Some(Next::Save(state, inside(standing).part(holding))))
            }
        }
    }

    /// The state of an instance with slots; None where it is empty.
    fn state_of_slots(&mut self, obj: &Held, plain: &Plain) -> PyResult<Option<Held>> {
        self.leave(|py| {
            let slots = crate::fast::fresh::dict(py)?;
            let obj = obj.bind(py);
            for name in &plain.names {
                let name = name.cast(py)?;
                if let Some(value) = obj.getattr_opt(name)? {
                    slots.set_item(name, value)?;
                }
            }
            let dict = if plain.has_dict {
                let dict = obj.getattr(pyo3::intern!(py, "__dict__"))?;
                Some(dict).filter(|dict| dict.len().is_ok_and(|len| len > 0))
            } else {
                None
            };
            Ok(match (dict, slots.is_empty()) {
                (None, true) => None,
                (Some(dict), true) => Some(dict.into()),
                (dict, false) => {
                    let dict = dict.unwrap_or_else(|| py.None().into_bound(py));
                    Some(crate::fast::fresh::tuple(py, [dict, slots.into_any()])?.into())
                }
            })
        })
    }

    /// Looks the hooks up if anything they rest on may have changed: the lean face at the start of
    /// a dump, the hookable face at each object that follows a passage of the gate.
    ///
    /// # Errors
    /// What looking up an attribute raises.
    pub fn refresh_hooks(&mut self) -> PyResult<()> {
        let Some(pickler) = self.pickler() else {
            self.state_mut().hooks.are_quiet = true;
            self.state_mut().refresh_direct();
            return Ok(());
        };
        let imports = self.imports;
        let passages = self.passages();
        let seen = self.state().hooks.seen_at;
        if seen == passages && seen != 0 {
            return Ok(());
        }
        let names = &self.call_in_c(|py| vocabulary(py, imports))?.hooks;
        let (state, quiet) = self.split();
        if seen != 0 && state.hooks.stand(pickler, names, quiet) {
            state.hooks.seen_at = passages;
            state.refresh_direct();
            return Ok(());
        }
        let face = state.writer.face;
        let class_has_table = state.hooks.class_has_table;
        let Some(base) = state.hooks.base.as_ref().map(|base| base.again(quiet)) else {
            return Ok(());
        };
        let found = self.leave(|py| {
            let base = base.cast(py)?;
            look_up(pickler.bind(py), base, face, class_has_table)
        })?;
        let (state, quiet) = self.split();
        let passages = state.writer.passages;
        state.hooks.put_found(found, face, passages);
        state.hooks.note_version(pickler, names, quiet);
        state.refresh_direct();
        Ok(())
    }
}
