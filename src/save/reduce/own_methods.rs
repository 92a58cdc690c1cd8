//! The reduce value that an object's own methods give, as far as its class's plan says whom to ask.

use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::{class_name, pickling_error};
use crate::fast::attached::Attached;
use crate::fast::attribute::optional_attribute;
use crate::fast::fresh::tuple;
use crate::fast::held::Held;
use crate::fast::memo::Mark;
use crate::fast::quiet::Quiet;
use crate::fast::view::{ClassVersion, Dict, Kind, SeenNames, View};
use crate::interpreter::face::Face;
use crate::interpreter::hookable;
use crate::save::instances::known_collections::Collection;
use crate::save::instances::plain::Plain;
use crate::save::instances::plan::{Plan, PlanKind, is_shadowed};
use crate::save::instances::plans;
use crate::save::instances::read_class::read_class;
use crate::save::known::recognise::recognise;
use crate::save::next::Next;
use crate::save::reduce::parts::{Form, Reduce, Stage};
use crate::save::standing::{MAX_CHAIN, Standing};
use crate::save::vocabulary::{Vocabulary, vocabulary};
use crate::save::walk::Walk;

/// An object, its class when its state was asked for, and a tuple whose third part is the state.
struct Stateful {
    obj: Held,
    class: Held,
    value: Held,
}

impl Walk<'_, '_> {
    /// Saves an object for whose class nobody registered a reducer, as its own methods say.
    ///
    /// # Errors
    /// What the methods raise, and what is wrong with what they return.
    #[inline(always)]
    pub fn save_by_own_methods(
        &mut self,
        obj: Held,
        plan: Option<Arc<Plan>>,
        standing: Standing,
        met: Mark,
    ) -> PyResult<Next> {
        let Some(plan) = plan else {
            let value = self.call_reduce(&obj)?;
            self.consider_plan(&obj, &value)?;
            return self.save_reduce_value(obj, value, standing, met);
        };
        let writes_newobj = self.writer().protocol.has_proto_opcode() && self.newobj_stands();
        let value = match &plan.kind {
            PlanKind::Getstate { has_dict } if writes_newobj => {
                if let Some((class, value)) = self.ask_own_state(&obj, *has_dict)? {
                    let stateful = Stateful { obj, class, value };
                    return self.save_stateful(stateful, plan.version, standing, met);
                }
                None
            }
            PlanKind::Plain(plain) if writes_newobj => {
                if let Some((class, value)) = self.plain_state(&obj, plain)? {
                    let stateful = Stateful { obj, class, value };
                    return self.save_stateful(stateful, plan.version, standing, met);
                }
                None
            }
            _ => self.value_of_plan(&obj, &plan)?,
        };
        let value = match value {
            Some(value) => value,
            None => self.call_reduce(&obj)?,
        };
        self.save_reduce_value(obj, value, standing, met)
    }

    /// Whether `copyreg` has the function still that stands for NEWOBJ.
    fn newobj_stands(&self) -> bool {
        let (imports, quiet) = (self.imports, self.quiet());
        let contents = View::of(&imports.copyreg_contents, quiet).as_dict();
        let found =
            contents.and_then(|contents| contents.get_named(View::of(&imports.newobj_name, quiet)));
        found.is_some_and(|found| found.is(View::of(&imports.newobj, quiet)))
    }

    /// The reduce value of an object as its class's plan has it got; None where it has to be asked.
    #[inline(always)]
    fn value_of_plan(&mut self, obj: &Held, plan: &Arc<Plan>) -> PyResult<Option<Held>> {
        let (protocol, imports) = (self.writer().protocol, self.imports);
        match &plan.kind {
            PlanKind::ReduceEx => self.leave(|py| {
                let name = intern!(py, "__reduce_ex__");
                let value = obj.bind(py).call_method1(name, (protocol.number(),))?;
                Ok(Some(value.into()))
            }),
            PlanKind::Reduce(names) => self.leave(|py| {
                let vocabulary = vocabulary(py, imports)?;
                let attached = Attached::new(py);
                let method = reduce_method(obj, *names, vocabulary, attached.quiet());
                let Some(method) = method else {
                    return Ok(None);
                };
                Ok(Some(method.bind(py).call1((obj.bind(py),))?.into()))
            }),
            PlanKind::Collection(collection) => self.leave(|py| {
                let value = collection.reduce_value(obj.bind(py))?;
                Ok(value.map(Held::from))
            }),
            PlanKind::Getstate { .. } | PlanKind::Plain(_) | PlanKind::Unplanned => Ok(None),
        }
    }

