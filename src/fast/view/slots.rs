//! The slots of instances, without asking Python code.

use pyo3::ffi;

use super::class::{Class, ClassVersion};
use super::object::View;

/// Where the instances of a class keep the values of its slots.
pub struct Slots {
    version: ClassVersion,
    /// In bytes from an instance's start.
    offsets: Box<[usize]>,
}

impl Slots {
    fn new(version: ClassVersion, offsets: Box<[usize]>) -> Self {
        Self { version, offsets }
    }

    /// Whether there are none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.offsets.is_empty()
    }
}

impl Class<'_> {
    /// Where instances keep the values of slots, told by the descriptors that the class shows; None where
    /// one is not a member descriptor that `__slots__` made for the class or one of its bases.
    pub fn slots(self, descriptors: &[View<'_>]) -> Option<Slots> {
        let offsets = descriptors.iter().map(|found| self.slot_offset(*found));
        Some(Slots::new(
            self.version()?,
            offsets.collect::<Option<Box<[usize]>>>()?,
        ))
    }

    fn slot_offset(self, descriptor: View<'_>) -> Option<usize> {
        // SAFETY: the descriptor is alive; an object of the member descriptors' own type has their
        // layout, and its definition and the class it was made for live as long as it does.
        unsafe {
            if ffi::Py_TYPE(descriptor.as_ptr()) != &raw mut ffi::PyMemberDescr_Type {
                return None;
            }
            let descriptor = descriptor.as_ptr().cast::<ffi::PyMemberDescrObject>();
            let member = (*descriptor).d_member;
            if (*member).type_code != ffi::Py_T_OBJECT_EX || (*member).flags != 0 {
                return None;
            }
            let made_for = (*descriptor).d_common.d_type;
            if ffi::PyType_IsSubtype(self.as_type_ptr(), made_for) == 0 {
                return None;
            }
            usize::try_from((*member).offset).ok()
        }
    }
}

impl<'q> View<'q> {
    /// The values of an instance's slots, None for one that is unset. Nothing where its class is not what
    /// it was when the places were read off.
    #[inline(always)]
    pub fn slot_values(self, slots: &Slots) -> impl Iterator<Item = Option<View<'q>>> {
        let offsets = if self.class().version() == Some(slots.version) {
            &slots.offsets[..]
        } else {
            &[]
        };
        // SAFETY: a version belongs to one class with its contents for ever, so the instance is of the
        // class that gave the offsets. There it keeps a pointer that is null or an object that it holds.
        offsets.iter().map(move |offset| unsafe {
            let place = self.as_ptr().byte_add(*offset);
            let value = *place.cast::<*mut ffi::PyObject>();
            (!value.is_null()).then(|| View::within(value))
        })
    }
}
