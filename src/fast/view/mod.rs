//! Objects as they are seen between two passages of the gate.
//!
//! A view is a pointer to an object that something holds: a container that is walked, a work item, the
//! caller. It offers *quiet* operations only: such as run no Python code, allocate nothing that the
//! collector tracks, check no signal, release nothing, and make no exception. Each says in its SAFETY
//! comment why.

use std::marker::PhantomData;
use std::ptr::NonNull;

use pyo3::ffi;

use crate::fast::held::Held;
use crate::fast::quiet::Quiet;

mod class;
mod dict;
mod instance;
mod number;
mod sequence;
mod set;
mod text;

pub use class::{Class, ClassVersion, Names};
pub use dict::Dict;
pub use instance::Slots;
pub use number::{Float, Int};
pub use sequence::{Bytes, List, Tuple};
pub use set::Set;
pub use text::Text;

/// An object that stays alive, and keeps its parts, for `'q`.
#[derive(Copy, Clone)]
pub struct View<'q> {
    object: NonNull<ffi::PyObject>,
    quiet: PhantomData<&'q Quiet>,
}

/// What an object is by its exact type. An instance of a subclass is `Other`.
#[derive(Copy, Clone)]
pub enum Kind<'q> {
    None,
    Bool(bool),
    Int(Int<'q>),
    Float(Float<'q>),
    Str(Text<'q>),
    Bytes(Bytes<'q>),
    Tuple(Tuple<'q>),
    List(List<'q>),
    Dict(Dict<'q>),
    Set(Set<'q>),
    FrozenSet(Set<'q>),
    ByteArray,
    /// A class whose metaclass is `type` itself.
    Type(Class<'q>),
    Other,
}

/// How deep tuples are looked into before a release is taken for one that may run Python code: reduce
/// values hold tuples of arguments, and states that are tuples.
const TUPLES_LOOKED_INTO: usize = 3;

impl<'q> View<'q> {
    /// # Safety
    /// `object` is alive, and something keeps it alive until `'q` ends, as long as no Python code runs.
    #[inline(always)]
    pub(super) unsafe fn new(object: *mut ffi::PyObject, _: &'q Quiet) -> Self {
        // SAFETY: an object is never at null, by the caller's word.
        unsafe { Self::within(object) }
    }

    /// # Safety
    /// As for `new`, where what keeps it alive was seen for `'q` itself.
    #[inline(always)]
    pub(super) unsafe fn within(object: *mut ffi::PyObject) -> Self {
        Self {
            // SAFETY: an object is never at null, by the caller's word.
            object: unsafe { NonNull::new_unchecked(object) },
            quiet: PhantomData,
        }
    }

    /// The object of a reference that outlives `'q`.
    #[inline(always)]
    pub fn of<T>(object: &'q pyo3::Py<T>, quiet: &'q Quiet) -> Self {
        // SAFETY: the reference is borrowed for `'q`, so it keeps the object alive.
        unsafe { Self::new(object.as_ptr(), quiet) }
    }

    /// None itself.
    pub fn none(quiet: &'q Quiet) -> Self {
        // SAFETY: None lives as long as the interpreter.
        unsafe { Self::new(ffi::Py_None(), quiet) }
    }

    #[inline(always)]
    pub(super) fn as_ptr(self) -> *mut ffi::PyObject {
        self.object.as_ptr()
    }

    #[inline(always)]
    fn type_ptr(self) -> *mut ffi::PyTypeObject {
        // SAFETY: the object is alive, so its type pointer is readable.
        unsafe { ffi::Py_TYPE(self.as_ptr()) }
    }

    /// The address that stands for the object's identity.
    #[inline(always)]
    pub fn address(self) -> usize {
        self.as_ptr() as usize
    }

    /// Whether both are the same object.
    #[inline(always)]
    pub fn is(self, other: View<'_>) -> bool {
        self.address() == other.address()
    }

    /// A reference of one's own.
    #[inline(always)]
    pub fn hold(self) -> Held {
        // SAFETY: the object is alive and the GIL held, which `Quiet` shows. The new reference is the
        // result's.
        unsafe {
            ffi::Py_INCREF(self.as_ptr());
            let py = pyo3::Python::assume_attached();
            pyo3::Bound::from_owned_ptr(py, self.as_ptr()).into()
        }
    }

    /// The object's class.
    #[inline(always)]
    pub fn class(self) -> Class<'q> {
        // SAFETY: an object holds its class, and its class can't be exchanged without Python code.
        unsafe { Class::within(self.type_ptr()) }
    }

    /// What the object is by its exact type.
    #[inline(always)]
    pub fn kind(self) -> Kind<'q> {
        // SAFETY: the statics are only compared; each view is made of an object of that exact type.
        unsafe {
            let t = self.type_ptr();
            if t == &raw mut ffi::PyUnicode_Type {
                Kind::Str(Text::new(self))
            } else if t == &raw mut ffi::PyLong_Type {
                Kind::Int(Int::new(self))
            } else if t == &raw mut ffi::PyFloat_Type {
                Kind::Float(Float::new(self))
            } else if t == &raw mut ffi::PyDict_Type {
                Kind::Dict(Dict::new(self))
            } else if t == &raw mut ffi::PyList_Type {
                Kind::List(List::new(self))
            } else if t == &raw mut ffi::PyTuple_Type {
                Kind::Tuple(Tuple::new(self))
            } else {
                self.rarer_kind()
            }
        }
    }

    #[inline(always)]
    fn rarer_kind(self) -> Kind<'q> {
        // SAFETY: as for `kind`.
        unsafe {
            let t = self.type_ptr();
            if self.as_ptr() == ffi::Py_None() {
                Kind::None
            } else if t == &raw mut ffi::PyBool_Type {
                Kind::Bool(self.as_ptr() == ffi::Py_True())
            } else if t == &raw mut ffi::PyBytes_Type {
                Kind::Bytes(Bytes::new(self))
            } else if t == &raw mut ffi::PySet_Type {
                Kind::Set(Set::new(self))
            } else if t == &raw mut ffi::PyFrozenSet_Type {
                Kind::FrozenSet(Set::new(self))
            } else if t == &raw mut ffi::PyByteArray_Type {
                Kind::ByteArray
            } else if t == &raw mut ffi::PyType_Type {
                Kind::Type(Class::within(self.as_ptr().cast()))
            } else {
                Kind::Other
            }
        }
    }

    /// The object as a tuple, a subclass's instance included.
    #[inline(always)]
    pub fn as_tuple(self) -> Option<Tuple<'q>> {
        // SAFETY: the object is alive; a flag of its type is read. Instances of subclasses begin as a
        // tuple does.
        unsafe { (ffi::PyTuple_Check(self.as_ptr()) != 0).then(|| Tuple::new(self)) }
    }

    /// Whether the object is a class, whatever its metaclass.
    #[inline(always)]
    pub fn as_class(self) -> Option<Class<'q>> {
        // SAFETY: the object is alive; a flag of its type is read, which classes alone have.
        unsafe {
            (ffi::PyType_Check(self.as_ptr()) != 0).then(|| Class::within(self.as_ptr().cast()))
        }
    }

    /// Whether the object is a str, a subclass's instance included.
    #[inline(always)]
    pub fn is_str(self) -> bool {
        // SAFETY: the object is alive; a flag of its type is read.
        unsafe { ffi::PyUnicode_Check(self.as_ptr()) != 0 }
    }

    /// Whether it is None.
    #[inline(always)]
    pub fn is_none(self) -> bool {
        // SAFETY: the singleton's address is only compared.
        unsafe { self.as_ptr() == ffi::Py_None() }
    }

    /// Whether exactly one reference to the object is counted.
    ///
    /// Without the GIL the count is split between threads and proves nothing, so the answer is no.
    #[inline(always)]
    pub fn is_held_once(self) -> bool {
        !self.has_others(1)
    }

    /// Whether more references are counted than `known` ones, or may be.
    ///
    /// Without the GIL a count proves nothing, so the answer is yes.
    #[inline(always)]
    pub fn has_others(self, known: usize) -> bool {
        // SAFETY: the object is alive; reading its count needs the GIL, which `Quiet` shows.
        let count = unsafe { ffi::Py_REFCNT(self.as_ptr()) as usize };
        cfg!(Py_GIL_DISABLED) || count > known
    }

    /// Whether giving up a reference may run Python code: it is the last one, and the object is more than a
    /// number, a text, or a tuple of such and of what others hold.
    pub fn is_released_loudly(self) -> bool {
        self.is_held_once() && !self.dies_quietly(TUPLES_LOOKED_INTO)
    }

    fn dies_quietly(self, levels: usize) -> bool {
        match self.kind() {
            Kind::None | Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) => true,
            Kind::Str(_) | Kind::Bytes(_) => true,
            Kind::Tuple(tuple) => {
                levels > 0
                    && (0..tuple.len()).all(|i| {
                        let item = tuple.item(i);
                        item.is_none_or(|item| item.has_others(1) || item.dies_quietly(levels - 1))
                    })
            }
            _ => false,
        }
    }

    /// Whether the object is callable, as `callable()` says.
    #[inline(always)]
    pub fn is_callable(self) -> bool {
        // SAFETY: the object is alive, and so is its type; a slot of it is read.
        unsafe { (*self.type_ptr()).tp_call.is_some() }
    }

    /// Whether the object has `__next__`, as C's `PyIter_Check` says.
    pub fn is_iterator(self) -> bool {
        // SAFETY: the check reads a slot of the type.
        unsafe { ffi::PyIter_Check(self.as_ptr()) != 0 }
    }

    /// Whether somebody can tell when, or if, the object is freed: weak references to it can be made, or
    /// its type has a finaliser.
    pub fn dies_visibly(self) -> bool {
        // SAFETY: the object is alive, and so is its type; fields of it are read.
        unsafe {
            let t = self.type_ptr();
            (*t).tp_weaklistoffset != 0 || (*t).tp_finalize.is_some() || (*t).tp_del.is_some()
        }
    }

    /// Whether an attribute of a class is a function or the like: found on an instance, it is called with
    /// the instance first, and finding it runs no Python code.
    pub fn is_method_descriptor(self) -> bool {
        // SAFETY: the object is alive, and so is its type; a flag of it is read.
        unsafe { ffi::PyType_HasFeature(self.type_ptr(), ffi::Py_TPFLAGS_METHOD_DESCRIPTOR) != 0 }
    }
}
