//! Plans: what is known of the instances of a type before they are asked.
//!
//! Of plain instances, what `object.__reduce_ex__` would return; of others, which method gives it. A
//! plan says so for one type, as long as its version lasts. It is made after the first instance went
//! the long way, and holds from the second on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};
use pyo3::{Borrowed, intern};

use crate::fast::dict::next_entry;
use crate::fast::instance::{
    has_ordinary_methods, instance_dict, is_method_descriptor, is_ordinary, keeps_placed_dict,
    slot_offset, type_address, type_version,
};
use crate::fast::object::{Exact, exact};
use crate::fast::text::utf8;
use crate::hooks::Walk;
use crate::imports::Imports;
use crate::save::collection::Collection;
use crate::save::slots::Slot;

/// Types with a plan; past it the cache starts anew, since types come and go.
const MAX_PLANS: usize = 4096;

/// How the instances of one type are reduced.
pub struct Plan {
    version: u32,
    pub kind: PlanKind,
}

/// What is known of a type.
pub enum PlanKind {
    /// NEWOBJ and the state, as `object.__reduce_ex__` has it.
    Plain(Plain),
    /// NEWOBJ, and the state that the class's own `__getstate__` gives.
    Getstate { has_dict: bool },
    /// The class's own `__reduce_ex__` gives the reduce value.
    ReduceEx,
    /// This function gives the reduce value: the class's `__reduce__`, which `object.__reduce_ex__`
    /// would go on to, if the instance has none of its own.
    Reduce(Py<PyAny>),
    /// Neither is asked: what they would say is known.
    Collection(Collection),
    /// Nothing: instances are asked the long way.
    Unplanned,
}

/// Where a plain instance keeps its state.
pub struct Plain {
    pub has_dict: bool,
    pub slots: Vec<Slot>,
}

/// The plans that one pickler came across, found without lock or hash.
#[derive(Default)]
pub struct PlanCache {
    /// At the place that the type's address says.
    met: Vec<Option<Met>>,
}

/// A type that a pickler came across.
struct Met {
    /// The type's address.
    address: usize,
    /// None while the plan is in use.
    plan: Option<Arc<Plan>>,
    /// The dispatch table that has no entry for the type, by identity and version.
    unregistered_in: Option<(usize, u64)>,
}

/// Places in a pickler's own cache of plans, of 48 bytes each: so many at first, since most data has
/// few types, and at most so many.
const PLACES: [usize; 2] = [16, 512];

impl PlanCache {
    fn place(&mut self, address: usize) -> Option<&mut Option<Met>> {
        if self.met.is_empty() {
            self.met.try_reserve_exact(PLACES[0]).ok()?;
            self.met.resize_with(PLACES[0], || None);
        }
        // A power of two.
        let places = self.met.len();
        self.met
            .get_mut((address >> 4 ^ address >> 10) & (places - 1))
    }

    /// Makes room where two types compete for a place.
    fn make_room(&mut self, address: usize) {
        while self.met.len() < PLACES[1]
            && let Some(Some(met)) = self.place(address)
            && met.address != address
        {
            let mut larger = Vec::new();
            if larger.try_reserve_exact(2 * self.met.len()).is_err() {
                return;
            }
            larger.resize_with(2 * self.met.len(), || None);
            for met in std::mem::replace(&mut self.met, larger)
                .into_iter()
                .flatten()
            {
                if let Some(place) = self.place(met.address) {
                    *place = Some(met);
                }
            }
        }
    }

    /// The plan of the object's type, if there is one that still holds. It is to be given back: to
    /// count its users would cost more than to find it.
    pub fn take_plan_of(&mut self, obj: Borrowed<'_, '_, PyAny>) -> Option<Arc<Plan>> {
        let (address, version) = (type_address(obj), type_version(obj));
        if version == 0 {
            return None;
        }
        if let Some(Some(met)) = self.place(address)
            && met.address == address
            && met
                .plan
                .as_ref()
                .is_some_and(|plan| plan.version == version)
        {
            return met.plan.take();
        }
        let plan = {
            let plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
            plans.as_ref()?.get(&address)?.clone()
        };
        if plan.version != version {
            return None;
        }
        self.make_room(address);
        let replaced = self.place(address).and_then(|place| {
            place.replace(Met {
                address,
                plan: None,
                unregistered_in: None,
            })
        });
        drop(replaced);
        Some(plan)
    }

    /// Keeps a plan for the next instance of the object's type.
    pub fn give_back(&mut self, obj: Borrowed<'_, '_, PyAny>, plan: Arc<Plan>) {
        if let Some(met) = self.met_at(type_address(obj)) {
            met.plan = Some(plan);
        }
    }

