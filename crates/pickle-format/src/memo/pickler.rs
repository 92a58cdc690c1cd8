//! The memo of a pickler: which index an identity was given.

use std::collections::TryReserveError;

/// What tells one object from another, whatever it points to.
pub trait Identity: Copy + Eq {
    /// What no object has: it marks the empty places of the table.
    const EMPTY: Self;

    /// A hash whose highest bits are well spread, since they choose the place.
    #[must_use]
    fn hash(self) -> u64;
}

/// 2⁶⁴ divided by the golden ratio: consecutive addresses spread over the table (Knuth, 6.4).
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

/// An address: never 0, and aligned, so its lowest bits tell nothing and the hash begins above them.
impl Identity for usize {
    const EMPTY: Self = 0;

    #[inline(always)]
    fn hash(self) -> u64 {
        (self as u64 >> 4).wrapping_mul(MULTIPLIER)
    }
}

/// Identity to index, by open addressing with linear probing.
///
/// With addresses an entry takes 16 bytes, and at most two thirds of the table are filled.
#[derive(Debug)]
pub struct PicklerMemo<I: Identity = usize> {
    /// Pairs (identity, index). The length is a power of two.
    table: Vec<(I, usize)>,
    len: usize,
    /// `64 - log2(table.len())`: the hash's highest bits choose the place.
    shift: u32,
}

/// Entries up to which the table grows by four: entering them anew costs more than the room.
const LARGE: usize = 50_000;

/// Places of the first table: small enough to cost small pickles nothing.
const FIRST_SIZE: usize = 32;

impl<I: Identity> Default for PicklerMemo<I> {
    fn default() -> Self {
        Self {
            table: Vec::new(),
            len: 0,
            shift: 0,
        }
    }
}

impl<I: Identity> PicklerMemo<I> {
    /// An empty memo, which allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline(always)]
    fn place(&self, identity: I) -> usize {
        (identity.hash() >> self.shift) as usize
    }

    /// The index that was given to an identity.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, identity: I) -> Option<usize> {
        let mut place = self.place(identity);
        loop {
            // The first place always lies in the table, unless that is empty.
            let Some(&(key, index)) = self.table.get(place) else {
                if self.table.is_empty() {
                    return None;
                }
                place = 0;
                continue;
            };
            if key == I::EMPTY {
                return None;
            }
            if key == identity {
                return Some(index);
            }
            place += 1;
        }
    }

    /// Gives an identity an index, and returns the one it had.
    ///
    /// # Errors
    /// When there is no memory.
    #[inline(always)]
    pub fn insert(&mut self, identity: I, index: usize) -> Result<Option<usize>, TryReserveError> {
        debug_assert!(identity != I::EMPTY);
        if (self.len + 1) * 3 > self.table.len() * 2 {
            self.enlarge()?;
        }
        let mask = self.table.len() - 1;
        let mut place = self.place(identity);
        loop {
            let entry = &mut self.table[place & mask];
            if entry.0 == I::EMPTY {
                *entry = (identity, index);
                self.len += 1;
                return Ok(None);
            }
            if entry.0 == identity {
                return Ok(Some(std::mem::replace(&mut entry.1, index)));
            }
            place += 1;
        }
    }

    #[cold]
    #[inline(never)]
    fn enlarge(&mut self) -> Result<(), TryReserveError> {
        let factor = if self.len < LARGE { 4 } else { 2 };
        let size = (self.table.len() * factor).max(FIRST_SIZE);
        let mut table = Vec::new();
        table.try_reserve_exact(size)?;
        table.resize(size, (I::EMPTY, 0));
        let old = std::mem::replace(&mut self.table, table);
        self.shift = 64 - size.trailing_zeros();
        let mask = size - 1;
        for (identity, index) in old {
            if identity != I::EMPTY {
                let mut place = self.place(identity);
                while self.table[place & mask].0 != I::EMPTY {
                    place += 1;
                }
                self.table[place & mask] = (identity, index);
            }
        }
        Ok(())
    }

    /// Forgets everything and gives the memory back.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Every pair (identity, index), in no order.
    pub fn iter(&self) -> impl Iterator<Item = (I, usize)> + '_ {
        self.table
            .iter()
            .copied()
            .filter(|entry| entry.0 != I::EMPTY)
    }
}
