//! Who reduces an object: a hook, a function registered for its class, or a method of its own.

use std::sync::Arc;

use pyo3::exceptions::PyKeyError;
use pyo3::intern;
use pyo3::prelude::*;

use crate::error::{class_name, pickling_error};
use crate::fast::attached::Attached;
use crate::fast::fresh::tuple;
use crate::fast::held::Held;
use crate::fast::memo::Mark;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Dict, Kind, SeenNames, View};
use crate::interpreter::face::Face;
use crate::save::instances::known_collections::Collection;
use crate::save::instances::plan::{Plan, PlanKind, is_shadowed};
use crate::save::instances::plans;
use crate::save::instances::read_class::read_class;
use crate::save::next::Next;
use crate::save::standing::Standing;
use crate::save::vocabulary::{Vocabulary, vocabulary};
use crate::save::walk::Walk;

impl Walk<'_, '_> {
    /// Calls `reducer_override` if there is one. None where the object is to be saved otherwise.
    ///
    /// # Errors
    /// What the hook raises, and what is wrong with the value that it gives.
    pub fn ask_reducer_override(
        &mut self,
        obj: &Held,
        standing: Standing,
        met: Mark,
    ) -> PyResult<Option<Next>> {
        let hook = self.state().hooks.found.reducer_override.as_ref();
        let Some(hook) = hook.map(|hook| hook.again(self.quiet())) else {
            return Ok(None);
        };
        let value = self.leave(|py| {
            let value = hook.bind(py).call1((obj.bind(py),))?;
            Ok((!value.is(py.NotImplemented())).then(|| Held::from(value)))
        })?;
        match value {
            None => Ok(None),
            Some(value) => self.save_reduce_value(obj, value, standing, met).map(Some),
        }
    }

    /// The reducer registered for an object's class in the pickler's own table or in `copyreg`'s.
    ///
    /// # Errors
    /// What looking the class up raises.
    pub fn find_reducer(&mut self, obj: &Held) -> PyResult<Option<Held>> {
        let imports = self.imports;
        let face = self.writer().face;
        let skips_none = face == Face::Hookable && imports.saving.hookable_skips_none;
        if let Some(found) = self.find_reducer_quietly(obj, skips_none) {
            return Ok(found);
        }
        let own = self.state().hooks.found.dispatch_table.as_ref();
        let own = own.map(|table| table.again(self.quiet()));
        self.leave(|py| {
            let class = obj.bind(py).get_type();
            let table = match &own {
                Some(table) => table.bind(py),
                None => imports.dispatch_table.bind(py).as_any(),
            };
            let missing = imports.missing.bind(py);
            let found = match face {
                Face::Lean => match table.get_item(class) {
                    Ok(reducer) => Some(reducer),
                    Err(error) if error.is_instance_of::<PyKeyError>(py) => None,
                    Err(error) => return Err(error),
                },
                Face::Hookable if skips_none => {
                    let reducer = table.call_method1(intern!(py, "get"), (class,))?;
                    (!reducer.is_none()).then_some(reducer)
                }
                Face::Hookable => {
                    let reducer = table.call_method1(intern!(py, "get"), (class, missing))?;
                    (!reducer.is(missing)).then_some(reducer)
                }
            };
            Ok(found.map(Held::from))
        })
    }

    /// What the table has, where looking a class up runs no Python code; None elsewhere.
    fn find_reducer_quietly(&mut self, obj: &Held, skips_none: bool) -> Option<Option<Held>> {
        let imports = self.imports;
        let (state, quiet) = self.split();
        let table = match &state.hooks.found.dispatch_table {
            Some(table) => table.view(quiet),
            None => View::of(&imports.dispatch_table, quiet),
        };
        let Kind::Dict(table) = table.kind() else {
            return None;
        };
        let class = obj.view(quiet).class();
        if !class.is_plain() {
            return None;
        }
        let table = state.table.view(table, quiet)?;
        if state.plans.is_unregistered(class, table.version()) {
            return Some(None);
        }
        let found = table.get(class);
        if found.is_none() {
            state.plans.note_unregistered(class, table.version());
        }
        let found = found.filter(|reducer| !skips_none || !reducer.is_none());
        Some(found.map(View::hold))
    }

