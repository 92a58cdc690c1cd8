//! Pages of memory from the system, and what of them is the interpreter's.

use std::ffi::c_void;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr;

use crate::fast::arenas::marks::{self, ARENA};

/// Whole pages that nobody else has. They go back to the system when this is dropped.
pub(super) struct Pages {
    start: *mut c_void,
    size: usize,
}

impl Pages {
    /// So many bytes, wherever they may lie; None where the system has none.
    pub(super) fn new(size: usize) -> Option<Self> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: memory that nobody has is asked for.
        let start = unsafe { libc::mmap(ptr::null_mut(), size, protection, flags, -1, 0) };
        (start != libc::MAP_FAILED).then(|| Self { start, size })
    }

    /// The address.
    pub(super) fn address(&self) -> usize {
        self.start.addr()
    }

    /// The bytes, of which none was written yet.
    pub(super) fn room(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: the memory is this value's alone, and has so many bytes.
        unsafe { std::slice::from_raw_parts_mut(self.start.cast(), self.size) }
    }

    /// Splits these in two, of which the first has so many bytes.
    pub(super) fn split(self, first: usize) -> (Self, Self) {
        let whole = ManuallyDrop::new(self);
        let first = first.min(whole.size);
        let rest = Self {
            start: whole.start.wrapping_byte_add(first),
            size: whole.size - first,
        };
        let first = Self {
            start: whole.start,
            size: first,
        };
        (first, rest)
    }

    /// Makes an arena of these, which is the interpreter's from now on; None where it could not be told from others.
    pub(super) fn into_arena(self) -> Option<*mut c_void> {
        (self.size == ARENA && marks::put_on(self.start)).then(|| ManuallyDrop::new(self).start)
    }

    /// What was made an arena by `into_arena`, and is not the interpreter's any more; None of any other arena.
    pub(super) fn of_arena(arena: *mut c_void) -> Option<Self> {
        // Only `into_arena` puts a mark on, and gives up what it marked. Without a mark no value may be made, since it would
        // be dropped.
        (arena.addr().is_multiple_of(ARENA) && marks::take_off(arena)).then(|| Self {
            start: arena,
            size: ARENA,
        })
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        if self.size > 0 {
            // SAFETY: the pages are this value's alone, so nobody reads or writes there any more.
            unsafe { libc::munmap(self.start, self.size) };
        }
    }
}
