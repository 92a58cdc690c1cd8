//! Any object, whatever its type.

use std::marker::PhantomData;
use std::ptr::NonNull;

use pyo3::ffi;

use crate::fast::count::count;
use crate::fast::prefetch::prefetch;
use crate::fast::quiet::Quiet;

/// An object that stays alive, and keeps its parts, for `'q`.
#[derive(Copy, Clone)]
#[repr(transparent)]
pub struct View<'q> {
    object: NonNull<ffi::PyObject>,
    quiet: PhantomData<&'q Quiet>,
}

impl<'q> View<'q> {
    /// # Safety
    /// `object` is alive, and something keeps it alive until `'q` ends, as long as no Python code runs.
    #[inline(always)]
    pub(in crate::fast) unsafe fn new(object: *mut ffi::PyObject, _: &'q Quiet) -> Self {
        // SAFETY: an object is never at null, by the caller's word.
        unsafe { Self::within(object) }
    }

    /// # Safety
    /// As for `new`, where what keeps it alive was seen for `'q` itself.
    #[inline(always)]
    pub(in crate::fast) unsafe fn within(object: *mut ffi::PyObject) -> Self {
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
    pub(in crate::fast) fn as_ptr(self) -> *mut ffi::PyObject {
        self.object.as_ptr()
    }

    #[inline(always)]
    pub(super) fn type_ptr(self) -> *mut ffi::PyTypeObject {
        // SAFETY: the object is alive, so its type pointer is readable.
        unsafe { ffi::Py_TYPE(self.as_ptr()) }
    }

    /// The address that stands for the object's identity.
    #[inline(always)]
    pub fn address(self) -> usize {
        self.as_ptr() as usize
    }

    /// Has the processor fetch the object's first bytes into its cache, since they will be needed soon.
    #[inline(always)]
    pub fn prefetch(self) {
        prefetch(self.as_ptr());
    }

    /// Whether both are the same object.
    #[inline(always)]
    pub fn is(self, other: View<'_>) -> bool {
        self.address() == other.address()
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
    /// Where a count proves nothing the answer is no.
    #[inline(always)]
    pub fn is_held_once(self) -> bool {
        !self.has_others(1)
    }

    /// Whether more references are counted than `known` ones, or may be.
    ///
    /// Where a count proves nothing the answer is yes.
    #[inline(always)]
    pub fn has_others(self, known: usize) -> bool {
        // SAFETY: the object is alive; reading its count needs the GIL, which `Quiet` shows.
        let count = unsafe { count(self.as_ptr()) };
        count.is_none_or(|count| count > known)
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

    /// Whether an attribute of a class comes before the instance's own.
    pub fn is_data_descriptor(self) -> bool {
        // SAFETY: the object is alive, and so is its type; a slot of it is read.
        unsafe { (*self.type_ptr()).tp_descr_set.is_some() }
    }

    /// Whether an attribute of a class is a function or the like: found on an instance, it is called with
    /// the instance first, and finding it runs no Python code.
    pub fn is_method_descriptor(self) -> bool {
        // SAFETY: the object is alive, and so is its type; a flag of it is read.
        unsafe { ffi::PyType_HasFeature(self.type_ptr(), ffi::Py_TPFLAGS_METHOD_DESCRIPTOR) != 0 }
    }
}
