//! Room for the values of a load, kept by a load that is done for the next one: a small load would spend much of its
//! time on taking it and giving it back.

use pyo3::prelude::*;

use crate::fast::attached::Attached;
use crate::fast::slot::Slot;

/// Room for a stack and its marks, and for a memo, all empty.
#[derive(Default)]
pub struct Room {
    pub values: Vec<Py<PyAny>>,
    pub marks: Vec<usize>,
    pub memo: Vec<Option<Py<PyAny>>>,
}

/// Room that nobody uses.
static SPARE: Slot<Room> = Slot::new();

/// Entries for which room is kept, of 8 bytes each.
const MAX_ROOM: usize = 1024;

impl Room {
    /// The room that is kept, if there is any.
    #[inline(always)]
    pub fn take(py: Python<'_>) -> Option<Box<Self>> {
        SPARE.take_quietly(Attached::new(py).quiet())
    }

    /// Keeps this room for the next load, unless it is large.
    #[inline(always)]
    pub fn keep(self: Box<Self>, py: Python<'_>) {
        let largest = [
            self.values.capacity(),
            self.marks.capacity(),
            self.memo.capacity(),
        ];
        if largest.into_iter().all(|capacity| capacity <= MAX_ROOM) {
            drop(SPARE.keep_quietly(self, Attached::new(py).quiet()));
        }
    }
}
