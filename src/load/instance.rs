//! BUILD: the state of instances.
//!
//! For most classes what BUILD does is known beforehand: no `__setstate__`, attributes set the
//! ordinary way. What was found about a class is kept while its contents stay the same, and the
//! attributes are set without asking the instance for its `__dict__`, which would be made for it.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};

use crate::error::unpickling_error;
use crate::fast::build;
use crate::fast::decode::interned;
use crate::fast::dict::next_entry;
use crate::fast::instance::{
    DictOffset, class_attribute, contents_version, has_ordinary_dict, is_data_descriptor,
    set_attribute, set_ordinary_attribute, sets_no_state, takes_attributes,
};
use crate::fast::object::{Exact, exact, is_of_immutable_type};
use crate::load::home::Face;
use crate::load::machine::Machine;

/// Classes and names that are kept, by address: a few per load are met again and again.
const CLASSES_KEPT: usize = 16;
const NAMES_KEPT: usize = 64;

/// Names of one class that are known to be no data descriptors.
const NAMES_KEPT_BY_CLASS: usize = 32;

/// Addresses of objects are multiples of this many bytes, so its bits tell nothing.
const ALIGNMENT: usize = 16;

fn slot_of(object: &Bound<'_, PyAny>, slots: usize) -> usize {
    object.as_ptr() as usize / ALIGNMENT % slots
}

/// What is known of a class.
pub struct Known<'py> {
    class: Bound<'py, PyType>,
    /// Of the class's contents; 0 where it had no number, and nothing is known.
    version: u32,
    /// Attributes of instances can be set instead of stored in their `__dict__`, which lies there.
    takes_attributes: Option<DictOffset>,
    /// The class has no `__setstate__`, and looking for one on an instance runs no Python code.
    pub sets_no_state: bool,
    /// Interned names that no data descriptor of the class has.
    plain_names: Vec<Bound<'py, PyAny>>,
}

/// A name as the pickle has it, and the interpreter's own object for it.
type Twins<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// What is known of the classes and names that BUILD met.
#[derive(Default)]
pub struct Attributes<'py> {
    classes: Vec<Option<Known<'py>>>,
    names: Vec<Option<Twins<'py>>>,
}

