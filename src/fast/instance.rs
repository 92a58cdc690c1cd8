//! What is known of an instance through its type, without asking Python code.

use crate::fast::object::{Exact, exact};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};
use pyo3::{Borrowed, ffi};

/// The address of the object's type.
#[inline(always)]
pub fn type_address(obj: Borrowed<'_, '_, PyAny>) -> usize {
    // SAFETY: `obj` is alive.
    unsafe { ffi::Py_TYPE(obj.as_ptr()) as usize }
}

/// The number that the interpreter gives a type's present contents, those of its bases included;
/// 0 where it has none. No two contents ever share one.
#[inline(always)]
pub fn type_version(obj: Borrowed<'_, '_, PyAny>) -> u32 {
    // SAFETY: `obj` is alive, and so is its type.
    unsafe { (*ffi::Py_TYPE(obj.as_ptr())).tp_version_tag }
}

/// Whether attributes of instances are looked up the ordinary way, instances are of one size, and
/// the type is no subclass of list or dict; and whether attributes of the class itself are.
pub fn is_ordinary(class: &Bound<'_, PyType>) -> bool {
    let special = ffi::Py_TPFLAGS_LIST_SUBCLASS | ffi::Py_TPFLAGS_DICT_SUBCLASS;
    // SAFETY: `class` is alive, and so is its own class; only slots of theirs and of `type` are read.
    unsafe {
        let t = class.as_type_ptr();
        (*t).tp_getattro.is_some_and(|look_up| {
            std::ptr::fn_addr_eq(look_up, ffi::PyObject_GenericGetAttr as ffi::getattrofunc)
        }) && (*t).tp_itemsize == 0
            && ffi::PyType_HasFeature(t, ffi::Py_TPFLAGS_HEAPTYPE) != 0
            && ffi::PyType_FastSubclass(t, special) == 0
            && (*ffi::Py_TYPE(t.cast()))
                .tp_getattro
                .is_some_and(|look_up| {
                    ffi::PyType_Type
                        .tp_getattro
                        .is_some_and(|ordinary| std::ptr::fn_addr_eq(look_up, ordinary))
                })
    }
}

/// Whether a method of the class is what a look-up on an instance finds, unless the instance's own
/// dict comes before it.
pub fn has_ordinary_methods(class: &Bound<'_, PyType>) -> bool {
    if exact(class.as_any().as_borrowed()) != Exact::Type {
        return false;
    }
    // SAFETY: `class` is alive; only its slots are read.
    unsafe {
        let t = class.as_type_ptr();
        (*t).tp_getattro.is_some_and(|look_up| {
            std::ptr::fn_addr_eq(
                look_up,
                ffi::PyObject_GenericGetAttr as unsafe extern "C" fn(_, _) -> _,
            )
        })
    }
}

/// Whether instances have no `__dict__`, or one at a place that `placed_dict` looks at.
pub fn keeps_placed_dict(class: &Bound<'_, PyType>) -> bool {
    // SAFETY: `class` is alive; one field of it is read.
    unsafe { (*class.as_type_ptr()).tp_dictoffset >= 0 }
}

/// Whether the object's type keeps the `__dict__` of its instances where `placed_dict` looks.
pub fn has_place_for_dict(obj: Borrowed<'_, '_, PyAny>) -> bool {
    // SAFETY: `obj` is alive, and so is its type; one field of it is read.
    unsafe { (*ffi::Py_TYPE(obj.as_ptr())).tp_dictoffset > 0 }
}

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

/// Where instances of a class keep the value of a slot, in bytes from their start; None for anything
/// but a member descriptor that `__slots__` made for the class or one of its bases.
pub fn slot_offset(found: Borrowed<'_, '_, PyAny>, class: &Bound<'_, PyType>) -> Option<usize> {
    // SAFETY: `found` is alive; an object of the member descriptors' own type has their layout, and
    // its definition and the class it was made for live as long as it does.
    unsafe {
        if ffi::Py_TYPE(found.as_ptr()) != &raw mut ffi::PyMemberDescr_Type {
            return None;
        }
        let descriptor = found.as_ptr().cast::<ffi::PyMemberDescrObject>();
        let member = (*descriptor).d_member;
        if (*member).type_code != ffi::Py_T_OBJECT_EX || (*member).flags != 0 {
            return None;
        }
        let made_for = (*descriptor).d_common.d_type;
        if ffi::PyType_IsSubtype(class.as_type_ptr(), made_for) == 0 {
            return None;
        }
        usize::try_from((*member).offset).ok()
    }
}

/// The value of a slot, or None where it is unset. The offset is one that `slot_offset` gave for the
/// object's type, as it is now.
pub fn slot_value<'a, 'py>(
    obj: &'a Bound<'py, PyAny>,
    offset: usize,
) -> Option<Borrowed<'a, 'py, PyAny>> {
    // SAFETY: `obj` is alive; instances of its type keep a pointer there that is null or an object that
    // they hold. The reference is borrowed; the walk takes its own before Python code can run.
    unsafe {
        let place = obj.as_ptr().byte_add(offset);
        Borrowed::from_ptr_or_opt(obj.py(), *place.cast::<*mut ffi::PyObject>())
    }
}

