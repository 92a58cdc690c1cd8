//! Classes that derive from `tuple` and `dict`, and instances made of them as of these.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::fast::fresh;

/// Whether a class derives from `tuple`, and `tuple.__new__` may be called with it: the first of its bases that has no
/// `__new__` of the kind that it has itself makes instances as `tuple` does.
#[inline(always)]
pub fn derives_from_tuple(class: &Bound<'_, PyType>) -> bool {
    // SAFETY: the class is alive, and holds its bases; flags and slots of them are read.
    unsafe {
        let address = |t: *mut ffi::PyTypeObject| (*t).tp_new.map(|new| new as usize);
        let t = class.as_type_ptr();
        if ffi::PyType_FastSubclass(t, ffi::Py_TPFLAGS_TUPLE_SUBCLASS) == 0
            || ffi::PyType_HasFeature(t, ffi::Py_TPFLAGS_HEAPTYPE) == 0
        {
            return false;
        }
        let mut base = t;
        while !base.is_null() && address(base) == address(t) {
            base = (*base).tp_base;
        }
        !base.is_null() && address(base) == address(&raw mut ffi::PyTuple_Type)
    }
}

/// Whether instances of a class that derives from `dict` are made as dicts are.
#[inline(always)]
pub fn is_made_as_dict(class: &Bound<'_, PyType>) -> bool {
    // SAFETY: the class is alive; flags and a slot of it are read.
    unsafe {
        let address = |t: *mut ffi::PyTypeObject| (*t).tp_new.map(|new| new as usize);
        let t = class.as_type_ptr();
        ffi::PyType_FastSubclass(t, ffi::Py_TPFLAGS_DICT_SUBCLASS) != 0
            && ffi::PyType_HasFeature(t, ffi::Py_TPFLAGS_HEAPTYPE) != 0
            && address(t) == address(&raw mut ffi::PyDict_Type)
    }
}

/// Whether an object is the type `super` itself.
pub fn is_super(object: &Bound<'_, PyAny>) -> bool {
    object.as_ptr() == (&raw mut ffi::PySuper_Type).cast()
}

/// What `tuple.__new__` makes of a class for which `derives_from_tuple`, and items. Runs no Python code.
///
/// # Errors
/// MemoryError.
#[inline(always)]
pub fn tuple_of_class<'py>(
    class: &Bound<'py, PyType>,
    items: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    let args = fresh::tuple(class.py(), [items.clone().into_any()])?;
    // SAFETY: all are alive. The slot of `tuple` takes a class that derives from it and a tuple of one iterable; it
    // gives a new reference or sets an error.
    unsafe {
        let Some(new) = ffi::PyTuple_Type.tp_new else {
            return Err(pyo3::exceptions::PyTypeError::new_err("no __new__"));
        };
        let made = new(class.as_type_ptr(), args.as_ptr(), std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(class.py(), made)
    }
}

/// Stores the entries of a dict in another, or in an instance of a class that derives from `dict`, as the method
/// `update` of `dict` does.
///
/// # Errors
/// MemoryError, and what comparing keys raises.
pub fn update_dict<'py>(dict: &Bound<'py, PyAny>, entries: &Bound<'py, PyDict>) -> PyResult<()> {
    // SAFETY: both are alive; the call checks the first one's type.
    if unsafe { ffi::PyDict_Update(dict.as_ptr(), entries.as_ptr()) } < 0 {
        return Err(PyErr::fetch(dict.py()));
    }
    Ok(())
}
