//! Collections written in C, of exact types.

use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::dict::Dict;
use super::object::View;

/// `collections.deque` and `collections.defaultdict`, and the names of an attribute of each, once they are known.
/// They stay: neither the types nor the names are ever given up.
static DEQUE: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(std::ptr::null_mut());
static DEFAULTDICT: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(std::ptr::null_mut());
static MAXLEN: AtomicPtr<ffi::PyObject> = AtomicPtr::new(std::ptr::null_mut());
static DEFAULT_FACTORY: AtomicPtr<ffi::PyObject> = AtomicPtr::new(std::ptr::null_mut());

/// Makes a class known, if it is one of these.
pub fn make_collections_known(class: &Bound<'_, PyType>) {
    // SAFETY: the class is alive; its flags and its name are read. What is static or cannot be changed was made in C,
    // and the names are those of the two types of the standard library.
    let name = unsafe {
        let t = class.as_type_ptr();
        if ffi::PyType_GetFlags(t) & ffi::Py_TPFLAGS_IMMUTABLETYPE == 0 {
            return;
        }
        std::ffi::CStr::from_ptr((*t).tp_name)
    };
    let (known, attribute, attributes_name) = match name.to_bytes() {
        b"collections.deque" => (&DEQUE, &MAXLEN, pyo3::intern!(class.py(), "maxlen")),
        b"collections.defaultdict" => (
            &DEFAULTDICT,
            &DEFAULT_FACTORY,
            pyo3::intern!(class.py(), "default_factory"),
        ),
        _ => return,
    };
    if known.load(Ordering::Relaxed).is_null() {
        attribute.store(attributes_name.clone().into_ptr(), Ordering::Relaxed);
        known.store(class.clone().into_ptr().cast(), Ordering::Relaxed);
    }
}

/// An exact deque.
#[derive(Copy, Clone)]
pub struct Deque<'q>(View<'q>);

impl<'q> View<'q> {
    /// The object as an exact deque, once that type is known.
    #[inline(always)]
    pub fn as_deque(self) -> Option<Deque<'q>> {
        (self.type_ptr() == DEQUE.load(Ordering::Relaxed)).then_some(Deque(self))
    }

    /// The entries of an exact defaultdict and its factory, if it has one, once that type is known.
    #[inline(always)]
    pub fn as_defaultdict(self) -> Option<(Dict<'q>, Option<View<'q>>)> {
        if self.type_ptr() != DEFAULTDICT.load(Ordering::Relaxed) {
            return None;
        }
        let dict = self.as_any_dict()?;
        // SAFETY: the type has this attribute, which is read in C: what the object holds, or None. A reference to it
        // is given out, and given back, which frees nothing. An exception is not foreseen, and taken away.
        unsafe {
            let name = DEFAULT_FACTORY.load(Ordering::Relaxed);
            let factory = ffi::PyObject_GetAttr(self.as_ptr(), name);
            if factory.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            ffi::Py_DECREF(factory);
            let factory = View::within(factory);
            Some((dict, (!factory.is_none()).then_some(factory)))
        }
    }
}

impl<'q> Deque<'q> {
    /// The number of items.
    pub fn len(self) -> usize {
        // SAFETY: a deque tells its length in C.
        usize::try_from(unsafe { ffi::PySequence_Size(self.0.as_ptr()) }).unwrap_or(0)
    }

    /// The item, or None past the end.
    pub fn item(self, index: usize) -> Option<View<'q>> {
        if index >= self.len() {
            return None;
        }
        // SAFETY: a deque gives an item of its own in C, with a reference; given back, that frees nothing, since the
        // deque holds the item. The index is one of an item, so no exception is made.
        unsafe {
            let item = ffi::PySequence_GetItem(self.0.as_ptr(), index as ffi::Py_ssize_t);
            if item.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            ffi::Py_DECREF(item);
            Some(View::within(item))
        }
    }

    /// How many items it may have; None within where there is no limit, and without where there is no memory to tell.
    pub fn limit(self) -> Option<Option<i64>> {
        // SAFETY: the type has this attribute, which is read in C: None, or an int made for us, which dies quietly.
        // Without memory an exception that exists beforehand is set, and taken away.
        unsafe {
            let limit = ffi::PyObject_GetAttr(self.0.as_ptr(), MAXLEN.load(Ordering::Relaxed));
            if limit.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            let value = if limit == ffi::Py_None() {
                None
            } else {
                Some(ffi::PyLong_AsSsize_t(limit) as i64)
            };
            ffi::Py_DECREF(limit);
            Some(value)
        }
    }
}
