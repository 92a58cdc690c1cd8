//! The state of plain instances with slots: `(dict or None, {name: value})`.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::fast::class::SlotOffset;
use crate::fast::fresh;
use crate::fast::instance::slot_value;
use crate::fast::memo::Holding;
use crate::fast::object::exact;
use crate::hooks::Walk;
use crate::save::leaf::{Container, holding_of};
use crate::save::work::{Standing, Work};

/// A slot that a class and its bases give to instances.
pub struct Slot {
    /// As `copyreg` spells it: private names are mangled.
    pub name: Py<PyString>,
    /// Where the value is.
    pub offset: SlotOffset,
}

impl<'py> Walk<'py, '_> {
    /// Saves the state of an instance, and BUILD. `inside` is the standing of its parts.
    pub fn save_slots(
        &mut self,
        obj: &Bound<'py, PyAny>,
        slots: &[Slot],
        dict: Option<Bound<'py, PyDict>>,
        held: Holding,
        inside: Standing,
    ) -> PyResult<()> {
        let py = self.py;
        let dict = dict.filter(|dict| !dict.is_empty());
        if dict.is_none() && self.write_leaf_slots(obj, slots, held)? {
            return Ok(());
        }
        self.before_allocating();
        let state = fresh::dict(py)?;
        for slot in slots {
            if let Some(value) = slot_value(obj, slot.offset)? {
                state.set_item(&slot.name, value)?;
            }
        }
        let state = match (dict, state.is_empty()) {
            (None, true) => return Ok(()),
            (Some(dict), true) => dict.into_any(),
            (Some(dict), false) => PyTuple::new(py, [dict, state])?.into_any(),
            (None, false) => {
                PyTuple::new(py, [py.None().into_bound(py), state.into_any()])?.into_any()
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

    /// Writes the state and BUILD on the spot, without making the tuple and the dict; false, with
    /// nothing written, where not all values are leaves.
    ///
    /// Nobody could get hold of that tuple and that dict, so each takes an index and no more.
    fn write_leaf_slots(
        &mut self,
        obj: &Bound<'py, PyAny>,
        slots: &[Slot],
        held: Holding,
    ) -> PyResult<bool> {
        if !self.is_direct() {
            return Ok(false);
        }
        let mut count = 0;
        // NONE, the dict's opcodes with two PUTs, SETITEMS, TUPLE2, BUILD.
        let mut size = 32;
        for slot in slots {
            let Some(value) = slot_value(obj, slot.offset)? else {
                continue;
            };
            let name = slot.name.bind(self.py).as_any().as_borrowed();
            let sizes = (
                self.leaf_size(name, exact(name)),
                self.leaf_size(value, exact(value)),
            );
            let (Some(name), Some(value)) = sizes else {
                return Ok(false);
            };
            count += 1;
            size += name + value;
        }
        // Without a file a leaf turns the frame itself.
        if self.write.is_some() && !self.out.has_room_in_frame(size) {
            return Ok(false);
        }
        if count == 0 {
            return Ok(true);
        }
        self.begin_object()?;
        encode::encode_none(&mut self.out)?;
        self.begin_object()?;
        encode::encode_opcode(&mut self.out, Opcode::EMPTY_DICT)?;
        self.memoize(obj, Holding::Temporary)?;
        if count > 1 {
            encode::encode_opcode(&mut self.out, Opcode::MARK)?;
        }
        let container = Container::memoized_first(held);
        for slot in slots {
            let Some(value) = slot_value(obj, slot.offset)? else {
                continue;
            };
            let name = slot.name.bind(self.py).as_any().as_borrowed();
            let written = self.save_leaf(name, exact(name), Holding::Shared)?
                && self.save_leaf(value, exact(value), holding_of(container, value))?;
            debug_assert!(written, "`leaf_size` promised it");
        }
        let close = if count > 1 {
            Opcode::SETITEMS
        } else {
            Opcode::SETITEM
        };
        self.out.write([close.code(), Opcode::TUPLE2.code()])?;
        self.memoize(obj, Holding::Temporary)?;
        encode::encode_opcode(&mut self.out, Opcode::BUILD)?;
        Ok(true)
    }
}
