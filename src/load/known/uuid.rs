//! The state of UUIDs: `uuid.UUID.__setstate__` stores the number in a slot, and in another one that it is not known
//! whether the UUID was made safely, unless the state tells.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyDict, PyString};

use crate::fast::attached::Attached;
use crate::fast::attribute::optional_attribute;
use crate::fast::class::{SlotOffset, class_attribute, slot_offset};
use crate::fast::dict::next_entry;
use crate::fast::instance::set_slot;
use crate::fast::view::{ClassVersion, View};
use crate::interpreter::imports::Imports;
use crate::load::known::rests::Method;

/// What the method rests on.
pub struct Uuid<'py> {
    method: Method<'py>,
    /// Where an instance keeps `int` and `is_safe`.
    slots: [SlotOffset; 2],
    /// The class `object`.
    object: Bound<'py, PyAny>,
    /// `uuid.SafeUUID`, that class as it was, and its member `unknown`.
    safe_uuid: Bound<'py, PyAny>,
    safe: ClassVersion,
    unknown: Bound<'py, PyAny>,
}

impl<'py> Uuid<'py> {
    /// Looks at a `__setstate__`, and at the class of an instance. To be called in a passage of the gate.
    ///
    /// # Errors
    /// MemoryError, and what looking through the standard library raises.
    pub fn look(
        instance: &Bound<'py, PyAny>,
        setstate: &Bound<'py, PyAny>,
        imports: &Imports,
    ) -> PyResult<Option<Self>> {
        let py = instance.py();
        let Some(method) = Method::of(setstate.clone()) else {
            return Ok(None);
        };
        if !method.is_known_as("state of a UUID", imports)? {
            return Ok(None);
        }
        let safe_uuid = method.globals()?.get_item(intern!(py, "SafeUUID"))?;
        let Some(unknown) = optional_attribute(&safe_uuid, intern!(py, "unknown"))? else {
            return Ok(None);
        };
        if !unknown.get_type().is(&safe_uuid) {
            return Ok(None);
        }
        // A look-up on a member gives the class its version.
        let _ = optional_attribute(&unknown, intern!(py, "value"))?;
        let class = instance.get_type();
        let slot = |name| {
            class_attribute(&class, name).and_then(|found| slot_offset(found.as_borrowed(), &class))
        };
        let slots = [slot(intern!(py, "int")), slot(intern!(py, "is_safe"))];
        let attached = Attached::new(py);
        let safe = View::of(safe_uuid.as_unbound(), attached.quiet()).as_class();
        let ([Some(int), Some(is_safe)], Some(safe)) =
            (slots, safe.and_then(|safe| safe.version()))
        else {
            return Ok(None);
        };
        Ok(Some(Self {
            method,
            slots: [int, is_safe],
            object: py.get_type::<PyAny>().into_any(),
            safe_uuid,
            safe,
            unknown,
        }))
    }

    /// Whether the method still does what it did.
    #[inline(always)]
    fn stands(&self, py: Python<'py>) -> bool {
        let attached = Attached::new(py);
        let quiet = attached.quiet();
        let Some(names) = self.method.names(quiet) else {
            return false;
        };
        let safe_uuid = names.global(intern!(py, "SafeUUID"));
        names.has_builtin(intern!(py, "object"), &self.object)
            && safe_uuid.is_some_and(|found| {
                found.is(View::of(self.safe_uuid.as_unbound(), quiet))
                    && found.as_class().and_then(|class| class.version()) == Some(self.safe)
            })
    }

    /// Sets the state of an instance that holds a number and nothing else, and gives out what was in the slots; None
    /// where nothing was done.
    #[inline(always)]
    pub fn set_state(
        &self,
        setstate: &Bound<'py, PyAny>,
        instance: &Bound<'py, PyAny>,
        state: &Bound<'py, PyDict>,
    ) -> Option<[Option<Bound<'py, PyAny>>; 2]> {
        let (key, int) = next_entry(state, &mut 0)?;
        let is_number = |key: &Bound<'_, PyString>| key.to_str().is_ok_and(|key| key == "int");
        if state.len() != 1 || !key.cast_exact::<PyString>().is_ok_and(is_number) {
            return None;
        }
        if !self.stands(setstate.py()) {
            return None;
        }
        let [of_int, of_is_safe] = self.slots;
        // Both are found or neither, since they are of one class.
        let old = set_slot(instance, of_int, int).ok()?;
        let old_safe = set_slot(instance, of_is_safe, self.unknown.clone()).ok()?;
        Some([old, old_safe])
    }
}
