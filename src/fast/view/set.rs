//! Exact sets and frozensets.

use pyo3::ffi;

use super::object::View;
use crate::fast::libpython;

/// An exact set or frozenset.
#[derive(Copy, Clone)]
pub struct Set<'q>(View<'q>);

impl<'q> Set<'q> {
    /// # Safety
    /// The object is of one of the exact types.
    #[inline(always)]
    pub(super) unsafe fn new(object: View<'q>) -> Self {
        Self(object)
    }

    /// The number of elements.
    #[inline(always)]
    pub fn len(self) -> usize {
        // SAFETY: of a set the call reads a field, which is never negative.
        unsafe { ffi::PySet_Size(self.0.as_ptr()) as usize }
    }

    /// The element at `position`, which moves past it; None at the end. They come in the order of the
    /// set's table, and every position is checked against the table as it is now.
    #[inline(always)]
    pub fn next(self, position: &mut isize) -> Option<View<'q>> {
        let mut key = std::ptr::null_mut();
        let mut hash = 0;
        // SAFETY: of a set the call walks the table, and gives an element that the set holds.
        unsafe {
            let found =
                libpython::_PySet_NextEntry(self.0.as_ptr(), position, &raw mut key, &raw mut hash)
                    == 1;
            found.then(|| View::within(key))
        }
    }
}
