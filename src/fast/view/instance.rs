//! The `__dict__` of instances, without asking Python code.

use pyo3::ffi;

use super::dict::{Dict, Keys};
use super::object::View;
use crate::fast::collector_pause::CollectorPause;
use crate::fast::instance::{made_dict, place_of_dict};
use crate::fast::no_memory::NoMemory;
use crate::fast::watch;

impl<'q> View<'q> {
    /// Whether the object's class keeps the `__dict__` of its instances where `placed_dict` looks.
    pub fn has_place_for_dict(self) -> bool {
        // SAFETY: the object is alive, and so is its type; one field of it is read.
        unsafe { (*self.type_ptr()).tp_dictoffset > 0 }
    }

    /// The `__dict__` of an instance whose class keeps it at a fixed place, if it has one yet.
    pub fn placed_dict(self) -> Option<View<'q>> {
        // SAFETY: a positive offset is where the class keeps the pointer to the dict, which is null until
        // there is one. The instance holds it.
        unsafe {
            let offset = (*self.type_ptr()).tp_dictoffset;
            if offset <= 0 {
                return None;
            }
            let place = self.as_ptr().byte_offset(offset);
            let dict = *place.cast::<*mut ffi::PyObject>();
            (!dict.is_null()).then(|| View::within(dict))
        }
    }

    /// Whether an instance has no attributes of its own, told without making its `__dict__`. The answer may be no for
    /// one that has none, if others of its class have.
    pub fn has_no_attributes(self) -> bool {
        if cfg!(Py_GIL_DISABLED) {
            return false;
        }
        // SAFETY: the object is alive, and holds its dict. Where that was not made, attributes are kept by the keys
        // that the instances of a class share, if they share any: a table that the class holds.
        unsafe {
            if let Some(dict) = made_dict(self.as_ptr()) {
                return View::within(dict)
                    .as_dict()
                    .is_some_and(|dict| dict.len() == 0);
            }
            let class = self.class();
            if !class.keeps_managed_dict() {
                return class.keeps_placed_dict();
            }
            let class = self.type_ptr().cast::<ffi::PyHeapTypeObject>();
            let keys = (*class).ht_cached_keys.cast::<Keys>();
            keys.is_null() || (*keys).used == 0
        }
    }

    /// The instance's `__dict__`, made if it was not there yet; None where it is of a subclass, or the
    /// class has a way of its own to it.
    ///
    /// # Errors
    /// Where there is no memory.
    #[inline(always)]
    pub fn instance_dict(self) -> Result<Option<Dict<'q>>, NoMemory> {
        // SAFETY: the object is alive, and holds its dict.
        match unsafe { made_dict(self.as_ptr()).map(|dict| View::within(dict)) } {
            Some(dict) => Ok(dict.as_dict()),
            None => self.make_dict(),
        }
    }

    /// The instance's `__dict__`, of whatever class, where it is the one that was seen at this address.
    #[inline(always)]
    pub fn made_dict_at(self, address: usize) -> Option<Dict<'q>> {
        // SAFETY: the object is alive, and holds its dict, which is one of `dict` or of a subclass: no instance takes
        // anything else for its `__dict__`.
        unsafe {
            let dict = place_of_dict(self.as_ptr())?.read();
            // What is no dict's address was never one.
            (dict as usize == address).then(|| Dict::new(View::within(dict)))
        }
    }

    #[inline(never)]
    fn make_dict(self) -> Result<Option<Dict<'q>>, NoMemory> {
        watch::allocation_foreseen();
        let _pause = CollectorPause::new();
        // SAFETY: the call gives a reference to the dict that the instance holds from then on, so giving
        // it back frees nothing. A dict that it makes is an allocation that the collector tracks, which is
        // paused. Without memory, an exception that exists beforehand is set, and taken away again.
        unsafe {
            let dict = ffi::PyObject_GenericGetDict(self.as_ptr(), std::ptr::null_mut());
            if dict.is_null() {
                ffi::PyErr_Clear();
                return Err(NoMemory);
            }
            ffi::Py_DECREF(dict);
            Ok(View::within(dict).as_dict())
        }
    }
}
