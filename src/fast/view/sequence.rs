//! Exact lists, tuples and bytes.

use pyo3::ffi;

use super::object::View;

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

    /// The object itself.
    #[inline(always)]
    pub fn object(self) -> View<'q> {
        self.0
    }

    /// The number of items.
    #[inline(always)]
    pub fn len(self) -> usize {
        // SAFETY: a list; its size is never negative.
        unsafe { ffi::PyList_GET_SIZE(self.0.as_ptr()) as usize }
    }

    /// The items. A list under construction has places that are empty.
    #[inline(always)]
    pub fn items(self) -> &'q [Option<View<'q>>] {
        let n = self.len();
        if n == 0 {
            return &[];
        }
        // SAFETY: a list of some items has an array of so many pointers, each null or to an object that the
        // list holds. A view is such a pointer and nothing else, and None is null. The list does not change
        // for `'q`.
        unsafe {
            let items = (*self.0.as_ptr().cast::<ffi::PyListObject>()).ob_item;
            std::slice::from_raw_parts(items.cast(), n)
        }
    }

    /// The item, or None past the end.
    #[inline(always)]
    pub fn item(self, index: usize) -> Option<View<'q>> {
        self.items().get(index).copied().flatten()
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

    /// The items. A tuple under construction has places that are empty.
    #[inline(always)]
    pub fn items(self) -> &'q [Option<View<'q>>] {
        let n = self.len();
        // SAFETY: a tuple ends with an array of so many pointers; for the rest, as for a list.
        unsafe {
            let items = &raw const (*self.0.as_ptr().cast::<ffi::PyTupleObject>()).ob_item;
            std::slice::from_raw_parts(items.cast(), n)
        }
    }

    /// The item, or None past the end.
    #[inline(always)]
    pub fn item(self, index: usize) -> Option<View<'q>> {
        self.items().get(index).copied().flatten()
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
