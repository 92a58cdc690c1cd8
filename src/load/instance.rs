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
    class_attribute, contents_version, is_data_descriptor, method_of_dictless, set_attribute,
    set_ordinary_attribute, sets_no_state, takes_attributes,
};
use crate::fast::object::{Exact, exact};
use crate::load::home::Face;
use crate::load::machine::Machine;

/// Classes and names that are kept, by address: a few per load are met again and again.
const CLASSES_KEPT: usize = 16;
const NAMES_KEPT: usize = 128;

/// In place of the version of a class, where what is known of a name is known of it alone.
const NO_CLASS: u32 = 0;

/// Addresses of objects are multiples of this many bytes, so its bits tell nothing.
const ALIGNMENT: usize = 16;

fn slot_of(object: &Bound<'_, PyAny>, slots: usize) -> usize {
    object.as_ptr() as usize / ALIGNMENT % slots
}

/// Names that several classes share have a place for each of them.
fn slot_of_name(name: &Bound<'_, PyAny>, version: u32) -> usize {
    (name.as_ptr() as usize / ALIGNMENT).wrapping_add(version as usize) % NAMES_KEPT
}

/// What is known of a class.
pub struct Known<'py> {
    class: Bound<'py, PyType>,
    /// Of the class's contents; 0 where it had no number, and nothing is known.
    version: u32,
    pub takes_attributes: bool,
    /// The class has no `__setstate__`, and looking for one on an instance runs no Python code.
    pub sets_no_state: bool,
    /// `__setstate__`, to be called with the instance first: one of a class whose instances have no
    /// `__dict__` that could hold another.
    setstate: Option<Bound<'py, PyAny>>,
}

/// A name, an exact string, as the pickle has it.
struct Name<'py> {
    name: Bound<'py, PyAny>,
    /// The interpreter's own object for it.
    twin: Bound<'py, PyAny>,
    /// The contents of a class that takes attributes and has no data descriptor of this name, so
    /// that setting it stores it in the `__dict__` and does nothing else; or `NO_CLASS`.
    version: u32,
}

/// What is known of the classes and names that BUILD met.
#[derive(Default)]
pub struct Attributes<'py> {
    classes: Vec<Option<Known<'py>>>,
    names: Vec<Option<Name<'py>>>,
}

impl<'py> Attributes<'py> {
    pub fn known(&mut self, class: &Bound<'py, PyType>) -> PyResult<&mut Known<'py>> {
        if self.classes.is_empty() {
            self.classes.resize_with(CLASSES_KEPT, || None);
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
                setstate: method_of_dictless(class, intern!(class.py(), "__setstate__")),
                class: class.clone(),
            });
        }
        slot.as_mut()
            .ok_or_else(|| pyo3::exceptions::PySystemError::new_err("no place for a class"))
    }

    /// Sets an attribute, if it is known that this is the same as storing it in `__dict__`. False
    /// where it is not; nothing was done then.
    #[inline(always)]
    pub fn set_plain(
        &mut self,
        instance: &Bound<'py, PyAny>,
        class: &Bound<'py, PyType>,
        name: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<bool> {
        let version = contents_version(class);
        match self.names.get(slot_of_name(name, version)) {
            // The entry holds the name, so its address is its own.
            Some(Some(known))
                if known.name.is(name) && known.version == version && version != NO_CLASS =>
            {
                set_ordinary_attribute(instance, &known.twin, value)?;
                Ok(true)
            }
            _ => self.set_new_name(instance, class, name, value),
        }
    }

    #[cold]
    fn set_new_name(
        &mut self,
        instance: &Bound<'py, PyAny>,
        class: &Bound<'py, PyType>,
        name: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<bool> {
        if exact(name.as_borrowed()) != Exact::Str || !self.known(class)?.takes_attributes {
            return Ok(false);
        }
        let twin = interned(name.clone());
        let attribute = class_attribute(class, twin.cast::<PyString>()?);
        if attribute.is_some_and(|found| is_data_descriptor(&found)) {
            return Ok(false);
        }
        self.keep_name(name, &twin, contents_version(class));
        set_ordinary_attribute(instance, &twin, value)?;
        Ok(true)
    }

    /// The interned twin of a name, an exact string.
    #[inline(always)]
    pub fn twin(&mut self, name: &Bound<'py, PyAny>) -> Bound<'py, PyAny> {
        match self.names.get(slot_of_name(name, NO_CLASS)) {
            Some(Some(known)) if known.name.is(name) => known.twin.clone(),
            _ => {
                let twin = interned(name.clone());
                self.keep_name(name, &twin, NO_CLASS);
                twin
            }
        }
    }

    fn keep_name(&mut self, name: &Bound<'py, PyAny>, twin: &Bound<'py, PyAny>, version: u32) {
        if self.names.is_empty() {
            self.names.resize_with(NAMES_KEPT, || None);
        }
        self.names[slot_of_name(name, version)] = Some(Name {
            name: name.clone(),
            twin: twin.clone(),
            version,
        });
    }
}

impl<'py> Machine<'py, '_> {
    #[inline(always)]
    pub fn load_build(&mut self) -> PyResult<()> {
        let py = self.py;
        let start = self.stack.start_of(2, py)?;
        let state = self.stack.pop(py)?;
        let instance = self.stack.values[start].clone();
        if let Some(setstate) = &self.attributes.known(&instance.get_type())?.setstate {
            let setstate = setstate.clone();
            return self.leave(|_| build::call_method(&setstate, &instance, &state).map(drop));
        }
        let setstate =
            self.leave(|_| build::optional_attribute(&instance, intern!(py, "__setstate__")))?;
        if let Some(setstate) = setstate {
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
        let Ok(state) = state.cast::<PyDict>() else {
            return Err(unpickling_error(self.py, "state is not a dictionary"));
        };
        let mut position = 0;
        let class = instance.get_type();
        while let Some((name, value)) = next_entry(state, &mut position) {
            let (name, value) = (name.to_owned(), value.to_owned());
            if !self.attributes.set_plain(instance, &class, &name, &value)? {
                return self.set_in_dict(instance, state);
            }
        }
        if state.is_empty() && !self.attributes.known(&class)?.takes_attributes {
            // Only that there is a `__dict__` matters.
            return self.leave(|py| instance.getattr(intern!(py, "__dict__")).map(drop));
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
        let Ok(state) = state.cast::<PyDict>() else {
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
