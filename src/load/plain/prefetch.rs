//! Values of the memo that the pickle fetches soon: the processor has them in its cache before their turn comes.

use pickle_format::opcode::Opcode;

use crate::fast::prefetch::prefetch_object;
use crate::load::state::Memo;

const LONG_BINGET: u8 = Opcode::LONG_BINGET.code();

/// Entries up to which a memo's values are in the cache mostly.
const MANY: usize = 8192;

/// How many bytes of the pickle before its turn a LONG_BINGET is looked for: a dozen opcodes with their arguments, or a
/// few hundred nanoseconds.
const DISTANCE: usize = 96;

/// Bytes that are looked at at once.
const WORD: usize = size_of::<u64>();

/// Words in which each byte is the opcode, or one, or has its highest bit set.
const OPCODES: u64 = u64::from_ne_bytes([LONG_BINGET; WORD]);
const ONES: u64 = u64::from_ne_bytes([1; WORD]);
const HIGHEST: u64 = u64::from_ne_bytes([0x80; WORD]);

/// How far a pickle was looked through.
#[derive(Default)]
pub(super) struct Prefetch {
    looked_through: usize,
}

impl Prefetch {
    /// Fetches the values that any bytes up to some way behind `at` would get if they were a LONG_BINGET and its
    /// argument, and were not looked at before.
    #[inline(always)]
    pub(super) fn look_ahead(&mut self, memo: &Memo, bytes: &[u8], at: usize) {
        if memo.len() >= MANY {
            self.look_further(memo, bytes, at);
        }
    }

    #[inline(never)]
    fn look_further(&mut self, memo: &Memo, bytes: &[u8], at: usize) {
        let mut start = self.looked_through.max(at);
        while start < at + DISTANCE
            && let Some(word) = bytes.get(start..).and_then(<[u8]>::first_chunk)
        {
            // The lowest bit that is set tells where the byte is for the first time; those above it may be wrong.
            let others = u64::from_le_bytes(*word) ^ OPCODES;
            let mut found = others.wrapping_sub(ONES) & !others & HIGHEST;
            while found != 0 {
                let argument = start + found.trailing_zeros() as usize / 8 + 1;
                let index = bytes.get(argument..).and_then(<[u8]>::first_chunk);
                let index = index.map(|&index| u32::from_le_bytes(index) as usize);
                if let Some(value) = index.and_then(|index| memo.get_near(index)) {
                    prefetch_object(value);
                }
                found &= found - 1;
            }
            start += WORD;
        }
        self.looked_through = start;
    }
}
