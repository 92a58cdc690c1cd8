//! The memo of a pickler: which index an identity was given.

use std::collections::TryReserveError;

/// What tells one object from another, whatever it points to.
pub trait Identity: Copy + Eq {
    /// What no object has: it marks the empty places of the table.
    const EMPTY: Self;

    /// A number whose lowest bits choose the place: those of objects that are met one after the other lie side by
    /// side, so that their places are in the cache.
    #[must_use]
    fn place(self) -> usize;

    /// A hash whose bits are well spread, for where too many have the same places.
    #[must_use]
    fn hash(self) -> u64;
}

/// 2⁶⁴ divided by the golden ratio: consecutive numbers spread over the table (Knuth, 6.4).
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

/// An address: never 0, and aligned, so its lowest bits tell nothing and are left out.
impl Identity for usize {
    const EMPTY: Self = 0;

    #[inline(always)]
    fn place(self) -> usize {
        // The interpreter's arenas, of a MiB, would lie upon each other in a smaller table.
        (self >> 4).wrapping_add((self >> 20).wrapping_mul(MULTIPLIER as usize))
    }

    #[inline(always)]
    fn hash(self) -> u64 {
        (self as u64 >> 4).wrapping_mul(MULTIPLIER)
    }
}

/// Identity to index, by open addressing: a few places side by side, then others all over the table.
///
/// With addresses an entry takes 16 bytes, and at most two thirds of the table are filled.
#[derive(Debug)]
pub struct PicklerMemo<I: Identity = usize> {
    /// Pairs (identity, index). The length is a power of two, or zero.
    table: Vec<(I, usize)>,
    len: usize,
}

/// Places side by side that are tried first.
const NEIGHBOURS: usize = 4;

/// The places that are tried for an identity, one after the other: in the end all of them.
struct Probe {
    place: usize,
    step: usize,
    tried: usize,
}

impl Probe {
    #[inline(always)]
    fn of(identity: impl Identity) -> Self {
        Self {
            place: identity.place(),
            step: 1,
            tried: 0,
        }
    }

    /// Goes on to the next place.
    #[inline(always)]
    fn advance(&mut self, identity: impl Identity) {
        self.tried += 1;
        if self.tried == NEIGHBOURS {
            // An odd step leads to every place of a table whose length is a power of two.
            self.step = (identity.hash() >> 32) as usize | 1;
        }
        self.place = self.place.wrapping_add(self.step);
    }
}

/// Entries up to which the table grows by four: entering them anew costs more than the room.
const LARGE: usize = 20_000;

/// Places of the first table that is filled to two thirds.
const SPARSE: usize = 4096;

/// Places of the first table: small enough to cost small pickles nothing.
const FIRST_SIZE: usize = 32;

impl<I: Identity> Default for PicklerMemo<I> {
    fn default() -> Self {
        Self {
            table: Vec::new(),
            len: 0,
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

    /// The index that was given to an identity.
    #[inline(always)]
    #[must_use]
    pub fn get(&self, identity: I) -> Option<usize> {
        let mask = self.table.len().wrapping_sub(1);
        // A table of no places has none at all.
        let &(key, index) = self.table.get(identity.place() & mask)?;
        if key == I::EMPTY {
            return None;
        }
        if key == identity {
            return Some(index);
        }
        self.get_further(identity)
    }

    /// As `get`, for an identity that is not at the first place tried.
    #[inline(never)]
    fn get_further(&self, identity: I) -> Option<usize> {
        let mask = self.table.len().wrapping_sub(1);
        let mut probe = Probe::of(identity);
        loop {
            probe.advance(identity);
            let &(key, index) = self.table.get(probe.place & mask)?;
            if key == I::EMPTY {
                return None;
            }
            if key == identity {
                return Some(index);
            }
        }
    }

    /// Gives an identity an index, and returns the one it had.
    ///
    /// # Errors
    /// When there is no memory.
    #[inline(always)]
    pub fn insert(&mut self, identity: I, index: usize) -> Result<Option<usize>, TryReserveError> {
        debug_assert!(identity != I::EMPTY);
        if self.is_crowded() {
            self.enlarge()?;
        }
        let mask = self.table.len() - 1;
        let mut probe = Probe::of(identity);
        loop {
            let entry = &mut self.table[probe.place & mask];
            if entry.0 == I::EMPTY {
                *entry = (identity, index);
                self.len += 1;
                return Ok(None);
            }
            if entry.0 == identity {
                return Ok(Some(std::mem::replace(&mut entry.1, index)));
            }
            probe.advance(identity);
        }
    }

    /// Whether one entry more would fill too much of the table: of a small one, which is asked often for the few
    /// that it has, no more than a quarter.
    #[inline(always)]
    fn is_crowded(&self) -> bool {
        let (len, size) = (self.len + 1, self.table.len());
        if size < SPARSE {
            len * 4 > size
        } else {
            len * 3 > size * 2
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
        let mask = size - 1;
        for (identity, index) in old {
            if identity != I::EMPTY {
                let mut probe = Probe::of(identity);
                while self.table[probe.place & mask].0 != I::EMPTY {
                    probe.advance(identity);
                }
                self.table[probe.place & mask] = (identity, index);
            }
        }
        Ok(())
    }

    /// Forgets everything, and keeps the table, unless it has more than `most` places, or far more than were used:
    /// each is written when it is emptied.
    pub fn empty(&mut self, most: usize) {
        if self.table.len() > most || self.table.len() > FIRST_SIZE.max(self.len * 16) {
            self.clear();
        } else if self.len > 0 {
            self.table.fill((I::EMPTY, 0));
            self.len = 0;
        }
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
