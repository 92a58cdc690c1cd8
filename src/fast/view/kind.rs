//! What an object is by its type.

use pyo3::ffi;

use super::class::{Class, Names};
use super::dict::Dict;
use super::number::{Float, Int};
use super::object::View;
use super::sequence::{Bytes, List, Tuple};
use super::set::Set;
use super::text::Text;

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
            if ffi::PyType_HasFeature(t, ffi::Py_TPFLAGS_HEAPTYPE) != 0 {
                // The types below are static.
                Kind::Other
            } else if self.as_ptr() == ffi::Py_None() {
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

    /// The object as an exact int.
    #[inline(always)]
    pub fn as_int(self) -> Option<Int<'q>> {
        // SAFETY: the static is only compared; the object is of that exact type.
        unsafe {
            if self.type_ptr() == &raw mut ffi::PyLong_Type {
                Some(Int::new(self))
            } else {
                None
            }
        }
    }

    /// The value of True or False.
    #[inline(always)]
    pub fn as_bool(self) -> Option<bool> {
        // SAFETY: the statics are only compared.
        unsafe {
            if self.type_ptr() == &raw mut ffi::PyBool_Type {
                Some(self.as_ptr() == ffi::Py_True())
            } else {
                None
            }
        }
    }

    /// The object as an exact float.
    #[inline(always)]
    pub fn as_float(self) -> Option<Float<'q>> {
        // SAFETY: as for `as_int`.
        unsafe {
            if self.type_ptr() == &raw mut ffi::PyFloat_Type {
                Some(Float::new(self))
            } else {
                None
            }
        }
    }

    /// The object as a tuple, a subclass's instance included.
    #[inline(always)]
    pub fn as_tuple(self) -> Option<Tuple<'q>> {
        // SAFETY: the object is alive; a flag of its type is read. Instances of subclasses begin as a
        // tuple does.
        unsafe {
            if ffi::PyTuple_Check(self.as_ptr()) != 0 {
                Some(Tuple::new(self))
            } else {
                None
            }
        }
    }

    /// Whether the object is a class, whatever its metaclass.
    #[inline(always)]
    pub fn as_class(self) -> Option<Class<'q>> {
        // SAFETY: the object is alive; a flag of its type is read, which classes alone have.
        unsafe {
            if ffi::PyType_Check(self.as_ptr()) != 0 {
                Some(Class::within(self.as_ptr().cast()))
            } else {
                None
            }
        }
    }

    /// Whether giving up a reference may run Python code: it is the last one, and the object is more than a
    /// number, a text, or a tuple of such and of what others hold.
    #[inline(always)]
    pub fn is_released_loudly(self) -> bool {
        self.is_held_once() && self.dies_loudly(TUPLES_LOOKED_INTO)
    }

    fn dies_loudly(self, levels: usize) -> bool {
        if let Some(tuple) = self.as_exact_tuple() {
            return levels == 0
                || tuple.items().iter().flatten().any(|item| {
                    item.is_held_once() && !item.is_plain_data() && item.dies_loudly(levels - 1)
                });
        }
        !self.is_plain_data()
    }

    /// Whether the object is a number or a text, whose end runs no Python code.
    #[inline(always)]
    fn is_plain_data(self) -> bool {
        let t = self.type_ptr();
        t == &raw mut ffi::PyUnicode_Type
            || t == &raw mut ffi::PyBytes_Type
            || t == &raw mut ffi::PyLong_Type
            || t == &raw mut ffi::PyFloat_Type
            || t == &raw mut ffi::PyBool_Type
            || self.is_none()
    }

    /// The object as an exact tuple.
    #[inline(always)]
    fn as_exact_tuple(self) -> Option<Tuple<'q>> {
        // SAFETY: as for `as_int`.
        unsafe {
            if self.type_ptr() == &raw mut ffi::PyTuple_Type {
                Some(Tuple::new(self))
            } else {
                None
            }
        }
    }

    /// The object as the dict that it is, though it may be of a subclass: whoever reads it knows that this has no
    /// other ways of reading.
    pub fn as_any_dict(self) -> Option<Dict<'q>> {
        // SAFETY: the object is alive; a flag of its type is read. An instance of a subclass is laid out as a dict
        // is, as far as that goes.
        unsafe { (ffi::PyDict_Check(self.as_ptr()) != 0).then(|| Dict::new(self)) }
    }

    /// The object as an exact dict.
    #[inline(always)]
    pub fn as_dict(self) -> Option<Dict<'q>> {
        // SAFETY: as for `as_int`.
        unsafe {
            if self.type_ptr() == &raw mut ffi::PyDict_Type {
                Some(Dict::new(self))
            } else {
                None
            }
        }
    }

    /// The object as an exact list.
    #[inline(always)]
    pub fn as_list(self) -> Option<List<'q>> {
        // SAFETY: as for `as_int`.
        unsafe {
            if self.type_ptr() == &raw mut ffi::PyList_Type {
                Some(List::new(self))
            } else {
                None
            }
        }
    }

    /// The object as an exact str.
    #[inline(always)]
    pub fn as_text(self) -> Option<Text<'q>> {
        // SAFETY: as for `as_int`.
        unsafe {
            if self.type_ptr() == &raw mut ffi::PyUnicode_Type {
                Some(Text::new(self))
            } else {
                None
            }
        }
    }
}

impl<'q> Dict<'q> {
    /// The value under an exact string, in a dict whose keys are all exact strings; None for other dicts.
    pub fn get_named(self, name: View<'_>) -> Option<View<'q>> {
        self.get_text(name.as_text()?)
    }
}

impl<'q> Names<'q> {
    /// What the class or one of its bases has under an exact string, without asking descriptors.
    pub fn get(self, name: View<'_>) -> Option<View<'q>> {
        self.get_text(name.as_text()?)
    }
}
