//! What an object is, by its exact type, and how many hold it.

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

/// The address that stands for the object's identity.
#[inline(always)]
pub fn identity(obj: Borrowed<'_, '_, PyAny>) -> usize {
    obj.as_ptr() as usize
}

/// True when exactly one reference to the object is counted.
///
/// Without the GIL the count is split between threads and proves nothing, so the answer is no.
#[inline(always)]
pub fn is_held_once(obj: Borrowed<'_, '_, PyAny>) -> bool {
    #[cfg(Py_GIL_DISABLED)]
    {
        let _ = obj;
        false
    }
    #[cfg(not(Py_GIL_DISABLED))]
    // SAFETY: `obj` is alive; reading its count needs the GIL, which the borrow proves.
    unsafe {
        ffi::Py_REFCNT(obj.as_ptr()) == 1
    }
}

/// The value of an exact `float`.
#[inline(always)]
pub fn float_value(obj: Borrowed<'_, '_, PyAny>) -> f64 {
    debug_assert_eq!(exact(obj), Exact::Float);
    // SAFETY: the caller saw `Exact::Float`, so the layout is that of a float.
    unsafe { ffi::PyFloat_AS_DOUBLE(obj.as_ptr()) }
}

/// Whether the object is compared by its identity alone, without running Python code.
pub fn compares_by_identity(obj: Borrowed<'_, '_, PyAny>) -> bool {
    // SAFETY: `obj` is alive, and so is its type; one slot of each type is read and compared.
    unsafe {
        let own = (*ffi::Py_TYPE(obj.as_ptr())).tp_richcompare;
        let plain = ffi::PyBaseObject_Type.tp_richcompare;
        own.map(|f| f as usize) == plain.map(|f| f as usize)
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

/// Whether the object's type is `type` or a subclass of it.
pub fn is_class(obj: Borrowed<'_, '_, PyAny>) -> bool {
    // SAFETY: `obj` is alive; the check reads a flag of its type.
    unsafe { ffi::PyType_Check(obj.as_ptr()) != 0 }
}

/// Whether the name of a class ends in one of these, told without making a string of it.
pub fn is_named_like(class: Borrowed<'_, '_, PyAny>, endings: [&[u8]; 2]) -> bool {
    debug_assert!(is_class(class));
    // SAFETY: the caller saw a class; it is alive, and so is its name, which ends with NUL.
    let name = unsafe {
        let class = class.as_ptr().cast::<ffi::PyTypeObject>();
        std::ffi::CStr::from_ptr((*class).tp_name)
    };
    endings
        .iter()
        .any(|ending| name.to_bytes().ends_with(ending))
}

/// Whether the object is callable, as `callable()` says.
#[inline(always)]
pub fn is_callable(obj: Borrowed<'_, '_, PyAny>) -> bool {
    // SAFETY: `obj` is alive; the check reads a slot of its type.
    unsafe { (*ffi::Py_TYPE(obj.as_ptr())).tp_call.is_some() }
}

/// Whether the object has `__next__`, as C's `PyIter_Check` says.
pub fn is_iterator(obj: Borrowed<'_, '_, PyAny>) -> bool {
    // SAFETY: `obj` is alive; the check reads a slot of its type.
    unsafe { ffi::PyIter_Check(obj.as_ptr()) != 0 }
}

/// Whether weak references to objects of this type can be made.
pub fn takes_weak_references(obj: Borrowed<'_, '_, PyAny>) -> bool {
    // SAFETY: `obj` is alive, and so is its type; one field of it is read.
    unsafe { (*ffi::Py_TYPE(obj.as_ptr())).tp_weaklistoffset != 0 }
}

/// Whether the object is `True` itself.
#[inline(always)]
pub fn is_true(obj: Borrowed<'_, '_, PyAny>) -> bool {
    // SAFETY: the singleton's address is only compared.
    unsafe { obj.as_ptr() == ffi::Py_True() }
}

/// The number of references counted.
pub fn reference_count(obj: Borrowed<'_, '_, PyAny>) -> isize {
    // SAFETY: `obj` is alive, and the GIL is held.
    unsafe { ffi::Py_REFCNT(obj.as_ptr()) as isize }
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