impl<'py> Attributes<'py> {
    pub fn known(&mut self, class: &Bound<'py, PyType>) -> PyResult<&mut Known<'py>> {
        if self.classes.is_empty() {
            self.classes.resize_with(CLASSES_KEPT, || None);
            self.names.resize_with(NAMES_KEPT, || None);
        }
        let slot = &mut self.classes[slot_of(class.as_any(), CLASSES_KEPT)];
        let is_current = slot.as_ref().is_some_and(|known| {
            known.class.is(class) && known.version != 0 && known.version == contents_version(class)
        });
        if !is_current {
            *slot = Some(Known {
                takes_attributes: takes_attributes(class),
                sets_no_state: sets_no_state(class),
                // Looking gives the class a number if it had none.
                version: contents_version(class),
                class: class.clone(),
                plain_names: Vec::new(),
            });
        }
        slot.as_mut()
            .ok_or_else(|| pyo3::exceptions::PySystemError::new_err("no place for a class"))
    }

    /// Whether storing in the instance's `__dict__` may be left to the setting of attributes whose
    /// names are plain.
    #[inline(always)]
    pub fn takes_attributes(
        &mut self,
        instance: &Bound<'py, PyAny>,
        class: &Bound<'py, PyType>,
    ) -> PyResult<bool> {
        let offset = self.known(class)?.takes_attributes;
        Ok(offset.is_some_and(|offset| has_ordinary_dict(instance, offset)))
    }

    /// Whether setting the attribute of this name, an exact string, stores it in the `__dict__` of
    /// instances of the class and does nothing else.
    #[inline(always)]
    pub fn is_plain(
        &mut self,
        class: &Bound<'py, PyType>,
        name: &Bound<'py, PyAny>,
    ) -> PyResult<bool> {
        let twin = self.twin(name);
        let known = self.known(class)?;
        if known.takes_attributes.is_none() {
            return Ok(false);
        }
        if known.plain_names.iter().any(|plain| plain.is(&twin)) {
            return Ok(true);
        }
        let attribute = class_attribute(class, twin.cast::<PyString>()?);
        if attribute.as_ref().is_some_and(is_data_descriptor) {
            return Ok(false);
        }
        // What has a class that can change may become a data descriptor, and the version would stand.
        let stays_plain = attribute.is_none_or(|found| is_of_immutable_type(found.as_borrowed()));
        if stays_plain && known.plain_names.len() < NAMES_KEPT_BY_CLASS {
            known.plain_names.push(twin);
        }
        Ok(true)
    }

    /// The interned twin of a name, an exact string.
    #[inline(always)]
    pub fn twin(&mut self, name: &Bound<'py, PyAny>) -> Bound<'py, PyAny> {
        if self.names.is_empty() {
            self.names.resize_with(NAMES_KEPT, || None);
        }
        let slot = &mut self.names[slot_of(name, NAMES_KEPT)];
        match slot {
            // The entry holds the name, so its address is its own.
            Some((known, twin)) if known.is(name) => twin.clone(),
            _ => {
                let twin = interned(name.clone());
                *slot = Some((name.clone(), twin.clone()));
                twin
            }
        }
    }
}

impl<'py> Machine<'py, '_> {
    #[inline(always)]
    pub fn load_build(&mut self) -> PyResult<()> {
        let py = self.py;
        let start = self.stack.start_of(2, py)?;
        let state = self.stack.pop(py)?;
        let instance = self.stack.values[start].clone();
        let setstate =
            self.leave(|_| build::optional_attribute(&instance, intern!(py, "__setstate__")))?;
        let skips_none =
            self.face == Face::Hookable && self.imports.loading.hookable_skips_none_as_setstate;
        if let Some(setstate) = setstate.filter(|found| !(skips_none && found.is_none())) {
            return self.leave(|_| setstate.call1((state,)).map(drop));
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
        if !self.attributes.takes_attributes(instance, &class)? {
            return self.set_in_dict(instance, state);
        }
        let mut position = 0;
        while let Some((name, value)) = next_entry(state, &mut position) {
            let (name, value) = (name.to_owned(), value.to_owned());
            if !self.set_plain_attribute(instance, &class, &name, &value)? {
                return self.set_in_dict(instance, state);
            }
        }
        Ok(())
    }

    /// Whether a state says nothing: None, and on the hookable face whatever is false.
    fn is_no_state(&mut self, state: &Bound<'py, PyAny>) -> PyResult<bool> {
        if state.is_none() {
            return Ok(true);
        }
        Ok(self.face == Face::Hookable && !self.leave(|_| state.is_truthy())?)
    }

    /// A state's entries. On the hookable face all that has `items` is asked for them, but for a
    /// dict of the exact type, where they are known.
    #[inline(always)]
    fn as_dict(&mut self, state: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyDict>>> {
        if self.face == Face::Lean || build::is_exact_dict(state) {
            return Ok(state.cast::<PyDict>().ok().cloned());
        }
        self.leave(|py| {
            let Some(items) = build::optional_attribute(state, intern!(py, "items"))? else {
                return Ok(None);
            };
            PyDict::from_sequence(&items.call0()?).map(Some)
        })
    }

    /// Sets one attribute, if it is known that this is the same as storing it in `__dict__`.
    #[inline(always)]
    fn set_plain_attribute(
        &mut self,
        instance: &Bound<'py, PyAny>,
        class: &Bound<'py, PyType>,
        name: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<bool> {
        if exact(name.as_borrowed()) != Exact::Str {
            return Ok(false);
        }
        if !self.attributes.is_plain(class, name)? {
            return Ok(false);
        }
        let twin = self.attributes.twin(name);
        set_ordinary_attribute(instance, &twin, value)?;
        Ok(true)
    }

    /// Stores every entry of a state in the instance's `__dict__`, whatever that is. Those that
    /// were set as attributes before are stored once more.
    fn set_in_dict(
        &mut self,
        instance: &Bound<'py, PyAny>,
        state: &Bound<'py, PyDict>,
    ) -> PyResult<()> {
        let dict = self.leave(|py| instance.getattr(intern!(py, "__dict__")))?;
        let mut position = 0;
        while let Some((name, value)) = next_entry(state, &mut position) {
            let (mut name, value) = (name.to_owned(), value.to_owned());
            if exact(name.as_borrowed()) == Exact::Str {
                name = self.attributes.twin(&name);
            }
            self.leave(|_| dict.set_item(name, value))?;
        }
        Ok(())
    }

    /// Sets attributes one by one, as for slots.
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
            let (name, value) = (name.to_owned(), value.to_owned());
            self.leave(|_| set_attribute(instance, &name, &value))?;
        }
        Ok(())
    }
}
