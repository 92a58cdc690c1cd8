//! BUILD: the state of instances.
//!
//! Most classes have no `__setstate__` and set attributes the ordinary way. Their instances are given
//! each entry of the state as an attribute: an instance that is asked for its `__dict__` instead has to
//! make one, which takes time and memory. Calls that run no Python code for such a class are made
//! without a passage of the gate.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::error::unpickling_error;
use crate::fast::attribute::optional_attribute;
use crate::fast::bare::is_bare;
use crate::fast::build;
use crate::fast::dict::next_entry;
use crate::fast::instance::{set_attribute, set_slot};
use crate::interpreter::face::Face;
use crate::interpreter::hookable;
use crate::load::attributes::{Attributes, Way};
use crate::load::machine::Machine;

impl<'py> Machine<'py, '_> {
    #[inline(always)]
    pub fn load_build(&mut self) -> PyResult<()> {
        let py = self.py;
        let start = self.stack.start_of(2, py)?;
        let state = self.stack.pop(py)?;
        let instance = self.stack.values[start].clone();
        let known = self.attributes.known(&instance.get_type())?;
        if let Some(setstate) = known.setstate.clone() {
            if self.set_known_state(&setstate, &instance, &state)? {
                return Ok(());
            }
            return self.leave(move |_| build::call_method(&setstate, &instance, &state).map(drop));
        }
        let setstate = if known.instances_set_no_state {
            None
        } else if known.sets_no_state {
            optional_attribute(&instance, intern!(py, "__setstate__"))?
        } else {
            self.leave(|_| optional_attribute(&instance, intern!(py, "__setstate__")))?
        };
        let skips_none =
            self.face == Face::Hookable && hookable::does(|facts| facts.skips_none_as_setstate);
        if let Some(setstate) = setstate.filter(|found| !(skips_none && found.is_none())) {
            return self.leave(move |_| setstate.call1((state,)).map(drop));
        }
        if let Ok(pair) = state.cast::<PyTuple>()
            && pair.len() == 2
        {
            let (state, slot_state) = (pair.get_item(0)?, pair.get_item(1)?);
            self.set_dict_state(&instance, &state)?;
            return self.set_slot_state(&instance, &slot_state);
        }
        self.set_dict_state(&instance, &state)
    }

    /// Puts a state into the instance's `__dict__`.
    #[inline(always)]
    fn set_dict_state(
        &mut self,
        instance: &Bound<'py, PyAny>,
        state: &Bound<'py, PyAny>,
    ) -> PyResult<()> {
        if self.is_no_state(state)? {
            return Ok(());
        }
        let Some(state) = &self.as_dict(state)? else {
            return Err(unpickling_error(self.py, "state is not a dictionary"));
        };
        let class = instance.get_type();
        if !Attributes::takes_attributes(instance, &class) || self.may_end_in_sight(instance) {
            return self.set_in_dict(instance, state);
        }
        let mut position = 0;
        while let Some((name, value)) = next_entry(state, &mut position) {
            if !self
                .attributes
                .set_in_dict(instance, &class, &name, &value)?
            {
                return self.set_in_dict(instance, state);
            }
        }
        Ok(())
    }

    /// Whether storing a state may end values that the instance has, whose finalisers may look at the unpickler.
    #[inline(always)]
    fn may_end_in_sight(&self, instance: &Bound<'py, PyAny>) -> bool {
        self.unpickler().is_some()
            && Attributes::place_of_dict(instance, &instance.get_type())
                .is_none_or(|offset| !is_bare(instance, offset))
    }

    /// Whether a state is to be ignored: None on both faces, anything false on the hookable one.
    fn is_no_state(&mut self, state: &Bound<'py, PyAny>) -> PyResult<bool> {
        if state.is_none() {
            return Ok(true);
        }
        Ok(self.face == Face::Hookable && !self.leave(|_| state.is_truthy())?)
    }

    /// A state's entries; None for a state that is no dict. The hookable face takes the entries of
    /// anything that has a method `items`, by calling it; only an exact dict need not be asked.
    #[inline(always)]
    fn as_dict(&mut self, state: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyDict>>> {
        if self.face == Face::Lean || state.is_exact_instance_of::<PyDict>() {
            return Ok(state.cast::<PyDict>().ok().cloned());
        }
        self.leave(|py| {
            let Some(items) = optional_attribute(state, intern!(py, "items"))? else {
                return Ok(None);
            };
            PyDict::from_sequence(&items.call0()?).map(Some)
        })
    }

    /// Stores every entry of a state in the instance's `__dict__`, of whatever type that is: the slow way,
    /// for classes that do not take attributes the ordinary way. `set_dict_state` may have set some of the
    /// entries before it met a name that it can't set; storing these again changes nothing.
    fn set_in_dict(
        &mut self,
        instance: &Bound<'py, PyAny>,
        state: &Bound<'py, PyDict>,
    ) -> PyResult<()> {
        let dict = self.leave(|py| instance.getattr(intern!(py, "__dict__")))?;
        let mut position = 0;
        while let Some((mut name, value)) = next_entry(state, &mut position) {
            if let Ok(text) = name.cast_exact::<PyString>() {
                name = self.attributes.twin(text)?.into_any();
            }
            self.leave(|_| dict.set_item(name, value))?;
        }
        Ok(())
    }

    /// Sets each entry of a state as an attribute: pickles keep the values of slots in such a state.
    fn set_slot_state(
        &mut self,
        instance: &Bound<'py, PyAny>,
        state: &Bound<'py, PyAny>,
    ) -> PyResult<()> {
        if self.face == Face::Hookable && self.is_no_state(state)? {
            return Ok(());
        }
        let Some(state) = &self.as_dict(state)? else {
            return Err(unpickling_error(self.py, "slot state is not a dictionary"));
        };
        let mut position = 0;
        while let Some((name, value)) = next_entry(state, &mut position) {
            self.set_slot_or_attribute(instance, &name, value)?;
        }
        Ok(())
    }

    /// Sets an attribute: a slot by storing the value at the slot's place, any other in the way that the
    /// class sets it.
    #[inline(always)]
    pub fn set_slot_or_attribute(
        &mut self,
        instance: &Bound<'py, PyAny>,
        name: &Bound<'py, PyAny>,
        value: Bound<'py, PyAny>,
    ) -> PyResult<()> {
        // The class is read anew each time: setting the attribute before may have assigned `__class__`.
        let value = match self.attributes.way(&instance.get_type(), name)? {
            Way::Slot(offset) => match set_slot(instance, offset, value) {
                Ok(None) => return Ok(()),
                Ok(Some(old)) => {
                    self.leave(|_| drop(old));
                    return Ok(());
                }
                Err(value) => value,
            },
            _ => value,
        };
        self.leave(|_| set_attribute(instance, name, &value))
    }
}