    /// Whether a class was looked up in this version of a dispatch table, and not found.
    pub fn is_unregistered(&mut self, class: usize, table: (usize, u64)) -> bool {
        self.met_at(class)
            .is_some_and(|met| met.unregistered_in == Some(table))
    }

    /// Notes that a class was looked up and not found.
    pub fn note_unregistered(&mut self, class: usize, table: (usize, u64)) {
        if let Some(met) = self.met_at(class) {
            met.unregistered_in = Some(table);
        }
    }

    fn met_at(&mut self, class: usize) -> Option<&mut Met> {
        let met = self.place(class)?.as_mut()?;
        (met.address == class).then_some(met)
    }
}

/// Attributes that `object.__reduce_ex__` looks up on the instance itself.
const SHADOWS: [&[u8]; 5] = [
    b"__reduce_ex__",
    b"__reduce__",
    b"__getstate__",
    b"__getnewargs__",
    b"__getnewargs_ex__",
];

/// Whether the instance has an attribute of its own that would be honoured.
pub fn is_shadowed(dict: &Bound<'_, PyDict>) -> bool {
    let mut position = 0;
    while let Some((key, _)) = next_entry(dict, &mut position) {
        if exact(key) != Exact::Str {
            return true;
        }
        match utf8(key) {
            Some(name) if name.starts_with(b"__") && SHADOWS.contains(&name) => return true,
            _ => {}
        }
    }
    false
}

static PLANS: Mutex<Option<HashMap<usize, Arc<Plan>>>> = Mutex::new(None);

impl<'py> Walk<'py, '_> {
    /// Makes a plan for the object's type, of which `value` was got the long way.
    pub fn consider_plan(
        &mut self,
        obj: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let version = type_version(obj.as_borrowed());
        if version == 0 || !self.protocol.has_proto_opcode() {
            return Ok(());
        }
        let class = obj.get_type();
        let plain = is_plain_value(self.py, value)?;
        // A metaclass may have its own way to look attributes up.
        let kind = self.leave(|py| {
            if let Some(collection) = Collection::of(obj)?
                && collection.makes(obj, value)?
            {
                return Ok(Some(PlanKind::Collection(collection)));
            }
            if is_ordinary(&class)
                && let Some(plan) = draw_plain(py, &class)?
            {
                // Hooks of the instance's own may have kept the class's from refusing it.
                let shadowed = plan.has_dict && is_shadowed(&instance_dict(obj.as_borrowed())?);
                return Ok((plain && !shadowed).then_some(PlanKind::Plain(plan)));
            }
            if is_ordinary(&class)
                && let Some(has_dict) = draw_getstate(py, &class)?
            {
                return Ok(Some(PlanKind::Getstate { has_dict }));
            }
            Ok(Some(
                draw_method(py, &class)?.unwrap_or(PlanKind::Unplanned),
            ))
        })?;
        // Where the class is plain and the value is not, the instance has hooks of its own.
        let Some(kind) = kind.filter(|_| type_version(obj.as_borrowed()) == version) else {
            return Ok(());
        };
        let mut plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
        let plans = plans.get_or_insert_with(HashMap::new);
        let forgotten = if plans.len() >= MAX_PLANS {
            std::mem::take(plans)
        } else {
            HashMap::new()
        };
        let plan = Arc::new(Plan { version, kind });
        let replaced = plans.insert(type_address(obj.as_borrowed()), plan);
        drop((forgotten, replaced));
        Ok(())
    }
}

/// The attribute that the type's classes define under this name, the nearest first.
fn defined<'py>(
    class: &Bound<'py, PyType>,
    name: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = class.py();
    for base in class.mro().iter() {
        let contents = base.getattr(intern!(py, "__dict__"))?;
        if contents.contains(name)? {
            return Ok(Some(contents.get_item(name)?));
        }
    }
    Ok(None)
}

/// Whether a reduce value says no more than NEWOBJ of the class alone, and a state.
fn is_plain_value(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let Ok(value) = value.cast::<PyTuple>() else {
        return Ok(false);
    };
    let newobj = &Imports::get(py)?.newobj;
    Ok(value.len() >= 3
        && value.get_item(0)?.is(newobj)
        && value
            .get_item(1)?
            .cast::<PyTuple>()
            .is_ok_and(|args| args.len() == 1)
        && value.iter().skip(3).all(|part| part.is_none()))
}

/// What `object` itself defines under a name.
fn of_object<'py>(py: Python<'py>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    let object = py.get_type::<PyAny>();
    object.getattr(intern!(py, "__dict__"))?.get_item(name)
}