/// Stores a value in a slot and gives out what was there. The offset is one that `slot_offset` gave
/// for the object's type, as it is now, and the type `sets_ordinarily`.
pub fn set_slot<'py>(
    obj: &Bound<'py, PyAny>,
    offset: usize,
    value: Bound<'py, PyAny>,
) -> Option<Bound<'py, PyAny>> {
    // SAFETY: as for `slot_value`. The place takes over the reference to the value, and we take over
    // the one that it had; the GIL is held, and no Python code runs in between.
    unsafe {
        let place = obj.as_ptr().byte_add(offset).cast::<*mut ffi::PyObject>();
        let old = place.replace(value.into_ptr());
        Bound::from_owned_ptr_or_opt(obj.py(), old)
    }
}

/// Whether an attribute of a class is a function or the like: found on an instance, it is called
/// with the instance first, and to find it runs no Python code.
pub fn is_method_descriptor(found: Borrowed<'_, '_, PyAny>) -> bool {
    // SAFETY: `found` is alive, and so is its type; a flag of it is read.
    unsafe {
        let t = ffi::Py_TYPE(found.as_ptr());
        ffi::PyType_HasFeature(t, ffi::Py_TPFLAGS_METHOD_DESCRIPTOR) != 0
    }
}

/// The instance's `__dict__`, made if it was not there yet.
///
/// Only for types whose `__dict__` is the ordinary one. Up to 3.11 an allocation may run the
/// collector, and so finalisers, on the spot: there it is paused.
pub fn instance_dict<'py>(obj: Borrowed<'_, 'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    // SAFETY: `obj` is alive; the call gives a new reference or sets an error. Pausing and resuming
    // the collector runs nothing.
    unsafe {
        #[cfg(not(Py_3_12))]
        let enabled = PyGC_Disable();
        let dict = ffi::PyObject_GenericGetDict(obj.as_ptr(), std::ptr::null_mut());
        #[cfg(not(Py_3_12))]
        if enabled != 0 {
            PyGC_Enable();
        }
        Ok(Bound::from_owned_ptr_or_err(obj.py(), dict)?.cast_into::<PyDict>()?)
    }
}

/// Where most instances keep the pointer to their `__dict__`, in bytes from their start: before it.
const MANAGED_DICT_OFFSET: isize = -3 * size_of::<*mut ffi::PyObject>() as isize;

/// Where instances of a class keep the pointer to their `__dict__`, in bytes from their start.
#[derive(Copy, Clone)]
pub struct DictOffset(isize);

/// None where the place depends on the instance, or there is none.
fn dict_offset(class: &Bound<'_, PyType>) -> Option<DictOffset> {
    // SAFETY: the class is alive; a flag and a field of it are read.
    unsafe {
        let t = class.as_type_ptr();
        if ffi::PyType_HasFeature(t, ffi::Py_TPFLAGS_MANAGED_DICT) != 0 {
            return cfg!(not(Py_GIL_DISABLED)).then_some(DictOffset(MANAGED_DICT_OFFSET));
        }
        let offset = (*t).tp_dictoffset;
        (offset > 0).then_some(DictOffset(offset))
    }
}

/// Whether the instance's `__dict__` is an exact dict, or was not made yet: one of a subclass may
/// have been assigned, and is told what is stored in it. The offset is one that `takes_attributes`
/// gave for the instance's class.
#[inline(always)]
pub fn has_ordinary_dict(obj: &Bound<'_, PyAny>, offset: DictOffset) -> bool {
    // SAFETY: `obj` is alive and of that class, so a pointer lies there that is null, or a dict that
    // it holds, or, on 3.12, the address of its attributes' values with the lowest bit set.
    unsafe {
        let dict = *obj
            .as_ptr()
            .byte_offset(offset.0)
            .cast::<*mut ffi::PyObject>();
        dict.is_null() || dict as usize & 1 != 0 || ffi::Py_TYPE(dict) == &raw mut ffi::PyDict_Type
    }
}

