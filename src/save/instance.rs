//! Plain instances: what `object.__reduce_ex__` would return is known from the type.
//!
//! A plan says so for one type, as long as its version lasts. It is made after the first instance
//! went the long way, and holds from the second on: the class has its index by then.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};

use crate::fast::dict::next_entry;
use crate::fast::instance::{instance_dict, is_ordinary, type_address, type_version};
use crate::fast::memo::Holding;
use crate::fast::object::{Exact, exact, reference_count};
use crate::fast::text::utf8;
use crate::hooks::Walk;
use crate::imports::Imports;
use crate::save::scalar::{Container, holding_of};
use crate::save::work::{Standing, Work};

/// Bytes that the opcodes of an instance take before its state: a GET, a tuple, NEWOBJ, a PUT.
const HEAD: usize = 32;

/// Types with a plan; past it the cache starts anew, since types come and go.
const MAX_PLANS: usize = 4096;

/// How the instances of one type are saved.
pub struct Plan {
    version: u32,
    has_dict: bool,
    slots: Vec<Py<PyString>>,
}

static PLANS: Mutex<Option<HashMap<usize, Arc<Plan>>>> = Mutex::new(None);

/// Attributes that `object.__reduce_ex__` looks up on the instance itself.
const SHADOWS: [&[u8]; 5] = [
    b"__reduce_ex__",
    b"__reduce__",
    b"__getstate__",
    b"__getnewargs__",
    b"__getnewargs_ex__",
];

fn plan_of(obj: &Bound<'_, PyAny>) -> Option<Arc<Plan>> {
    let plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
    let plan = plans
        .as_ref()?
        .get(&type_address(obj.as_borrowed()))?
        .clone();
    (plan.version == type_version(obj.as_borrowed())).then_some(plan)
}

