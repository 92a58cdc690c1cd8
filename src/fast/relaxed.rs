//! Copies of bytes that others may be writing to.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

const WORD: usize = size_of::<usize>();

/// Copies `n` bytes. What others may be writing to is read by relaxed atomic loads of a word or less, which may see
/// old and new bytes side by side, but no others; they write to nothing, so memory that can't be written to will do.
///
/// # Safety
/// There are `n` bytes at `from`, and room for as many at `to`, which is the caller's alone.
#[inline(always)]
pub(super) unsafe fn copy_relaxed(from: *mut u8, to: *mut u8, n: usize) {
    // SAFETY: each byte lies within the `n`, by the caller's word.
    unsafe {
        let byte = |i: usize| {
            to.add(i)
                .write(AtomicU8::from_ptr(from.add(i)).load(Ordering::Relaxed));
        };
        let words_at = from.align_offset(WORD).min(n);
        let words = (n - words_at) / WORD;
        let rest_at = words_at + words * WORD;
        (0..words_at).for_each(byte);
        for i in (words_at..rest_at).step_by(WORD) {
            let word = AtomicUsize::from_ptr(from.add(i).cast()).load(Ordering::Relaxed);
            to.add(i).cast::<usize>().write_unaligned(word);
        }
        (rest_at..n).for_each(byte);
    }
}
