//! What is known of an instance through its type, without asking Python code.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use pyo3::{Borrowed, ffi};

use crate::fast::class::{DictOffset, MANAGED_DICT_OFFSET, SlotOffset};

/// The `__dict__` of an instance whose type keeps it at a fixed place, if it has one yet.
pub fn placed_dict<'py>(obj: Borrowed<'_, 'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    // SAFETY: `obj` is alive; a positive offset is where its type keeps the pointer to the dict,
    // which is null until there is one.
    unsafe {
        let offset = (*ffi::Py_TYPE(obj.as_ptr())).tp_dictoffset;
        if offset <= 0 {
            return None;
        }
        let place = obj.as_ptr().byte_offset(offset);
        Bound::from_borrowed_ptr_or_opt(obj.py(), *place.cast::<*mut ffi::PyObject>())
    }
}

/// Whether an instance whose type keeps its `__dict__` at a fixed place has nothing in it, or none yet.
#[inline(always)]
pub fn has_no_attributes(obj: Borrowed<'_, '_, PyAny>) -> bool {
    // SAFETY: `obj` and its type are alive; a positive offset is where the type keeps the pointer to the dict, which
    // the instance holds, or which is null until there is one.
    unsafe {
        let offset = (*ffi::Py_TYPE(obj.as_ptr())).tp_dictoffset;
        if offset <= 0 {
            return false;
        }
        let dict = *obj
            .as_ptr()
            .byte_offset(offset)
            .cast::<*mut ffi::PyObject>();
        dict.is_null() || ffi::PyDict_CheckExact(dict) != 0 && ffi::PyDict_Size(dict) == 0
    }
}

/// Stores a value in a slot and gives out what was there.
///
/// # Errors
/// The value, which was not stored: the place was found for another class, or before the class was
/// changed.
#[inline(always)]
pub fn set_slot<'py>(
    obj: &Bound<'py, PyAny>,
    offset: SlotOffset,
    value: Bound<'py, PyAny>,
) -> Result<Option<Bound<'py, PyAny>>, Bound<'py, PyAny>> {
    let Some(offset) = offset.within(obj).filter(|_| !cfg!(Py_GIL_DISABLED)) else {
        return Err(value);
    };
    // SAFETY: `obj` is alive; instances of its type keep a pointer there that is null or an object that
    // they hold. The place takes over the reference to the value, and we take over
    // the one that it had; the GIL is held, and no Python code runs in between.
    unsafe {
        let place = obj.as_ptr().byte_add(offset).cast::<*mut ffi::PyObject>();
        let old = place.replace(value.into_ptr());
        Ok(Bound::from_owned_ptr_or_opt(obj.py(), old))
    }
}

/// Where an instance keeps a pointer that is null, or its `__dict__`, or, on 3.12, the address of its attributes' values with
/// the lowest bit set.
///
/// # Safety
/// `obj` is alive, and the GIL is held.
#[inline(always)]
pub(super) unsafe fn place_of_dict(obj: *mut ffi::PyObject) -> Option<*mut *mut ffi::PyObject> {
    // SAFETY: the object and its type are alive. An instance of a class with this flag keeps the pointer before itself,
    // and others at the offset.
    unsafe {
        let class = ffi::Py_TYPE(obj);
        let is_managed = ffi::PyType_HasFeature(class, ffi::Py_TPFLAGS_MANAGED_DICT) != 0;
        let offset = match (*class).tp_dictoffset {
            _ if is_managed && cfg!(Py_GIL_DISABLED) => return None,
            _ if is_managed => MANAGED_DICT_OFFSET,
            offset if offset > 0 => offset,
            _ => return None,
        };
        Some(obj.byte_offset(offset).cast())
    }
}

/// The `__dict__` of an instance, where there is one already.
///
/// # Safety
/// `obj` is alive, and the GIL is held. The instance holds the dict.
#[inline(always)]
pub(super) unsafe fn made_dict(obj: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
    // SAFETY: by the caller's word, and what is there is such a pointer.
    unsafe {
        let dict = place_of_dict(obj)?.read();
        (!dict.is_null() && dict as usize & 1 == 0).then_some(dict)
    }
}

/// The instance's `__dict__`, made if it was not there yet.
///
/// Only for types whose `__dict__` is the ordinary one. Up to 3.11 an allocation may run the
/// collector, and so finalisers, on the spot: there it is paused.
#[inline(always)]
pub fn instance_dict<'py>(obj: Borrowed<'_, 'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    // SAFETY: `obj` is alive, and the thread attached, as `Borrowed` shows; the instance holds its dict.
    let made =
        unsafe { made_dict(obj.as_ptr()).map(|dict| Bound::from_borrowed_ptr(obj.py(), dict)) };
    match made {
        Some(dict) => Ok(dict.cast_into::<PyDict>()?),
        None => make_dict(obj),
    }
}

#[inline(never)]
fn make_dict<'py>(obj: Borrowed<'_, 'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    // SAFETY: `obj` is alive; the call gives a new reference or sets an error. Pausing and resuming
    // the collector runs nothing.
    unsafe {
        #[cfg(not(Py_3_12))]
        let enabled = ffi::PyGC_Disable();
        let dict = ffi::PyObject_GenericGetDict(obj.as_ptr(), std::ptr::null_mut());
        #[cfg(not(Py_3_12))]
        if enabled != 0 {
            ffi::PyGC_Enable();
        }
        Ok(Bound::from_owned_ptr_or_err(obj.py(), dict)?.cast_into::<PyDict>()?)
    }
}

/// Whether the instance's `__dict__` is an exact dict, or was not made yet: one of a subclass may
/// have been assigned, and is told what is stored in it. False too where the place was found for
/// another class, or before the class was changed.
#[inline(always)]
pub fn has_ordinary_dict(obj: &Bound<'_, PyAny>, offset: DictOffset) -> bool {
    let Some(offset) = offset.within(obj) else {
        return false;
    };
    // SAFETY: `obj` is alive, and of the class that keeps there a pointer that is null, or a dict that
    // the instance holds, or, on 3.12, the address of its attributes' values with the lowest bit set.
    unsafe {
        let dict = *obj
            .as_ptr()
            .byte_offset(offset)
            .cast::<*mut ffi::PyObject>();
        dict.is_null() || dict as usize & 1 != 0 || ffi::Py_TYPE(dict) == &raw mut ffi::PyDict_Type
    }
}

/// Sets an attribute whose name is a string: as `set_attribute` does, which looks at the name first.
#[inline(always)]
pub fn set_named_attribute(
    obj: &Bound<'_, PyAny>,
    name: &Bound<'_, PyString>,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    // SAFETY: all three are alive. The slot of the object's own type takes a string and any value.
    let answer = unsafe {
        match (*ffi::Py_TYPE(obj.as_ptr())).tp_setattro {
            Some(set) => set(obj.as_ptr(), name.as_ptr(), value.as_ptr()),
            None => return set_attribute(obj, name, value),
        }
    };
    if answer < 0 {
        return Err(PyErr::fetch(obj.py()));
    }
    Ok(())
}

/// Sets an attribute, whatever the type does about it; the name may be of any type.
pub fn set_attribute(
    obj: &Bound<'_, PyAny>,
    name: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    // SAFETY: all three are alive.
    if unsafe { ffi::PyObject_SetAttr(obj.as_ptr(), name.as_ptr(), value.as_ptr()) } < 0 {
        return Err(PyErr::fetch(obj.py()));
    }
    Ok(())
}