/// Whether the instance has an attribute of its own that would be honoured.
fn is_shadowed(dict: &Bound<'_, PyDict>) -> bool {
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

impl<'py> Walk<'py, '_> {
    /// Saves a plain instance by its type's plan; false where there is none that holds.
    pub fn save_instance(&mut self, obj: &Bound<'py, PyAny>, standing: Standing) -> PyResult<bool> {
        if !self.is_quiet() || self.fast || !self.protocol.has_proto_opcode() || !self.binary {
            return Ok(false);
        }
        if !self.out.has_room_in_frame(HEAD) {
            return Ok(false);
        }
        let Some(plan) = plan_of(obj) else {
            return Ok(false);
        };
        let class = obj.get_type();
        let Some(index) = self.memo.get(class.as_any().as_borrowed())? else {
            return Ok(false);
        };
        let dict = if plan.has_dict {
            Some(instance_dict(obj.as_borrowed())?)
        } else {
            None
        };
        if dict.as_ref().is_some_and(is_shadowed) {
            return Ok(false);
        }
        self.get(index)?;
        self.out
            .write([Opcode::EMPTY_TUPLE.code(), Opcode::NEWOBJ.code()])?;
        self.memoize(obj, standing.holding)?;
        let inside = Standing {
            within_made: standing.made,
            ..Standing::new(
                Holding::Shared,
                if standing.made { standing.chain + 1 } else { 0 },
            )
        };
        if plan.slots.is_empty() {
            let Some(dict) = dict.filter(|dict| !dict.is_empty()) else {
                return Ok(true);
            };
            // One reference is the instance's, the other ours.
            let alone = reference_count(dict.as_any().as_borrowed()) == 2;
            let holding = match (alone, standing.holding) {
                (false, _) => Holding::Shared,
                (true, Holding::Temporary) => Holding::Temporary,
                (true, _) => Holding::Deferred,
            };
            self.push(Work::Build {
                obj: obj.clone().unbind(),
                holding: standing.holding,
            })?;
            self.save(dict.into_any().unbind(), inside.part(holding), true)?;
            return Ok(true);
        }
        self.save_slots(obj, &plan, dict, standing.holding, inside)?;
        Ok(true)
    }

    /// The state of an instance with slots: `(dict or None, {name: value})`.
    fn save_slots(
        &mut self,
        obj: &Bound<'py, PyAny>,
        plan: &Plan,
        dict: Option<Bound<'py, PyDict>>,
        held: Holding,
        inside: Standing,
    ) -> PyResult<()> {
        let py = self.py;
        self.before_allocating();
        let slots = PyDict::new(py);
        for name in &plan.slots {
            // The type's plan vouches for a member descriptor and the ordinary look-up.
            if let Some(value) = obj.getattr_opt(name)? {
                slots.set_item(name, value)?;
            }
        }
        let dict = dict.filter(|dict| !dict.is_empty());
        let state = match (dict, slots.is_empty()) {
            (None, true) => return Ok(()),
            (Some(dict), true) => dict.into_any(),
            (Some(dict), false) => PyTuple::new(py, [dict, slots])?.into_any(),
            (None, false) => {
                PyTuple::new(py, [py.None().into_bound(py), slots.into_any()])?.into_any()
            }
        };
        let holding = if state.is_instance_of::<PyTuple>() {
            holding_of(Container::Temporary, state.as_borrowed())
        } else {
            Holding::Shared
        };
        self.push(Work::Build {
            obj: obj.clone().unbind(),
            holding: held,
        })?;
        self.save(state.unbind(), inside.part(holding), true)
    }

    /// Makes a plan for the object's type if what its `__reduce_ex__` returned is what a plan says.
    pub fn consider_plan(
        &mut self,
        obj: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let py = self.py;
        let imports = Imports::get(py)?;
        let Ok(value) = value.cast::<PyTuple>() else {
            return Ok(());
        };
        if !self.is_quiet() || !self.protocol.has_proto_opcode() || value.len() < 3 {
            return Ok(());
        }
        if !value.get_item(0)?.is(&imports.newobj) || plan_of(obj).is_some() {
            return Ok(());
        }
        if value.get_item(1)?.len()? != 1 || value.iter().skip(3).any(|part| !part.is_none()) {
            return Ok(());
        }
        let class = obj.get_type();
        if !is_ordinary(&class) {
            return Ok(());
        }
        // A metaclass may have its own way to look attributes up.
        let Some(plan) = self.leave(|py| draw_plan(py, obj, &class))? else {
            return Ok(());
        };
        let mut plans = PLANS.lock().unwrap_or_else(PoisonError::into_inner);
        let plans = plans.get_or_insert_with(HashMap::new);
        let forgotten = if plans.len() >= MAX_PLANS {
            std::mem::take(plans)
        } else {
            HashMap::new()
        };
        plans.insert(type_address(obj.as_borrowed()), Arc::new(plan));
        drop(forgotten);
        Ok(())
    }

    /// BUILD, once the state is written.
    pub fn finish_instance(&mut self, obj: Py<PyAny>, holding: Holding) -> PyResult<()> {
        encode::encode_opcode(&mut self.out, Opcode::BUILD)?;
        self.close(obj, holding);
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

fn draw_plan(
    py: Python<'_>,
    obj: &Bound<'_, PyAny>,
    class: &Bound<'_, PyType>,
) -> PyResult<Option<Plan>> {
    let object = py.get_type::<PyAny>();
    for name in ["__reduce_ex__", "__reduce__", "__getstate__", "__class__"] {
        let name = PyString::intern(py, name);
        let own = object.getattr(intern!(py, "__dict__"))?.get_item(&name)?;
        if !defined(class, &name)?.is_some_and(|found| found.is(&own)) {
            return Ok(None);
        }
    }
    for name in ["__getnewargs__", "__getnewargs_ex__"] {
        if defined(class, &PyString::intern(py, name))?.is_some() {
            return Ok(None);
        }
    }
    let type_name = |found: &Bound<'_, PyAny>| found.get_type().name().map(|n| n.to_string());
    let has_dict = match defined(class, intern!(py, "__dict__"))? {
        None => false,
        Some(found) if type_name(&found)? == "getset_descriptor" => true,
        Some(_) => return Ok(None),
    };
    let mut slots = Vec::new();
    let names = class
        .getattr(intern!(py, "__dict__"))?
        .get_item(intern!(py, "__slotnames__"));
    let Ok(names) = names.and_then(|names| Ok(names.cast_into::<PyList>()?)) else {
        return Ok(None);
    };
    for name in names.iter() {
        let Ok(name) = name.cast_into::<PyString>() else {
            return Ok(None);
        };
        match defined(class, &name)? {
            Some(found) if type_name(&found)? == "member_descriptor" => slots.push(name.unbind()),
            _ => return Ok(None),
        }
    }
    let version = type_version(obj.as_borrowed());
    Ok((version != 0).then_some(Plan {
        version,
        has_dict,
        slots,
    }))
}
