//! Marks on arenas, which tell ours from others: one bit for each MiB of the address space.

use std::ffi::c_void;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of an arena.
pub(super) const ARENA: usize = 1 << 20;

/// MiB that a part of the marks stands for: 64 GiB in all, in 8 KiB. A part is made when it is first needed.
const MIB_OF_PART: usize = 1 << 16;

/// Bits of a word of marks.
const BITS: usize = u64::BITS as usize;

/// Parts for all of the 256 TiB that processes have.
static PARTS: [OnceLock<Vec<AtomicU64>>; 1 << 12] = [const { OnceLock::new() }; 1 << 12];

/// The part of the marks that an arena is in, the word in that part, and the bit in that word.
fn place(arena: *mut c_void) -> (usize, usize, u64) {
    let mib = arena.addr() / ARENA;
    let in_part = mib % MIB_OF_PART;
    (mib / MIB_OF_PART, in_part / BITS, 1 << (in_part % BITS))
}

fn new_part() -> Option<Vec<AtomicU64>> {
    let mut part = Vec::new();
    part.try_reserve_exact(MIB_OF_PART / BITS).ok()?;
    part.resize_with(MIB_OF_PART / BITS, AtomicU64::default);
    Some(part)
}

/// Marks an arena as ours. False where there is no place for the mark, or no memory.
pub fn put_on(arena: *mut c_void) -> bool {
    let (part, word, bit) = place(arena);
    let Some(part) = PARTS.get(part) else {
        return false;
    };
    let words = match part.get() {
        Some(words) => words,
        None => match new_part() {
            Some(made) => part.get_or_init(|| made),
            None => return false,
        },
    };
    words
        .get(word)
        .is_some_and(|word| word.fetch_or(bit, Ordering::Relaxed) & bit == 0)
}

/// Takes the mark off an arena. False where it had none.
pub fn take_off(arena: *mut c_void) -> bool {
    let (part, word, bit) = place(arena);
    PARTS
        .get(part)
        .and_then(OnceLock::get)
        .and_then(|words| words.get(word))
        .is_some_and(|word| word.fetch_and(!bit, Ordering::Relaxed) & bit != 0)
}
