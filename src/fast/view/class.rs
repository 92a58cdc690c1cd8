//! Classes, and what they say of their instances.

use std::marker::PhantomData;
use std::ptr::NonNull;

use pyo3::ffi;

use super::dict::Dict;
use super::object::View;
use super::text::Text;
use crate::fast::libpython;
use crate::fast::quiet::Quiet;

/// A class, whatever its metaclass.
#[derive(Copy, Clone)]
pub struct Class<'q> {
    class: NonNull<ffi::PyTypeObject>,
    quiet: PhantomData<&'q Quiet>,
}

/// The contents of a class at one moment, its bases' and its metaclass's included. No two contents ever
/// have the same version.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct ClassVersion {
    class: u32,
    /// 0 where the metaclass is `type`, which never changes.
    metaclass: u32,
}

/// That every attribute of a class with these contents has an exact string for its name.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct SeenNames(ClassVersion);

/// A class of which every attribute, inherited ones included, has an exact string for its name.
#[derive(Copy, Clone)]
pub struct Names<'q>(Class<'q>);

impl<'q> Class<'q> {
    /// # Safety
    /// `class` is one, and something seen for `'q` keeps it alive.
    #[inline(always)]
    pub(super) unsafe fn within(class: *mut ffi::PyTypeObject) -> Self {
        Self {
            // SAFETY: an object is never at null, by the caller's word.
            class: unsafe { NonNull::new_unchecked(class) },
            quiet: PhantomData,
        }
    }

    #[inline(always)]
    pub(super) fn as_type_ptr(self) -> *mut ffi::PyTypeObject {
        self.class.as_ptr()
    }

