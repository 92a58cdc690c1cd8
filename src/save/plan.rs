//! Plans: what is known of the instances of a type before they are asked.
//!
//! Of plain instances, what `object.__reduce_ex__` would return; of others, which method gives it. A
//! plan says so for one type, as long as its version lasts. It is made after the first instance went
//! the long way, and holds from the second on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::Borrowed;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::fast::class::is_ordinary;
use crate::fast::dict::next_entry;
use crate::fast::instance::{instance_dict, type_address, type_version};
use crate::fast::object::{Exact, exact};
use crate::fast::text::utf8;
use crate::hooks::Walk;
use crate::save::collection::Collection;
use crate::save::draw::{draw_getstate, draw_method, draw_plain, is_plain_value};
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
