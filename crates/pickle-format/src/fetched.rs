//! Which places of the memo a pickle fetches from: what is never fetched needs no entry.
//!
//! Picklers memoize nearly everything and fetch little of it. One pass over the opcodes that are
//! still to come tells which entries will be asked for.

use crate::layout::Layout;
use crate::opcode::{OPCODES, Opcode};

mod sieve;

/// How the scan gets past an opcode and its argument. Each size has an arm of its own, so that where
/// the next opcode stands is known as soon as the processor guesses the arm, and waits for no look-up.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Step {
    /// No argument.
    Alone,
    /// One byte.
    One,
    /// Two bytes.
    Two,
    /// Four bytes.
    Four,
    /// Eight bytes.
    Eight,
    /// A size in one byte, then as many bytes as it says.
    Short,
    /// A size in so many bytes, then as many bytes as it says.
    Counted(u8),
    /// So many lines.
    Lines(u8),
    /// MEMOIZE, the most frequent of all.
    Memoize,
    /// BINGET, the next.
    Binget,
    /// The scan looks at it.
    Look,
    Unknown,
}

static STEPS: [Step; 256] = {
    let mut steps = [Step::Unknown; 256];
    let mut row = 0;
    while row < OPCODES.len() {
        let info = &OPCODES[row];
        steps[info.code as usize] = match info.argument {
            None => Step::Alone,
            Some(kind) => match kind.layout() {
                Layout::Fixed(1) => Step::One,
                Layout::Fixed(2) => Step::Two,
                Layout::Fixed(4) => Step::Four,
                Layout::Fixed(8) => Step::Eight,
                Layout::Fixed(_) => panic!("this size needs an arm"),
                Layout::Counted(1) => Step::Short,
                Layout::Counted(n) => Step::Counted(n as u8),
                Layout::Lines(n) => Step::Lines(n as u8),
            },
        };
        row += 1;
    }
    let looked_at = [
        Opcode::GET,
        Opcode::LONG_BINGET,
        Opcode::PUT,
        Opcode::BINPUT,
        Opcode::LONG_BINPUT,
        Opcode::STOP,
    ];
    let mut i = 0;
    while i < looked_at.len() {
        steps[looked_at[i] as usize] = Step::Look;
        i += 1;
    }
    steps[Opcode::MEMOIZE as usize] = Step::Memoize;
    steps[Opcode::BINGET as usize] = Step::Binget;
    steps
};

/// A set of memo indices, among them all that a stretch of a pickle fetches from.
#[derive(Clone, Debug)]
pub struct Fetched {
    bits: Vec<u64>,
    /// Indices from here on have no bit, and count as fetched.
    limit: usize,
    /// It holds only as long as all indices are counted (MEMOIZE), and none is named (PUT).
    counts_only: bool,
}

impl Fetched {
    /// What the opcodes at the start of `data` fetch, up to STOP or to where they can't be read on.
    ///
    /// None where skipping entries would not be safe: where indices are both counted (MEMOIZE) and
    /// named (PUT), or spelled out in decimal, or where there is no memory. `entries` is how many
    /// there are already: the set takes a bit for each, and for each byte of `data`, at the most.
    /// Unless these are the first ones (`are_first`), MEMOIZE would meet some of them.
    #[must_use]
    pub fn scan(data: &[u8], entries: usize, are_first: bool) -> Option<Self> {
        let mut fetched = Self::empty(data, entries);
        let (mut counts, mut names) = (false, !are_first);
        let mut position = 0;
        while let Some(&code) = data.get(position) {
            position += 1;
            let rest = &data[position..];
            match STEPS[usize::from(code)] {
                Step::Alone => {}
                Step::One => position += 1,
                Step::Two => position += 2,
                Step::Four => position += 4,
                Step::Eight => position += 8,
                Step::Short => match rest.first() {
                    Some(&size) => {
                        position += 1 + usize::from(size);
                        // What is counted is mostly memoized.
                        if data.get(position) == Some(&Opcode::MEMOIZE.code()) {
                            counts = true;
                            position += 1;
                        }
                    }
                    None => break,
                },
                Step::Counted(width) => {
                    let width = usize::from(width);
                    let Some(size) = rest.get(..width) else { break };
                    let size = size.iter().rev().fold(0, |v, &b| v << 8 | u64::from(b));
                    let Ok(size) = usize::try_from(size) else {
                        break;
                    };
                    let Some(end) = position.checked_add(width + size.min(data.len())) else {
                        break;
                    };
                    position = end;
                }
                Step::Lines(lines) => {
                    let mut ends = rest.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
                    let Some((end, _)) = ends.nth(usize::from(lines) - 1) else {
                        break;
                    };
                    position += end + 1;
                }
                Step::Memoize => counts = true,
                Step::Binget => {
                    let Some(&index) = rest.first() else { break };
                    fetched.insert(index.into())?;
                    position += 1;
                }
                Step::Look => match Opcode::from_byte(code)? {
                    Opcode::LONG_BINGET => {
                        let Some(Ok(index)) = rest.get(..4).map(TryInto::try_into) else {
                            break;
                        };
                        fetched.insert(u32::from_le_bytes(index) as usize)?;
                        position += 4;
                    }
                    Opcode::BINPUT => {
                        names = true;
                        position += 1;
                    }
                    Opcode::LONG_BINPUT => {
                        names = true;
                        position += 4;
                    }
                    Opcode::STOP => break,
                    // GET and PUT: what their text means is the interpreter's business.
                    _ => return None,
                },
                Step::Unknown => break,
            }
        }
        (!(counts && names)).then_some(fetched)
    }