    /// The class as an object.
    #[inline(always)]
    pub fn object(self) -> View<'q> {
        // SAFETY: a class is an object, and alive for as long as this is.
        unsafe { View::within(self.as_type_ptr().cast()) }
    }

    /// The address that stands for its identity.
    #[inline(always)]
    pub fn address(self) -> usize {
        self.as_type_ptr() as usize
    }

    /// Whether its metaclass is `type` itself: then it hashes and compares by its identity.
    #[inline(always)]
    pub fn is_plain(self) -> bool {
        // SAFETY: the class is alive; its type pointer is compared.
        unsafe { ffi::Py_TYPE(self.as_type_ptr().cast()) == &raw mut ffi::PyType_Type }
    }

    /// Whether the class itself hashes and compares by its identity, without Python code.
    #[inline(always)]
    pub fn is_known_by_identity(self) -> bool {
        if self.is_plain() {
            return true;
        }
        let metaclass = self.object().class();
        // SAFETY: the metaclass is alive; one slot of it is compared with that of `type`.
        let hashes = unsafe {
            let own = (*metaclass.as_type_ptr()).tp_hash;
            own.map(|f| f as usize) == ffi::PyType_Type.tp_hash.map(|f| f as usize)
        };
        hashes && metaclass.compares_by_identity()
    }

    /// Whether attributes of the class itself are looked up as `type` does.
    pub fn is_looked_up_as_type(self) -> bool {
        // SAFETY: the metaclass is alive; one slot of it is compared with that of `type`.
        unsafe {
            let own = (*ffi::Py_TYPE(self.as_type_ptr().cast())).tp_getattro;
            own.map(|f| f as usize) == ffi::PyType_Type.tp_getattro.map(|f| f as usize)
        }
    }

    /// The number of the class's present contents; None where the interpreter has given it none.
    #[inline(always)]
    pub fn version(self) -> Option<ClassVersion> {
        // SAFETY: the class and its metaclass are alive; a field of each is read.
        unsafe {
            let class = (*self.as_type_ptr()).tp_version_tag;
            if class == 0 {
                return None;
            }
            let meta = ffi::Py_TYPE(self.as_type_ptr().cast());
            if meta == &raw mut ffi::PyType_Type {
                return Some(ClassVersion {
                    class,
                    metaclass: 0,
                });
            }
            let metaclass = (*meta).tp_version_tag;
            (metaclass != 0).then_some(ClassVersion { class, metaclass })
        }
    }

    /// Whether the class itself is as it was in this version, whatever became of its metaclass: what instances find through
    /// it does not rest on that.
    #[inline(always)]
    pub fn is_still(self, version: ClassVersion) -> bool {
        // SAFETY: the class is alive; a field of it is read.
        unsafe { (*self.as_type_ptr()).tp_version_tag == version.class }
    }

    fn has_feature(self, flag: std::ffi::c_ulong) -> bool {
        // SAFETY: the class is alive; its flags are read.
        unsafe { ffi::PyType_HasFeature(self.as_type_ptr(), flag) != 0 }
    }

    /// Whether the interpreter keeps the `__dict__` of instances before them.
    pub(super) fn keeps_managed_dict(self) -> bool {
        self.has_feature(ffi::Py_TPFLAGS_MANAGED_DICT)
    }

    /// Whether instances are dicts, and iterating over one gives the dict's keys.
    pub fn iterates_as_dict(self) -> bool {
        // SAFETY: the class is alive; a slot of it is read.
        unsafe {
            let own = (*self.as_type_ptr()).tp_iter;
            let plain = ffi::PyDict_Type.tp_iter;
            self.has_feature(ffi::Py_TPFLAGS_DICT_SUBCLASS)
                && own.map(|f| f as usize) == plain.map(|f| f as usize)
        }
    }

    /// Whether the attributes of the class never change.
    pub fn is_immutable(self) -> bool {
        self.has_feature(ffi::Py_TPFLAGS_IMMUTABLETYPE)
    }

    /// Whether instances are compared by their identity alone, without Python code.
    pub fn compares_by_identity(self) -> bool {
        // SAFETY: the class is alive; one slot of it is compared with that of `object`.
        unsafe {
            let own = (*self.as_type_ptr()).tp_richcompare;
            let plain = ffi::PyBaseObject_Type.tp_richcompare;
            own.map(|f| f as usize) == plain.map(|f| f as usize)
        }
    }

    /// Whether the name of the class may be one of these, told without making a string of it.
    pub fn may_be_named(self, names: [&[u8]; 2]) -> bool {
        if self.has_feature(ffi::Py_TPFLAGS_HEAPTYPE) {
            // SAFETY: a class of that flag is laid out like this, and holds its name.
            let name = unsafe {
                let class = self.as_type_ptr().cast::<ffi::PyHeapTypeObject>();
                View::within((*class).ht_name)
            };
            return name.as_text().is_none_or(|name| {
                names.iter().any(|other| other.len() == name.len())
                    && name.utf8().is_some_and(|name| names.contains(&name))
            });
        }
        // SAFETY: the class is alive, and so is its name, which ends with NUL. That of a static class begins
        // with its module's.
        let name = unsafe { std::ffi::CStr::from_ptr((*self.as_type_ptr()).tp_name) };
        names.iter().any(|ending| name.to_bytes().ends_with(ending))
    }

    /// Whether attributes of instances are looked up the ordinary way, instances are of one size, the
    /// class is no subclass of list or dict, and attributes of the class are looked up as `type` does.
    pub fn is_ordinary(self) -> bool {
        let special = ffi::Py_TPFLAGS_LIST_SUBCLASS | ffi::Py_TPFLAGS_DICT_SUBCLASS;
        // SAFETY: the class is alive; a field and the flags of it are read.
        let is_ordinary = unsafe {
            let t = self.as_type_ptr();
            (*t).tp_itemsize == 0 && ffi::PyType_FastSubclass(t, special) == 0
        };
        is_ordinary
            && self.is_looked_up_as_type()
            && self.has_feature(ffi::Py_TPFLAGS_HEAPTYPE)
            && self.finds_attributes_ordinarily()
    }

    /// Whether attributes of instances are found the ordinary way.
    pub fn finds_attributes_ordinarily(self) -> bool {
        // SAFETY: the class is alive; a slot of it is compared.
        unsafe {
            (*self.as_type_ptr()).tp_getattro.is_some_and(|get| {
                std::ptr::fn_addr_eq(get, ffi::PyObject_GenericGetAttr as ffi::getattrofunc)
            })
        }
    }

    /// Whether instances are tuples, and iterating over one gives the tuple's items.
    pub fn iterates_as_tuple(self) -> bool {
        // SAFETY: the class is alive; a flag and a slot of it are read.
        unsafe {
            let own = (*self.as_type_ptr()).tp_iter;
            let plain = ffi::PyTuple_Type.tp_iter;
            self.has_feature(ffi::Py_TPFLAGS_TUPLE_SUBCLASS)
                && own.map(|f| f as usize) == plain.map(|f| f as usize)
        }
    }

    /// Whether instances have no `__dict__`, or one at a place that `View::placed_dict` looks at.
    pub fn keeps_placed_dict(self) -> bool {
        // SAFETY: the class is alive; a field of it is read.
        unsafe { (*self.as_type_ptr()).tp_dictoffset >= 0 }
    }

    /// What the class and its bases define, where all names are exact strings: then looking one up runs no
    /// Python code.
    pub fn names(self) -> Option<Names<'q>> {
        self.bases()
            .all(|class| class.contents().is_some_and(Dict::has_text_keys))
            .then_some(Names(self))
    }

    /// What `names` has seen, to be kept for as long as the class stays as it is.
    pub fn seen_names(self) -> Option<SeenNames> {
        self.names()?;
        self.version().map(SeenNames)
    }

    /// As `names`, where that was seen before.
    #[inline(always)]
    pub fn names_as_seen(self, seen: SeenNames) -> Option<Names<'q>> {
        (self.version() == Some(seen.0)).then_some(Names(self))
    }

    /// The class and its bases, in the order of the look-up.
    pub fn bases(self) -> impl Iterator<Item = Class<'q>> {
        // SAFETY: a class that is ready holds a tuple of classes.
        let order = unsafe {
            let order = (*self.as_type_ptr()).tp_mro;
            (!order.is_null()).then(|| View::within(order))
        };
        let order = order.and_then(View::as_tuple);
        (0..).map_while(move |i| order?.item(i)?.as_class())
    }

    /// The class's own attributes. None for what keeps them elsewhere: from 3.12 on, the builtin ones.
    pub fn contents(self) -> Option<Dict<'q>> {
        // SAFETY: the class is alive. A field of it is null or a dict that it holds; from 3.12 on the
        // interpreter keeps those of its own classes apart, and gives out a reference, which the place
        // that keeps them outlives.
        unsafe {
            #[cfg(Py_3_12)]
            let contents = {
                let contents = ffi::PyType_GetDict(self.as_type_ptr());
                if !contents.is_null() {
                    ffi::Py_DECREF(contents);
                }
                contents
            };
            #[cfg(not(Py_3_12))]
            let contents = (*self.as_type_ptr()).tp_dict;
            if contents.is_null() {
                return None;
            }
            View::within(contents).as_dict()
        }
    }
}

impl<'q> Names<'q> {
    /// What the class or one of its bases has under a name, without asking descriptors.
    pub(super) fn get_text(self, name: Text<'_>) -> Option<View<'q>> {
        // SAFETY: both are alive. The call looks through the classes' dicts, whose keys are exact strings
        // and so compare in C. What is found is held by the class.
        unsafe {
            let found = libpython::_PyType_Lookup(self.0.as_type_ptr(), name.object().as_ptr());
            (!found.is_null()).then(|| View::within(found))
        }
    }
}
