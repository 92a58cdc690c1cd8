//! Large pages: a hint to the system, after which the first writes to much new memory take a fraction of their time.

use std::ptr::NonNull;

/// Bytes of memory from which on the hint earns its call: the smallest large page takes 2 MiB, and at least one lies whole
/// in twice as many. numpy gives the hint from the same size on.
pub const LARGE: usize = 4 << 20;

/// Asks for large pages for `len` bytes of memory from `data` on, which nothing was written to yet. Where the system has
/// none, or gives them only to those who do not ask, nothing happens.
#[cfg(target_os = "linux")]
#[cold]
#[inline(never)]
pub fn ask_for_large(data: NonNull<u8>, len: usize) {
    // SAFETY: the first call reads a setting. The second is a hint, which changes no byte, and fails where the memory is
    // not mapped; it is for whole pages only.
    unsafe {
        let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(1);
        let before = data.as_ptr().align_offset(page).min(len);
        let whole = (len - before) / page * page;
        libc::madvise(data.as_ptr().add(before).cast(), whole, libc::MADV_HUGEPAGE);
    }
}

/// Elsewhere there is no such hint.
#[cfg(not(target_os = "linux"))]
#[inline(always)]
pub fn ask_for_large(_data: NonNull<u8>, _len: usize) {}
