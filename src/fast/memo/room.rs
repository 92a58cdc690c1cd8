//! A memo's room: how it grows, and what is kept of it from one dump to the next.

use pyo3::ffi;

use super::{DEFERRED, Memo, Released};
use crate::fast::no_memory::NoMemory;
use crate::fast::pages;
use crate::fast::watch;

/// Entries for which a memo keeps room between two dumps, of 8 bytes for the slot and as much for each place of the
/// table. To get so much anew from the system, a page at a time, can take longer than the dump.
const MAX_ROOM: usize = 1 << 20;

/// Entries that a memo has to outgrow before it gets room at once for as many as the dumps before it came to; the most that
/// are expected then; and the most once it has outgrown those. What is not written to takes no memory.
const EXPECTANT: usize = 1 << 16;
const MOST_EXPECTED: usize = 1 << 22;
const MOST_EVER_EXPECTED: usize = 1 << 25;

/// Of room for more entries than these so many times as were used is too much: the next dump may be as small.
const LARGE_ROOM: usize = 4096;
const MOST_UNUSED: usize = 16;

impl Memo {
    /// Bytes that the entries take.
    pub fn size(&self) -> usize {
        let indices = self.slots.capacity() + self.chosen.capacity();
        indices * size_of::<usize>() + self.table.size()
    }

    #[cold]
    #[inline(never)]
    pub(super) fn grow(&mut self) -> Result<(), NoMemory> {
        let n = self.slots.len();
        let expected = match n {
            ..EXPECTANT => 0,
            EXPECTANT..MOST_EXPECTED => self.expected.min(MOST_EXPECTED),
            _ => self.expected,
        };
        let more = |capacity: usize| {
            pages::whole_unless_kept(capacity * size_of::<usize>()) / size_of::<usize>() - n
        };
        if expected <= n || self.slots.try_reserve_exact(more(expected)).is_err() {
            self.slots.try_reserve_exact(more(n + n.max(32)))?;
        }
        if self.slots.capacity() >= pages::LARGE / size_of::<usize>() {
            pages::ask_for_large_room(&mut self.slots);
        }
        Ok(())
    }

    /// Forgets everything, gives the references up, which may run Python code, and keeps the room that a dump of
    /// the same size needs, up to `MAX_ROOM`.
    pub fn begin_anew(&mut self) {
        for slot in self.slots.get(self.owned..).unwrap_or_default() {
            watch::entry_forgotten((slot & !DEFERRED) as *mut ffi::PyObject);
        }
        let mut slots = std::mem::take(&mut self.slots);
        let most = LARGE_ROOM.max(slots.len().saturating_mul(MOST_UNUSED));
        // Room that is expected is wanted for a while, should smaller dumps come in between.
        let faded = self.expected - self.expected / 8;
        self.expected = slots.len().min(MOST_EVER_EXPECTED).max(faded);
        let owned = std::mem::take(&mut self.owned);
        self.table.empty(MAX_ROOM);
        self.chosen = Vec::new();
        (self.filled, self.fillable) = (0, 0);
        self.epoch = self.epoch.wrapping_add(1);
        for slot in slots.drain(..).take(owned) {
            // SAFETY: as for `Released`.
            unsafe { ffi::Py_XDECREF((slot & !DEFERRED) as *mut ffi::PyObject) }
        }
        if slots.capacity() <= most.min(MAX_ROOM) {
            self.slots = slots;
        }
    }

    /// Forgets everything, and hands the references out: releasing them may run Python code.
    pub fn clear(&mut self) -> Released {
        self.table.clear();
        self.chosen = Vec::new();
        let mut slots = std::mem::take(&mut self.slots);
        for slot in slots.get(self.owned..).unwrap_or_default() {
            watch::entry_forgotten((slot & !DEFERRED) as *mut ffi::PyObject);
        }
        slots.truncate(self.owned);
        self.owned = 0;
        self.filled = 0;
        self.fillable = 0;
        self.epoch = self.epoch.wrapping_add(1);
        Released(slots)
    }
}
