//! Large pages: a hint to the system, after which the first writes to much new memory take a fraction of their time.

use std::mem::MaybeUninit;

/// Bytes of memory from which on the hint earns its call: the smallest large page takes 2 MiB, and at least one lies whole
/// in twice as many. numpy gives the hint from the same size on.
pub const LARGE: usize = 4 << 20;

/// Asks for large pages for memory that nothing was written to yet. Where the system has
/// none, or gives them only to those who do not ask, nothing happens.
#[cfg(target_os = "linux")]
#[cold]
#[inline(never)]
pub fn ask_for_large(memory: &mut [MaybeUninit<u8>]) {
    // SAFETY: the first call reads a setting. The second is a hint for the whole pages within the slice, and changes no
    // byte.
    unsafe {
        let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(1);
        let before = memory.as_ptr().align_offset(page).min(memory.len());
        let rest = &mut memory[before..];
        libc::madvise(
            rest.as_mut_ptr().cast(),
            rest.len() / page * page,
            libc::MADV_HUGEPAGE,
        );
    }
}

/// Elsewhere there is no such hint.
#[cfg(not(target_os = "linux"))]
#[inline(always)]
pub fn ask_for_large(_memory: &mut [MaybeUninit<u8>]) {}