    /// The reduce value of an object for whose class nobody registered a reducer.
    ///
    /// # Errors
    /// What the object's methods raise.
    pub fn value_of(&mut self, obj: &Held, plan: Option<Arc<Plan>>) -> PyResult<Held> {
        let Some(plan) = plan else {
            let value = self.call_reduce(obj)?;
            self.consider_plan(obj, &value)?;
            return Ok(value);
        };
        match self.value_of_plan(obj, &plan)? {
            Some(value) => Ok(value),
            None => self.call_reduce(obj),
        }
    }

    /// The reduce value of an object as its class's plan has it got; None where it has to be asked.
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
            PlanKind::Getstate { has_dict } if protocol.has_proto_opcode() => {
                self.value_of_getstate(obj, *has_dict)
            }
            PlanKind::Collection(collection) => self.leave(|py| {
                let value = collection.reduce_value(obj.bind(py))?;
                Ok(value.map(Held::from))
            }),
            PlanKind::Getstate { .. } | PlanKind::Plain(_) | PlanKind::Unplanned => Ok(None),
        }
    }

    /// What `object.__reduce_ex__` makes of the state that the object's own `__getstate__` gives; None
    /// where the instance has hooks of its own.
    fn value_of_getstate(&mut self, obj: &Held, has_dict: bool) -> PyResult<Option<Held>> {
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
        let newobj = &self.imports.newobj;
        self.leave(|py| {
            let obj = obj.bind(py);
            let state = obj.call_method0(intern!(py, "__getstate__"))?;
            let arguments = tuple(py, [obj.get_type().into_any()])?.into_any();
            let none = py.None().into_bound(py);
            let newobj = newobj.bind(py).clone();
            let value = tuple(py, [newobj, arguments, state, none.clone(), none])?;
            Ok(Some(value.into()))
        })
    }

    /// The object's own reduce value, by `__reduce_ex__` or `__reduce__`.
    fn call_reduce(&mut self, obj: &Held) -> PyResult<Held> {
        let protocol = self.writer().protocol.number();
        let skips_none =
            self.writer().face == Face::Hookable && self.imports.saving.hookable_skips_none;
        self.leave(|py| {
            let obj = obj.bind(py);
            let reduce = obj.getattr_opt(intern!(py, "__reduce_ex__"))?;
            if let Some(reduce) = reduce.filter(|reduce| !skips_none || !reduce.is_none()) {
                return Ok(reduce.call1((protocol,))?.into());
            }
            let reduce = obj.getattr_opt(intern!(py, "__reduce__"))?;
            if let Some(reduce) = reduce.filter(|reduce| !skips_none || !reduce.is_none()) {
                return Ok(reduce.call0()?.into());
            }
            let words = format!("Can't pickle {} object", class_name(obj));
            Err(pickling_error(py, words))
        })
    }

    /// Makes a plan for the object's class, of which `value` was got the long way.
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
        let kind = self.leave(|py| {
            let bound = obj.bind(py);
            if let Some(collection) = Collection::of(bound)?
                && collection.makes(bound, value.bind(py))?
            {
                return Ok(Some(PlanKind::Collection(collection)));
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
            Ok(read_class(class, value, is_obj_shadowed, vocabulary, quiet))
        })?;
        let (_, quiet) = self.split();
        let class = obj.view(quiet).class();
        if let Some(kind) = kind
            && class.address() == address
            && class.version() == Some(version)
        {
            plans::keep(address, Plan { version, kind });
        }
        Ok(())
    }

    /// What was returned by a reducer: a string names a global, a tuple rebuilds the object.
    ///
    /// # Errors
    /// What is wrong with the value.
    pub fn save_reduce_value(
        &mut self,
        obj: &Held,
        value: Held,
        standing: Standing,
        met: Mark,
    ) -> PyResult<Next> {
        if value.view(self.quiet()).is_str() {
            return self.save_global(obj, Some(value), standing);
        }
        self.save_reduce(Some(obj), value, standing, Some(met))
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
