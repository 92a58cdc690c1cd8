//! References in a row, given out one by one from the front.

use std::mem::ManuallyDrop;

use crate::fast::held::Held;

/// References in the order in which they were put in. Those that were given out leave nothing behind that had to be
/// looked at again when the row ends.
#[derive(Default)]
pub struct Row {
    places: Vec<ManuallyDrop<Held>>,
    /// The first place whose reference was not given out.
    next: usize,
}

impl Row {
    /// For how many references there is room.
    #[inline(always)]
    pub fn room(&self) -> usize {
        self.places.capacity()
    }

    /// Makes room for so many references in a row that is empty; None where there is no memory.
    #[inline(always)]
    pub fn reserve(&mut self, count: usize) -> Option<()> {
        if self.places.capacity() < count {
            self.places.try_reserve_exact(count).ok()?;
        }
        Some(())
    }

    /// Puts a reference behind the others, for which there is room.
    #[inline(always)]
    pub fn put(&mut self, held: Held) {
        self.places.push(ManuallyDrop::new(held));
    }

    /// The next one.
    #[inline(always)]
    pub fn next(&mut self) -> Option<Held> {
        let place = self.places.get_mut(self.next)?;
        self.next += 1;
        // SAFETY: a place is passed once, and never looked at after.
        Some(unsafe { ManuallyDrop::take(place) })
    }

    /// Gives up what is left.
    #[inline(always)]
    pub fn clear(&mut self) {
        while let Some(held) = self.next() {
            drop(held);
        }
        self.places.clear();
        self.next = 0;
    }
}

impl Drop for Row {
    fn drop(&mut self) {
        self.clear();
    }
}