    /// The class of an object, and what its own `__getstate__` gives, as the third of three parts; None where
    /// the instance has hooks of its own.
    #[inline(never)]
    fn ask_own_state(&mut self, obj: &Held, has_dict: bool) -> PyResult<Option<(Held, Held)>> {
        let is_ordinary = self.write(|_, quiet| {
            let obj = obj.view(quiet);
            // A `__getstate__` written in C tells an instance that has a dict from one that has none yet.
            let dict = match has_dict {
                false => None,
                true if obj.has_place_for_dict() => obj.placed_dict(),
                true => match obj.instance_dict()? {
                    Some(dict) => Some(dict.object()),
                    None => return Ok(false),
                },
            };
            Ok(match dict.map(View::kind) {
                None => true,
                Some(Kind::Dict(dict)) => !is_shadowed(dict, quiet),
                Some(_) => false,
            })
        })?;
        if !is_ordinary {
            return Ok(None);
        }
        let class = obj.view(self.quiet()).class().object().hold();
        let value = self.leave(|py| {
            let state = obj.bind(py).call_method0(intern!(py, "__getstate__"))?;
            let none = py.None().into_bound(py);
            Ok(tuple(py, [none.clone(), none, state])?.into())
        })?;
        Ok(Some((class, value)))
    }

    /// The class of a plain instance and its `__dict__`, if there is something in it, as the third of three parts;
    /// None where the instance has hooks of its own, or slots, whose values another has to gather.
    fn plain_state(&mut self, obj: &Held, plain: &Plain) -> PyResult<Option<(Held, Held)>> {
        if !plain.slots.is_empty() {
            return Ok(None);
        }
        let state = self.write(|_, quiet| {
            let obj = obj.view(quiet);
            if !plain.has_dict {
                return Ok(Some(None));
            }
            let dict = obj.instance_dict()?;
            let dict = dict.filter(|dict| !is_shadowed(*dict, quiet));
            Ok(dict.map(|dict| (dict.len() > 0).then(|| dict.object().hold())))
        })?;
        let Some(state) = state else {
            return Ok(None);
        };
        let class = obj.view(self.quiet()).class().object().hold();
        let value = self.leave(|py| {
            let none = py.None().into_bound(py);
            let state = state.map_or_else(|| none.clone(), |state| state.into_bound(py));
            Ok(tuple(py, [none.clone(), none, state])?.into())
        })?;
        Ok(Some((class, value)))
    }

    /// Saves an object as `object.__reduce_ex__` says: NEWOBJ of its class, and its state.
    fn save_stateful(
        &mut self,
        stateful: Stateful,
        version: ClassVersion,
        standing: Standing,
        met: Mark,
    ) -> PyResult<Next> {
        let Stateful { obj, class, value } = stateful;
        let now = obj.view(self.quiet()).class();
        let stands = now.object().is(class.view(self.quiet())) && now.version() == Some(version);
        let imports = self.imports;
        // Otherwise `__getstate__` has changed the class, and what is checked then may fail.
        if stands && standing.chain < MAX_CHAIN && self.writer().face == Face::Lean {
            let arguments = View::of(&imports.empty_tuple, self.quiet()).hold();
            return self.open_reduce(Reduce {
                obj: Some(obj),
                value,
                held: standing.holding,
                is_temporary: true,
                form: Form::NewObject,
                arguments: Some(arguments),
                function: Some(class),
                parts_are_temporary: false,
                stage: Stage::Start,
                chain: standing.chain + 1,
                made: standing.made,
                met: Some(met),
            });
        }
        let value = self.leave(|py| {
            // The tuple ends here, so that one holder is left of the state.
            let state = value.into_bound(py).cast_into::<PyTuple>()?.get_item(2)?;
            let arguments = tuple(py, [class.to_bound(py)])?.into_any();
            let none = py.None().into_bound(py);
            let newobj = imports.newobj.bind(py).clone();
            let value = tuple(py, [newobj, arguments, state, none.clone(), none])?;
            Ok(value.into())
        })?;
        self.save_reduce_value(obj, value, standing, met)
    }

