//! Large pages: a hint to the system, after which the first writes to much new memory take a fraction of their time.
//!
//! The hint is for all pages on which a block lies, those that it shares with others included. Linux moves a large block
//! that grows without a copy (`mremap`), and its hint with it, but refuses where only a part of what is to be moved has the hint;
//! then the C library copies all of it to pages without.

use std::mem::MaybeUninit;

/// Bytes of memory from which on the hint earns its call: the smallest large page takes 2 MiB, and at least one lies whole
/// in twice as many. numpy gives the hint from the same size on.
pub const LARGE: usize = 4 << 20;

/// Bytes of the smallest large page.
const PAGE: usize = 2 << 20;

/// Bytes at the most that the C library and an object's head put before what is asked for.
const AROUND: usize = 128;

/// A size for a large block that grows: with what lies before it, it fills whole large pages. Linux lays such a block where
/// a large page may begin, and moves it by the large page.
#[inline(always)]
pub const fn whole(size: usize) -> usize {
    match size.checked_add(AROUND) {
        Some(all) if size >= LARGE && all <= isize::MAX as usize => {
            all.next_multiple_of(PAGE) - AROUND
        }
        _ => size,
    }
}

/// Bytes of a block up to which the C library may keep it for the next one, which must be no larger then.
const KEPT: usize = 32 << 20;

/// As `whole`, for a block that is given back smaller than it was, or kept by its size: up to what the C library keeps, the size
/// stays.
#[inline(always)]
pub const fn whole_unless_kept(size: usize) -> usize {
    if size > KEPT { whole(size) } else { size }
}

/// Asks for large pages for memory of which some was not written to yet. Where the system has
/// none, or gives them only to those who do not ask, nothing happens.
#[inline(always)]
pub fn ask_for_large(memory: &mut [MaybeUninit<u8>]) {
    ask_for_large_at(memory.as_ptr().addr(), memory.len());
}

/// As `ask_for_large`, for all that a vector has room for.
#[inline(always)]
pub fn ask_for_large_room<T>(room: &mut Vec<T>) {
    ask_for_large_at(room.as_ptr().addr(), room.capacity() * size_of::<T>());
}

/// As `ask_for_large`, for so many bytes at an address, whatever lies there.
#[cfg(target_os = "linux")]
#[cold]
#[inline(never)]
pub fn ask_for_large_at(start: usize, size: usize) {
    // SAFETY: the first call reads a setting. The second is a hint, changes no byte wherever it is given, and fails where
    // there is no memory.
    unsafe {
        let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(1);
        let before = start % page;
        let first = std::ptr::without_provenance_mut(start - before);
        libc::madvise(first, before + size, libc::MADV_HUGEPAGE);
    }
}

/// Elsewhere there is no such hint.
#[cfg(not(target_os = "linux"))]
#[inline(always)]
pub fn ask_for_large_at(_start: usize, _size: usize) {}
