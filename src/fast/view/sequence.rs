//! Exact lists, tuples and bytes.

use pyo3::ffi;

use super::View;

/// An exact list.
#[derive(Copy, Clone)]
pub struct List<'q>(View<'q>);

/// A tuple.
#[derive(Copy, Clone)]
pub struct Tuple<'q>(View<'q>);

/// An exact bytes object.
#[derive(Copy, Clone)]
pub struct Bytes<'q>(View<'q>);

impl<'q> List<'q> {
    /// # Safety
    /// The object is of the exact type.
    #[inline(always)]
    pub(super) unsafe fn new(object: View<'q>) -> Self {
        Self(object)
    }

    /// The number of items.
    #[inline(always)]
    pub fn len(self) -> usize {
        // SAFETY: a list; its size is never negative.
        unsafe { ffi::PyList_GET_SIZE(self.0.as_ptr()) as usize }
    }

    /// The item, or None past the end.
    #[inline(always)]
    pub fn item(self, index: usize) -> Option<View<'q>> {
        if index >= self.len() {
            return None;
        }
        // SAFETY: the index is below the size. The list holds its items, and does not change for `'q`. One
        // under construction has places that are null.
        unsafe {
            let item = ffi::PyList_GET_ITEM(self.0.as_ptr(), index as ffi::Py_ssize_t);
            (!item.is_null()).then(|| View::within(item))
        }
    }
}

impl<'q> Tuple<'q> {
    /// # Safety
    /// The object is a tuple.
    #[inline(always)]
    pub(super) unsafe fn new(object: View<'q>) -> Self {
        Self(object)
    }

    /// The object itself.
    #[inline(always)]
    pub fn object(self) -> View<'q> {
        self.0
    }

    /// The number of items.
    #[inline(always)]
    pub fn len(self) -> usize {
        // SAFETY: a tuple; its size is never negative.
        unsafe { ffi::PyTuple_GET_SIZE(self.0.as_ptr()) as usize }
    }

    /// The item, or None past the end.
    #[inline(always)]
    pub fn item(self, index: usize) -> Option<View<'q>> {
        if index >= self.len() {
            return None;
        }
        // SAFETY: as for a list.
        unsafe {
            let item = ffi::PyTuple_GET_ITEM(self.0.as_ptr(), index as ffi::Py_ssize_t);
            (!item.is_null()).then(|| View::within(item))
        }
    }
}

impl<'q> Bytes<'q> {
    /// # Safety
    /// The object is of the exact type.
    #[inline(always)]
    pub(super) unsafe fn new(object: View<'q>) -> Self {
        Self(object)
    }

    /// Its bytes.
    #[inline(always)]
    pub fn data(self) -> &'q [u8] {
        // SAFETY: a bytes object has `ob_size` bytes, which never change, and a size is never negative.
        unsafe {
            let data = ffi::PyBytes_AsString(self.0.as_ptr()).cast::<u8>();
            std::slice::from_raw_parts(data, ffi::Py_SIZE(self.0.as_ptr()) as usize)
        }
    }
}
