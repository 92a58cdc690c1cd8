//! Whether objects have an attribute, told without asking Python code.

use pyo3::ffi;

use super::class::Class;
use super::dict::Dict;
use super::object::View;
use crate::fast::no_memory::NoMemory;

/// What a class says of an attribute of its instances.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Having {
    /// None of them has it.
    Never,
    /// Those have it whose `__dict__` does; of classes, those that have it or inherit it.
    Own,
    /// The class has it, or Python code may be asked for it.
    Unclear,
}

impl<'q> Class<'q> {
    /// What the class says of the attribute of this name, an exact string.
    pub fn having(self, name: View<'_>) -> Having {
        if self.names().is_none_or(|names| names.get(name).is_some()) {
            return Having::Unclear;
        }
        if self.finds_attributes_ordinarily() {
            return if self.has_dicts() {
                Having::Own
            } else {
                Having::Never
            };
        }
        if self.is_metaclass() {
            return Having::Own;
        }
        Having::Unclear
    }

    /// Whether instances may have a `__dict__`.
    fn has_dicts(self) -> bool {
        // SAFETY: the class is alive; a field and a flag of it are read.
        unsafe {
            let t = self.as_type_ptr();
            (*t).tp_dictoffset != 0 || ffi::PyType_HasFeature(t, ffi::Py_TPFLAGS_MANAGED_DICT) != 0
        }
    }

    /// Whether instances are classes that look their attributes up as all do.
    fn is_metaclass(self) -> bool {
        // SAFETY: both classes are alive; a flag and slots of them are read.
        unsafe {
            let t = self.as_type_ptr();
            let ordinary = ffi::PyType_Type.tp_getattro;
            ffi::PyType_FastSubclass(t, ffi::Py_TPFLAGS_TYPE_SUBCLASS) != 0
                && (*t).tp_getattro.map(|look_up| look_up as usize)
                    == ordinary.map(|look_up| look_up as usize)
        }
    }
}

impl View<'_> {
    /// Whether an object whose class says `Having::Own` has the attribute; None where Python code would have to
    /// be asked.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn has_own(self, name: View<'_>) -> Result<Option<bool>, NoMemory> {
        if let Some(class) = self.as_class() {
            return Ok(class.names().map(|names| names.get(name).is_some()));
        }
        let dict = if self.has_place_for_dict() {
            // A method written in C may tell an instance that has none yet.
            match self.placed_dict() {
                None => return Ok(Some(false)),
                Some(dict) => dict.as_dict(),
            }
        } else {
            self.instance_dict()?
        };
        let dict = dict.filter(|dict| dict.has_text_keys());
        Ok(dict.map(|dict| Dict::get_named(dict, name).is_some()))
    }
}
