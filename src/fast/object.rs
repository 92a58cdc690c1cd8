//! What an object is, by its exact type.

use pyo3::prelude::*;
use pyo3::{Borrowed, ffi};

/// The exact types that the walk treats natively.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Exact {
    None,
    Bool,
    Int,
    Float,
    Str,
    Bytes,
    Tuple,
    List,
    Dict,
    Set,
    FrozenSet,
    ByteArray,
    /// A class whose metaclass is `type` itself.
    Type,
    Other,
}

/// The exact type of `obj`; a subclass is `Other`.
#[inline(always)]
pub fn exact(obj: Borrowed<'_, '_, PyAny>) -> Exact {
    // SAFETY: `obj` is alive, so its type pointer is readable; the statics are only compared.
    unsafe {
        let t = ffi::Py_TYPE(obj.as_ptr());
        if t == &raw mut ffi::PyUnicode_Type {
            Exact::Str
        } else if t == &raw mut ffi::PyLong_Type {
            Exact::Int
        } else if t == &raw mut ffi::PyFloat_Type {
            Exact::Float
        } else if t == &raw mut ffi::PyDict_Type {
            Exact::Dict
        } else if t == &raw mut ffi::PyList_Type {
            Exact::List
        } else if t == &raw mut ffi::PyTuple_Type {
            Exact::Tuple
        } else if obj.as_ptr() == ffi::Py_None() {
            Exact::None
        } else if t == &raw mut ffi::PyBool_Type {
            Exact::Bool
        } else if t == &raw mut ffi::PyBytes_Type {
            Exact::Bytes
        } else if t == &raw mut ffi::PySet_Type {
            Exact::Set
        } else if t == &raw mut ffi::PyFrozenSet_Type {
            Exact::FrozenSet
        } else if t == &raw mut ffi::PyByteArray_Type {
            Exact::ByteArray
        } else if t == &raw mut ffi::PyType_Type {
            Exact::Type
        } else {
            Exact::Other
        }
    }
}

/// Whether the attributes of the object's type, and with them how it compares, never change.
pub fn is_of_immutable_type(obj: Borrowed<'_, '_, PyAny>) -> bool {
    // SAFETY: `obj` is alive, and so is its type; the check reads a flag of it.
    unsafe {
        let flags = ffi::PyType_GetFlags(ffi::Py_TYPE(obj.as_ptr()));
        flags & ffi::Py_TPFLAGS_IMMUTABLETYPE != 0
    }
}

/// Whether an exact tuple, list or dict has no items.
#[inline(always)]
pub fn is_empty(obj: Borrowed<'_, '_, PyAny>) -> bool {
    // SAFETY: the caller saw one of these exact types, so one of the casts fits; each reads a size.
    unsafe {
        let t = ffi::Py_TYPE(obj.as_ptr());
        if t == &raw mut ffi::PyDict_Type {
            ffi::PyDict_Size(obj.as_ptr()) == 0
        } else if t == &raw mut ffi::PyList_Type {
            ffi::PyList_GET_SIZE(obj.as_ptr()) == 0
        } else {
            t == &raw mut ffi::PyTuple_Type && ffi::PyTuple_GET_SIZE(obj.as_ptr()) == 0
        }
    }
}