    /// The object's own reduce value, by `__reduce_ex__` or `__reduce__`.
    #[inline(never)]
    fn call_reduce(&mut self, obj: &Held) -> PyResult<Held> {
        let protocol = self.writer().protocol.number();
        let skips_none =
            self.writer().face == Face::Hookable && hookable::does(|facts| facts.skips_none);
        self.leave(|py| {
            let obj = obj.bind(py);
            let reduce = optional_attribute(obj, intern!(py, "__reduce_ex__"))?;
            if let Some(reduce) = reduce.filter(|reduce| !skips_none || !reduce.is_none()) {
                return Ok(reduce.call1((protocol,))?.into());
            }
            let reduce = optional_attribute(obj, intern!(py, "__reduce__"))?;
            if let Some(reduce) = reduce.filter(|reduce| !skips_none || !reduce.is_none()) {
                return Ok(reduce.call0()?.into());
            }
            let words = format!("Can't pickle {} object", class_name(obj));
            Err(pickling_error(py, words))
        })
    }

    /// Makes a plan for the object's class, of which `value` was got the long way.
    #[inline(never)]
    fn consider_plan(&mut self, obj: &Held, value: &Held) -> PyResult<()> {
        if !self.writer().protocol.has_proto_opcode() {
            return Ok(());
        }
        let (_, quiet) = self.split();
        let class = obj.view(quiet).class();
        let (Some(version), address) = (class.version(), class.address()) else {
            return Ok(());
        };
        let imports = self.imports;
        let planned = self.leave(|py| {
            let bound = obj.bind(py);
            let kind = 'read: {
                if let Some(collection) = Collection::of(bound)?
                    && collection.makes(bound, value.bind(py))?
                {
                    break 'read Some(PlanKind::Collection(collection));
                }
                let vocabulary = vocabulary(py, imports)?;
                let attached = Attached::new(py);
                let quiet = attached.quiet();
                let obj = obj.view(quiet);
                let is_obj_shadowed = || match obj.instance_dict() {
                    Ok(Some(dict)) => is_shadowed(dict, quiet),
                    _ => true,
                };
                let class = obj.class();
                let value = value.view(quiet);
                read_class(class, value, is_obj_shadowed, vocabulary, quiet)
            };
            Ok(match kind {
                Some(kind) => {
                    let known = recognise(bound, &kind, imports)?;
                    Some((kind, known))
                }
                None => None,
            })
        })?;
        let (_, quiet) = self.split();
        let class = obj.view(quiet).class();
        if let Some((kind, known)) = planned
            && class.address() == address
            && class.version() == Some(version)
        {
            plans::keep(
                address,
                Plan {
                    version,
                    kind,
                    known,
                },
            );
        }
        Ok(())
    }
}

/// The `__reduce__` that an object's class shows, if the instance has none of its own and no
/// `__reduce_ex__`.
fn reduce_method(
    obj: &Held,
    names: SeenNames,
    vocabulary: &Vocabulary,
    quiet: &Quiet,
) -> Option<Held> {
    let obj = obj.view(quiet);
    let is_own = |dict: Dict<'_>| {
        !dict.has_text_keys()
            || dict.get_named(vocabulary.reduce_ex.view(quiet)).is_some()
            || dict.get_named(vocabulary.reduce.view(quiet)).is_some()
    };
    match obj.placed_dict().map(View::kind) {
        None => {}
        Some(Kind::Dict(dict)) if dict.len() == 0 || !is_own(dict) => {}
        Some(_) => return None,
    }
    let names = obj.class().names_as_seen(names)?;
    let method = names.get(vocabulary.reduce.view(quiet))?;
    Some(method.hold())
}
