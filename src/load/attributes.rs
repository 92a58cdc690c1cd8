//! What is known of the classes and the attribute names that BUILD meets. It stays known for as long as
//! the class's contents stay the same, which the number of these contents tells.
//!
//! Each load has its own, in two small tables. An entry that is replaced may hold the last reference to a
//! class, whose finaliser then runs in the middle of the replacing; it can't do harm, since the tables
//! can't be reached from Python.

use pyo3::exceptions::PyMemoryError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};

use crate::fast::class::{
    DictOffset, SlotOffset, class_attribute, contents_version, is_data_descriptor, is_dictless,
    method_of_dictless, sets_no_state, sets_ordinarily, slot_offset, takes_attributes,
};
use crate::fast::decode::interned;
use crate::fast::instance::{has_ordinary_dict, set_named_attribute};
use crate::fast::object::is_of_immutable_type;

/// Places of the two tables, at first and at most: a load meets the same few classes and names again and again.
const CLASSES_KEPT: [usize; 2] = [2, 64];
const NAMES_KEPT: [usize; 2] = [8, 512];

/// The version of an entry that tells of a name whatever the class.
const NO_CLASS: u32 = 0;

/// Addresses of objects are multiples of this many bytes, so their lowest bits are alike.
const ALIGNMENT: usize = 16;

#[inline(always)]
fn hash_of_class(class: &Bound<'_, PyType>) -> usize {
    class.as_ptr() as usize / ALIGNMENT
}

/// A name that several classes have gets a place for each of them.
#[inline(always)]
fn hash_of_name(name: &Bound<'_, PyAny>, version: u32) -> usize {
    (name.as_ptr() as usize / ALIGNMENT).wrapping_add(version as usize)
}

/// What is known of a class.
pub struct Known<'py> {
    class: Bound<'py, PyType>,
    /// The number of the class's contents; `NO_CLASS` if they have none, and then the entry is out of date.
    version: u32,
    /// The class has no `__setstate__`, and looking for one on an instance runs no Python code.
    pub sets_no_state: bool,
    /// No instance has a `__setstate__` either: they have no `__dict__`.
    pub instances_set_no_state: bool,
    /// `__setstate__`, to be called with the instance first. Known only for classes whose instances have no
    /// `__dict__`: there an instance might have another of its own.
    pub setstate: Option<Bound<'py, PyAny>>,
}

/// What setting an attribute does, where that is known.
#[derive(Copy, Clone)]
pub enum Way {
    /// It stores the value in the `__dict__`, and nothing else.
    Dict,
    /// It stores the value in the slot at this place, and nothing else.
    Slot(SlotOffset),
    Other,
}

/// A name, an exact string, as the pickle has it.
struct Name<'py> {
    name: Bound<'py, PyAny>,
    /// The interpreter's own object for it.
    twin: Bound<'py, PyString>,
    /// The contents of the class that `way` is known for, or `NO_CLASS`.
    version: u32,
    way: Way,
}

/// Entries, each at the place that its hash says.
struct Places<T> {
    /// Their number is a power of two, or none.
    entries: Vec<Option<T>>,
    hash: fn(&T) -> usize,
    kept: [usize; 2],
}

impl<T> Places<T> {
    const fn new(kept: [usize; 2], hash: fn(&T) -> usize) -> Self {
        Self {
            entries: Vec::new(),
            hash,
            kept,
        }
    }

    #[inline(always)]
    fn place(&self, hash: usize) -> usize {
        hash & self.entries.len().wrapping_sub(1)
    }

    #[inline(always)]
    fn get(&self, hash: usize) -> Option<&T> {
        self.entries.get(self.place(hash)).and_then(Option::as_ref)
    }

    /// Puts an entry at its place, in place of the one that is there, unless there can be more places.
    fn put(&mut self, entry: T) -> PyResult<()> {
        let hash = (self.hash)(&entry);
        let [first, most] = self.kept;
        while self.entries.is_empty() || self.entries.len() < most && self.get(hash).is_some() {
            self.grow((self.entries.len() * 2).max(first))?;
        }
        let place = self.place(hash);
        self.entries[place] = Some(entry);
        Ok(())
    }

    fn grow(&mut self, len: usize) -> PyResult<()> {
        let mut entries = Vec::new();
        entries
            .try_reserve_exact(len)
            .map_err(|_| PyMemoryError::new_err(()))?;
        entries.resize_with(len, || None);
        let old = std::mem::replace(&mut self.entries, entries);
        for entry in old.into_iter().flatten() {
            let place = self.place((self.hash)(&entry));
            self.entries[place] = Some(entry);
        }
        Ok(())
    }
}

/// What is known of the classes and names that BUILD met.
pub struct Attributes<'py> {
    classes: Places<Known<'py>>,
    names: Places<Name<'py>>,
    /// Names that were met and not kept.
    names_met: u32,
}

/// Names that a load meets before it keeps one: a small load would only keep what it does not meet again.
const NAMES_BEFORE_KEEPING: u32 = 8;

impl Default for Attributes<'_> {
    fn default() -> Self {
        Self {
            classes: Places::new(CLASSES_KEPT, |known| hash_of_class(&known.class)),
            names: Places::new(NAMES_KEPT, |known| hash_of_name(&known.name, known.version)),
            names_met: 0,
        }
    }
}