/// Whether `sets_no_state`, attributes of instances are set the ordinary way too, and instances
/// have a `__dict__` that the interpreter gave them: where they keep it.
pub fn takes_attributes(class: &Bound<'_, PyType>) -> Option<DictOffset> {
    let py = class.py();
    let special = ffi::Py_TPFLAGS_LIST_SUBCLASS | ffi::Py_TPFLAGS_DICT_SUBCLASS;
    // SAFETY: the class is alive; slots of it are read and compared.
    let is_ordinary = unsafe {
        let t = class.as_type_ptr();
        ffi::PyType_HasFeature(t, ffi::Py_TPFLAGS_HEAPTYPE) != 0
            && ffi::PyType_FastSubclass(t, special) == 0
    };
    let is_ordinary = is_ordinary
        && sets_ordinarily(class)
        && sets_no_state(class)
        && class_attribute(class, pyo3::intern!(py, "__dict__")).is_some_and(|found| {
            // SAFETY: the descriptor is alive; its type is only compared.
            unsafe { ffi::Py_TYPE(found.as_ptr()) == &raw mut ffi::PyGetSetDescr_Type }
        });
    dict_offset(class).filter(|_| is_ordinary)
}

/// Whether attributes of instances are set the ordinary way. Never without the GIL, where slots have
/// locks.
pub fn sets_ordinarily(class: &Bound<'_, PyType>) -> bool {
    // SAFETY: the class is alive; a slot of it is read and compared.
    let is_ordinary = unsafe {
        (*class.as_type_ptr()).tp_setattro.is_some_and(|set| {
            std::ptr::fn_addr_eq(set, ffi::PyObject_GenericSetAttr as ffi::setattrofunc)
        })
    };
    is_ordinary && !cfg!(Py_GIL_DISABLED)
}

/// Whether attributes of instances are found the ordinary way, and the class has no `__setstate__`.
pub fn sets_no_state(class: &Bound<'_, PyType>) -> bool {
    finds_attributes_ordinarily(class)
        && class_attribute(class, pyo3::intern!(class.py(), "__setstate__")).is_none()
}

/// Whether attributes of instances are found the ordinary way.
pub fn finds_attributes_ordinarily(class: &Bound<'_, PyType>) -> bool {
    // SAFETY: the class is alive; a slot of it is read and compared.
    unsafe {
        (*class.as_type_ptr()).tp_getattro.is_some_and(|get| {
            std::ptr::fn_addr_eq(get, ffi::PyObject_GenericGetAttr as ffi::getattrofunc)
        })
    }
}

/// What a class or one of its bases has under the name, without asking descriptors.
pub fn class_attribute<'py>(
    class: &Bound<'py, PyType>,
    name: &Bound<'py, pyo3::types::PyString>,
) -> Option<Bound<'py, PyAny>> {
    // SAFETY: both are alive; what is found is borrowed, and made ours at once. No exception is set.
    unsafe {
        let found = _PyType_Lookup(class.as_type_ptr(), name.as_ptr());
        Bound::from_borrowed_ptr_or_opt(class.py(), found)
    }
}

/// A method of a class, to be called with an instance first: None unless a look-up on any instance
/// finds that method and runs no Python code, since attributes are found the ordinary way and
/// instances have no `__dict__` of their own.
pub fn method_of_dictless<'py>(
    class: &Bound<'py, PyType>,
    name: &Bound<'py, pyo3::types::PyString>,
) -> Option<Bound<'py, PyAny>> {
    // SAFETY: the class is alive; slots of it are read and compared. A `__dict__` that the interpreter
    // manages has the offset -1.
    let is_dictless = unsafe {
        let t = class.as_type_ptr();
        (*t).tp_dictoffset == 0
            && (*t).tp_getattro.is_some_and(|get| {
                std::ptr::fn_addr_eq(get, ffi::PyObject_GenericGetAttr as ffi::getattrofunc)
            })
    };
    let found = class_attribute(class, name).filter(|_| is_dictless)?;
    is_method_descriptor(found.as_borrowed()).then_some(found)
}

/// Whether a class attribute comes before the instance's own when it is set.
pub fn is_data_descriptor(attribute: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the attribute is alive, and so is its type; a slot of it is read.
    unsafe { (*ffi::Py_TYPE(attribute.as_ptr())).tp_descr_set.is_some() }
}

/// The number of a class's present contents, as `type_version` gives it for an instance.
pub fn contents_version(class: &Bound<'_, PyType>) -> u32 {
    // SAFETY: the class is alive.
    unsafe { (*class.as_type_ptr()).tp_version_tag }
}

/// Sets an attribute the ordinary way.
#[inline(always)]
pub fn set_ordinary_attribute(
    obj: &Bound<'_, PyAny>,
    name: &Bound<'_, PyAny>,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    // SAFETY: all three are alive, and the caller saw that this is the slot of the type.
    let answer =
        unsafe { ffi::PyObject_GenericSetAttr(obj.as_ptr(), name.as_ptr(), value.as_ptr()) };
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

unsafe extern "C" {
    /// Exported by every supported interpreter, though not declared by `pyo3::ffi`.
    fn _PyType_Lookup(t: *mut ffi::PyTypeObject, name: *mut ffi::PyObject) -> *mut ffi::PyObject;
}

#[cfg(not(Py_3_12))]
unsafe extern "C" {
    fn PyGC_Disable() -> std::ffi::c_int;
    fn PyGC_Enable() -> std::ffi::c_int;
}