/// The method to ask, for a class where neither the look-up nor the instance can come between.
fn draw_method(py: Python<'_>, class: &Bound<'_, PyType>) -> PyResult<Option<PlanKind>> {
    if !has_ordinary_methods(class) {
        return Ok(None);
    }
    let reduce_ex = intern!(py, "__reduce_ex__");
    let reduce = intern!(py, "__reduce__");
    let method = |found: &Bound<'_, PyAny>| is_method_descriptor(found.as_borrowed());
    let Some(found) = defined(class, reduce_ex)?.filter(method) else {
        return Ok(None);
    };
    if !found.is(&of_object(py, reduce_ex)?) {
        return Ok(Some(PlanKind::ReduceEx));
    }
    Ok(match defined(class, reduce)?.filter(method) {
        Some(own) if own.is(&of_object(py, reduce)?) => Some(PlanKind::ReduceEx),
        Some(own) if keeps_placed_dict(class) => Some(PlanKind::Reduce(own.unbind())),
        Some(_) => Some(PlanKind::ReduceEx),
        None => None,
    })
}

/// Whether every name that the type's classes define is an exact str, so that looking one up runs
/// no Python code.
fn names_are_plain(class: &Bound<'_, PyType>) -> PyResult<bool> {
    for base in class.mro().iter() {
        for name in base.getattr(intern!(class.py(), "__dict__"))?.try_iter()? {
            if exact(name?.as_borrowed()) != Exact::Str {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether the class leaves it to `object.__reduce_ex__` to make a reduce value, without arguments
/// for NEWOBJ.
fn is_reduced_by_object(py: Python<'_>, class: &Bound<'_, PyType>) -> PyResult<bool> {
    if !names_are_plain(class)? {
        return Ok(false);
    }
    for name in ["__reduce_ex__", "__reduce__", "__class__"] {
        if !is_of_object(py, class, name)? {
            return Ok(false);
        }
    }
    for name in ["__getnewargs__", "__getnewargs_ex__"] {
        if defined(class, &PyString::intern(py, name))?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether what the class has under this name is what `object` has.
fn is_of_object(py: Python<'_>, class: &Bound<'_, PyType>, name: &str) -> PyResult<bool> {
    let name = PyString::intern(py, name);
    let own = of_object(py, &name)?;
    Ok(defined(class, &name)?.is_some_and(|found| found.is(&own)))
}

/// Whether instances have a `__dict__`, the ordinary one; None where they have another.
fn has_ordinary_dict(py: Python<'_>, class: &Bound<'_, PyType>) -> PyResult<Option<bool>> {
    let type_name = |found: &Bound<'_, PyAny>| found.get_type().name().map(|n| n.to_string());
    Ok(match defined(class, intern!(py, "__dict__"))? {
        None => Some(false),
        Some(found) if type_name(&found)? == "getset_descriptor" => Some(true),
        Some(_) => None,
    })
}

/// Whether instances have a `__dict__`, for a class of which only `__getstate__` is its own.
fn draw_getstate(py: Python<'_>, class: &Bound<'_, PyType>) -> PyResult<Option<bool>> {
    if !is_reduced_by_object(py, class)? || is_of_object(py, class, "__getstate__")? {
        return Ok(None);
    }
    has_ordinary_dict(py, class)
}

fn draw_plain(py: Python<'_>, class: &Bound<'_, PyType>) -> PyResult<Option<Plain>> {
    if !is_reduced_by_object(py, class)? || !is_of_object(py, class, "__getstate__")? {
        return Ok(None);
    }
    let Some(has_dict) = has_ordinary_dict(py, class)? else {
        return Ok(None);
    };
    let mut slots = Vec::new();
    let names = class
        .getattr(intern!(py, "__dict__"))?
        .get_item(intern!(py, "__slotnames__"));
    let Ok(names) = names.and_then(|names| Ok(names.cast_into::<PyList>()?)) else {
        return Ok(None);
    };
    for name in names.iter() {
        let Ok(name) = name.cast_into_exact::<PyString>() else {
            return Ok(None);
        };
        // A slot that a subclass defines anew is named twice, and is one attribute.
        let named = |slot: &Slot| slot.name.bind(py).as_any().eq(&name);
        if slots
            .iter()
            .map(named)
            .collect::<PyResult<Vec<_>>>()?
            .contains(&true)
        {
            continue;
        }
        let found = defined(class, &name)?;
        let offset = found.and_then(|found| slot_offset(found.as_borrowed(), class));
        let Some(offset) = offset else {
            return Ok(None);
        };
        slots.push(Slot {
            name: name.unbind(),
            offset,
        });
    }
    Ok(Some(Plain { has_dict, slots }))
}