    fn empty(data: &[u8], entries: usize) -> Self {
        Self {
            bits: Vec::new(),
            // Up to the end of a word: what has no bit must not share one with what has.
            limit: data.len().saturating_add(entries) / 64 * 64 + 64,
            counts_only: false,
        }
    }

    /// Whether it is void once an index is named.
    #[inline(always)]
    #[must_use]
    pub fn counts_only(&self) -> bool {
        self.counts_only
    }

    #[inline(always)]
    fn insert(&mut self, index: usize) -> Option<()> {
        let bit = 1 << (index % 64);
        if let Some(word) = self.bits.get_mut(index / 64) {
            *word |= bit;
            return Some(());
        }
        self.insert_far(index)
    }

    #[cold]
    fn insert_far(&mut self, index: usize) -> Option<()> {
        if index < self.limit {
            let word = index / 64;
            self.bits.try_reserve(word + 1 - self.bits.len()).ok()?;
            self.bits.resize(word + 1, 0);
            self.bits[word] |= 1 << (index % 64);
        }
        Some(())
    }

    /// Whether the index is fetched, or may be.
    #[inline(always)]
    #[must_use]
    pub fn contains(&self, index: usize) -> bool {
        match self.bits.get(index / 64) {
            Some(word) => word >> (index % 64) & 1 == 1,
            None => index >= self.limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Fetched;

    #[test]
    fn finds_what_is_fetched() {
        let fetched = Fetched::scan(
            b"]\x94X\x02\0\0\0h\x05\x94h\x07j\x2c\x01\0\0.h\x01",
            1000,
            true,
        );
        let fetched = fetched.unwrap();
        let found = (0..1000)
            .filter(|&i| fetched.contains(i))
            .collect::<Vec<_>>();
        assert_eq!(found, [7, 300]);
        assert!(fetched.contains(usize::MAX));
    }

    #[test]
    fn what_has_no_bit_counts_as_fetched() {
        let fetched = Fetched::scan(b"h\x01h\x09jI\0\0\0.", 0, true).unwrap();
        for index in [1, 9, 73, 64, 1000] {
            assert!(fetched.contains(index), "{index}");
        }
        assert!(!fetched.contains(2));
    }

    #[test]
    fn no_index_makes_the_set_large() {
        let fetched = Fetched::scan(b"r\xff\xff\xff\xffj\xff\xff\xff\xff.", 0, true).unwrap();
        assert!(fetched.bits.is_empty());
        assert!(fetched.contains(u32::MAX as usize));
    }

    #[test]
    fn what_is_counted_and_named_both_is_left_alone() {
        assert!(Fetched::scan(b"N\x94q\x05h\0.", 0, true).is_none());
        assert!(Fetched::scan(b"Np0\ng0\n.", 0, true).is_none());
        assert!(Fetched::scan(b"N\x94h\0.q\x05", 0, true).is_some());
        assert!(Fetched::scan(b"N\x94h\0.", 5, false).is_none());
        assert!(Fetched::scan(b"Nq\x05h\0.", 5, false).is_some());
    }

    #[test]
    fn ends_where_the_pickle_cannot_be_read_on() {
        for data in [
            &b"X\xff\xff\xff\xff"[..],
            b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff",
            b"cos",
            b"j\0",
        ] {
            assert!(Fetched::scan(data, 0, true).is_some());
        }
    }
}