impl<'py> Attributes<'py> {
    /// What is known of a class, which is found out if it was not.
    ///
    /// # Errors
    /// MemoryError.
    #[inline(always)]
    pub fn known(&mut self, class: &Bound<'py, PyType>) -> PyResult<&Known<'py>> {
        let hash = hash_of_class(class);
        let is_current = self.classes.get(hash).is_some_and(|known| {
            known.class.is(class)
                && known.version != NO_CLASS
                && known.version == contents_version(class)
        });
        if !is_current {
            self.get_to_know(class)?;
        }
        let known = self.classes.get(hash);
        known.ok_or_else(|| PyMemoryError::new_err(()))
    }

    #[cold]
    #[inline(never)]
    fn get_to_know(&mut self, class: &Bound<'py, PyType>) -> PyResult<()> {
        let sets_no_state = sets_no_state(class);
        self.classes.put(Known {
            sets_no_state,
            instances_set_no_state: sets_no_state && is_dictless(class),
            setstate: method_of_dictless(class, intern!(class.py(), "__setstate__")),
            // Looking gave the class a number if it had none.
            version: contents_version(class),
            class: class.clone(),
        })?;
        Ok(())
    }

    /// Whether `set_in_dict` may be tried for the attributes of this instance: setting one stores the value in the
    /// `__dict__` whenever the class has no data descriptor of that name, and the class sets no state.
    #[inline(always)]
    pub fn takes_attributes(instance: &Bound<'py, PyAny>, class: &Bound<'py, PyType>) -> bool {
        Self::place_of_dict(instance, class).is_some()
    }

    /// As `takes_attributes`: where the instance keeps its `__dict__`.
    #[inline(always)]
    pub fn place_of_dict(
        instance: &Bound<'py, PyAny>,
        class: &Bound<'py, PyType>,
    ) -> Option<DictOffset> {
        takes_attributes(class).filter(|offset| has_ordinary_dict(instance, *offset))
    }

    /// Sets an attribute, if it is known that this is the same as storing it in `__dict__`. False
    /// where it is not; nothing was done then.
    #[inline(always)]
    pub fn set_in_dict(
        &mut self,
        instance: &Bound<'py, PyAny>,
        class: &Bound<'py, PyType>,
        name: &Bound<'py, PyAny>,
        value: &Bound<'py, PyAny>,
    ) -> PyResult<bool> {
        let twin = match self.name(class, name)? {
            Some((twin, Way::Dict)) => twin,
            _ => return Ok(false),
        };
        set_named_attribute(instance, &twin, value).map(|()| true)
    }

    /// What setting an attribute of this name does to instances of the class.
    #[inline(always)]
    pub fn way(&mut self, class: &Bound<'py, PyType>, name: &Bound<'py, PyAny>) -> PyResult<Way> {
        Ok(self.name(class, name)?.map_or(Way::Other, |(_, way)| way))
    }

    /// A name's twin, and what setting an attribute of that name does; None if it is no exact string.
    #[inline(always)]
    fn name(
        &mut self,
        class: &Bound<'py, PyType>,
        name: &Bound<'py, PyAny>,
    ) -> PyResult<Option<(Bound<'py, PyString>, Way)>> {
        let version = contents_version(class);
        let known = self.names.get(hash_of_name(name, version));
        let known = known
            .filter(|known| known.name.is(name) && known.version == version && version != NO_CLASS);
        match known {
            Some(known) => Ok(Some((known.twin.clone(), known.way))),
            None => self.get_to_know_name(class, name),
        }
    }

    #[cold]
    #[inline(never)]
    fn get_to_know_name(
        &mut self,
        class: &Bound<'py, PyType>,
        name: &Bound<'py, PyAny>,
    ) -> PyResult<Option<(Bound<'py, PyString>, Way)>> {
        let Ok(text) = name.cast_exact::<PyString>() else {
            return Ok(None);
        };
        let twin = interned(text.clone());
        let attribute = class_attribute(class, &twin);
        let is_shadowed = attribute.as_ref().is_some_and(is_data_descriptor);
        // An attribute whose own class can change may become a data descriptor later, and the version of
        // the instance's class would not tell.
        let stays = attribute
            .as_ref()
            .is_none_or(|found| is_of_immutable_type(found.as_borrowed()));
        let slot = attribute.and_then(|found| slot_offset(found.as_borrowed(), class));
        let way = match slot {
            Some(offset) if sets_ordinarily(class) => Way::Slot(offset),
            None if !is_shadowed && takes_attributes(class).is_some() => Way::Dict,
            _ => Way::Other,
        };
        let version = if stays {
            contents_version(class)
        } else {
            NO_CLASS
        };
        self.keep_name(name, &twin, version, way)?;
        Ok(Some((twin, way)))
    }

    /// The interned twin of a name, an exact string.
    ///
    /// # Errors
    /// MemoryError.
    pub fn twin(&mut self, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
        match self.names.get(hash_of_name(name, NO_CLASS)) {
            Some(known) if known.name.is(name) => Ok(known.twin.clone()),
            _ => {
                let twin = interned(name.clone());
                self.keep_name(name, &twin, NO_CLASS, Way::Other)?;
                Ok(twin)
            }
        }
    }

    fn keep_name(
        &mut self,
        name: &Bound<'py, PyAny>,
        twin: &Bound<'py, PyString>,
        version: u32,
        way: Way,
    ) -> PyResult<()> {
        if self.names_met < NAMES_BEFORE_KEEPING {
            self.names_met += 1;
            return Ok(());
        }
        self.names.put(Name {
            name: name.clone(),
            twin: twin.clone(),
            version,
            way,
        })
    }
}
