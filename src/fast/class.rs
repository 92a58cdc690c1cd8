//! What a class says of its instances, read from it without asking Python code.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};
use pyo3::{Borrowed, ffi};

use crate::fast::libpython;

/// The number of a class's present contents, as `type_version` gives it for an instance.
pub fn contents_version(class: &Bound<'_, PyType>) -> u32 {
    // SAFETY: the class is alive.
    unsafe { (*class.as_type_ptr()).tp_version_tag }
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
        && class_attribute(class, intern!(class.py(), "__setstate__")).is_none()
}

/// Answers of `takes_attributes` by the number of the class's contents, which no other contents ever have: that in the
/// upper half of each place, and in the lower one where instances keep their `__dict__`, or 0.
static TAKE_ATTRIBUTES: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];

/// Whether `sets_no_state`, attributes of instances are set the ordinary way too, and instances
/// have a `__dict__` that the interpreter gave them: where they keep it.
#[inline(always)]
pub fn takes_attributes(class: &Bound<'_, PyType>) -> Option<DictOffset> {
    let version = contents_version(class);
    let known = TAKE_ATTRIBUTES[version as usize % TAKE_ATTRIBUTES.len()].load(Ordering::Relaxed);
    match Contents::of(class) {
        Some(contents) if known >> 32 == u64::from(version) => {
            let offset = known as u32 as i32 as isize;
            (offset != 0).then_some(DictOffset { offset, contents })
        }
        _ => look_at(class),
    }
}

/// As `takes_attributes`, for a class that has not been looked at as it is now.
#[cold]
#[inline(never)]
fn look_at(class: &Bound<'_, PyType>) -> Option<DictOffset> {
    let found = dict_of_ordinary(class);
    // Looking gave the class a number if it had none.
    let version = contents_version(class);
    let offset = i32::try_from(found.map_or(0, |found| found.offset)).ok()?;
    let place = &TAKE_ATTRIBUTES[version as usize % TAKE_ATTRIBUTES.len()];
    place.store(
        u64::from(version) << 32 | u64::from(offset as u32),
        Ordering::Relaxed,
    );
    found
}

fn dict_of_ordinary(class: &Bound<'_, PyType>) -> Option<DictOffset> {
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
        && class_attribute(class, intern!(py, "__dict__")).is_some_and(|found| {
            // SAFETY: the descriptor is alive; its type is only compared.
            unsafe { ffi::Py_TYPE(found.as_ptr()) == &raw mut ffi::PyGetSetDescr_Type }
        });
    dict_offset(class).filter(|_| is_ordinary)
}

/// Where most instances keep the pointer to their `__dict__`, in bytes from their start: before it.
pub(super) const MANAGED_DICT_OFFSET: isize = -3 * size_of::<*mut ffi::PyObject>() as isize;

/// The number of a class's contents, which no other contents ever have, of this class or another: an
/// object whose type has that number now is an instance of this class as it was then.
#[derive(Copy, Clone)]
struct Contents(NonZeroU32);

impl Contents {
    /// None where the class has no number.
    fn of(class: &Bound<'_, PyType>) -> Option<Self> {
        NonZeroU32::new(contents_version(class)).map(Self)
    }

    #[inline(always)]
    fn are_of(self, instance: &Bound<'_, PyAny>) -> bool {
        // SAFETY: the instance is alive, and so is its type; a field of that is read.
        unsafe { (*ffi::Py_TYPE(instance.as_ptr())).tp_version_tag == self.0.get() }
    }
}

/// Where instances of a class keep the pointer to their `__dict__`, in bytes from their start.
#[derive(Copy, Clone)]
pub struct DictOffset {
    offset: isize,
    contents: Contents,
}

impl DictOffset {
    /// The place in an instance; None for an object of another class, or if the class has changed.
    #[inline(always)]
    pub(super) fn within(self, instance: &Bound<'_, PyAny>) -> Option<isize> {
        self.contents.are_of(instance).then_some(self.offset)
    }
}

/// None where the place depends on the instance, or there is none.
fn dict_offset(class: &Bound<'_, PyType>) -> Option<DictOffset> {
    // SAFETY: the class is alive; a flag and a field of it are read.
    let offset = unsafe {
        let t = class.as_type_ptr();
        if ffi::PyType_HasFeature(t, ffi::Py_TPFLAGS_MANAGED_DICT) != 0 {
            cfg!(not(Py_GIL_DISABLED)).then_some(MANAGED_DICT_OFFSET)
        } else {
            Some((*t).tp_dictoffset).filter(|offset| *offset > 0)
        }
    };
    let contents = Contents::of(class)?;
    offset.map(|offset| DictOffset { offset, contents })
}

/// Where instances of a class keep the value of a slot, in bytes from their start.
#[derive(Copy, Clone)]
pub struct SlotOffset {
    offset: usize,
    contents: Contents,
}

impl SlotOffset {
    /// The place in an instance; None for an object of another class, or if the class has changed.
    #[inline(always)]
    pub(super) fn within(self, instance: &Bound<'_, PyAny>) -> Option<usize> {
        self.contents.are_of(instance).then_some(self.offset)
    }
}

/// What a class or one of its bases has under the name, without asking descriptors.
pub fn class_attribute<'py>(
    class: &Bound<'py, PyType>,
    name: &Bound<'py, PyString>,
) -> Option<Bound<'py, PyAny>> {
    // SAFETY: both are alive; what is found is borrowed, and made ours at once. No exception is set.
    unsafe {
        let found = libpython::_PyType_Lookup(class.as_type_ptr(), name.as_ptr());
        Bound::from_borrowed_ptr_or_opt(class.py(), found)
    }
}

/// Whether instances of the class have no `__dict__`.
pub fn is_dictless(class: &Bound<'_, PyType>) -> bool {
    // SAFETY: the class is alive; a field of it is read. A `__dict__` that the interpreter manages has
    // the offset -1.
    unsafe { (*class.as_type_ptr()).tp_dictoffset == 0 }
}

/// A method of a class, to be called with an instance first: None unless a look-up on any instance
/// finds that method and runs no Python code, since attributes are found the ordinary way and
/// instances have no `__dict__` of their own.
pub fn method_of_dictless<'py>(
    class: &Bound<'py, PyType>,
    name: &Bound<'py, PyString>,
) -> Option<Bound<'py, PyAny>> {
    if !is_dictless(class) || !finds_attributes_ordinarily(class) {
        return None;
    }
    class_attribute(class, name).filter(|found| is_method_descriptor(found.as_borrowed()))
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

/// Whether a class attribute comes before the instance's own when it is set.
pub fn is_data_descriptor(attribute: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the attribute is alive, and so is its type; a slot of it is read.
    unsafe { (*ffi::Py_TYPE(attribute.as_ptr())).tp_descr_set.is_some() }
}

/// Where instances of a class keep the value of a slot; None for anything but a member descriptor that
/// `__slots__` made for the class or one of its bases.
pub fn slot_offset(
    found: Borrowed<'_, '_, PyAny>,
    class: &Bound<'_, PyType>,
) -> Option<SlotOffset> {
    let contents = Contents::of(class)?;
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
        let offset = usize::try_from((*member).offset).ok()?;
        Some(SlotOffset { offset, contents })
    }
}
