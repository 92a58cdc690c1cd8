//! The memo of a pickler: at which position of a list an identity is.

use std::collections::TryReserveError;

/// What tells one object from another, whatever it points to.
pub trait Identity: Copy + Eq {
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

/// An address: aligned, so its lowest bits tell nothing and are left out.
impl Identity for usize {
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

/// Identity to position in a list of identities, which is the caller's: by open addressing, a few places side by side,
/// then others all over the table.
///
/// A place takes 8 bytes, and at most two thirds of the table are filled. Who hands in another list, or one whose
/// identities were changed, finds nothing or the wrong one.
#[derive(Debug, Default)]
pub struct PicklerMemo {
    /// The length is a power of two, or zero.
    table: Vec<Place>,
    len: usize,
}

/// A position in the lower bits, counted from one, and bits of the identity's hash in the upper ones, so that hardly
/// another identity has to be looked at; 0 is an empty place.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
struct Place(u64);

impl Place {
    const EMPTY: Self = Self(0);

    /// Bits of a position: more than there can be objects in memory.
    const POSITION: u32 = 44;

    const MASK: u64 = (1 << Self::POSITION) - 1;

    #[inline(always)]
    fn of(identity: impl Identity, position: usize) -> Self {
        Self(identity.hash() & !Self::MASK | (position as u64 + 1))
    }

    /// None for an empty place.
    #[inline(always)]
    fn position(self) -> Option<usize> {
        (self.0 & Self::MASK)
            .checked_sub(1)
            .map(|position| position as usize)
    }

    /// Whether the identity may be the one at this place.
    #[inline(always)]
    fn may_be(self, identity: impl Identity) -> bool {
        (self.0 ^ identity.hash()) & !Self::MASK == 0
    }
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

impl PicklerMemo {
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

    /// Bytes that the table takes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.table.capacity() * size_of::<Place>()
    }

    /// The position that was entered for an identity.
    #[inline(always)]
    #[must_use]
    pub fn get<I: Identity>(&self, identity: I, identities: &[I]) -> Option<usize> {
        let mask = self.table.len().wrapping_sub(1);
        // A table of no places has none at all.
        let &place = self.table.get(identity.place() & mask)?;
        let position = place.position()?;
        if place.may_be(identity) && identities.get(position) == Some(&identity) {
            return Some(position);
        }
        self.get_further(identity, identities)
    }

    /// As `get`, for an identity that is not at the first place tried.
    #[inline(never)]
    fn get_further<I: Identity>(&self, identity: I, identities: &[I]) -> Option<usize> {
        let mask = self.table.len().wrapping_sub(1);
        let mut probe = Probe::of(identity);
        loop {
            probe.advance(identity);
            let &place = self.table.get(probe.place & mask)?;
            let position = place.position()?;
            if place.may_be(identity) && identities.get(position) == Some(&identity) {
                return Some(position);
            }
        }
    }

    /// Enters a position for an identity, which need not be in the list yet, and returns the one it had.
    ///
    /// # Errors
    /// When there is no memory.
    #[inline(always)]
    pub fn insert<I: Identity>(
        &mut self,
        identity: I,
        position: usize,
        identities: &[I],
    ) -> Result<Option<usize>, TryReserveError> {
        if self.is_crowded() {
            self.enlarge(identities)?;
        }
        let mask = self.table.len() - 1;
        let mut probe = Probe::of(identity);
        loop {
            let place = &mut self.table[probe.place & mask];
            let Some(found) = place.position() else {
                *place = Place::of(identity, position);
                self.len += 1;
                return Ok(None);
            };
            if place.may_be(identity) && identities.get(found) == Some(&identity) {
                *place = Place::of(identity, position);
                return Ok(Some(found));
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
    fn enlarge<I: Identity>(&mut self, identities: &[I]) -> Result<(), TryReserveError> {
        let factor = if self.len < LARGE { 4 } else { 2 };
        let size = (self.table.len() * factor).max(FIRST_SIZE);
        let mut table = Vec::new();
        table.try_reserve_exact(size)?;
        table.resize(size, Place::EMPTY);
        let mask = size - 1;
        for &place in &self.table {
            let position = place.position();
            if let Some(&identity) = position.and_then(|position| identities.get(position)) {
                let mut probe = Probe::of(identity);
                while table[probe.place & mask] != Place::EMPTY {
                    probe.advance(identity);
                }
                table[probe.place & mask] = place;
            }
        }
        self.table = table;
        Ok(())
    }

    /// Forgets everything, and keeps the table, unless it has more than `most` places, or far more than were used:
    /// each is written when it is emptied.
    pub fn empty(&mut self, most: usize) {
        if self.table.len() > most || self.table.len() > FIRST_SIZE.max(self.len * 16) {
            self.clear();
        } else if self.len > 0 {
            self.table.fill(Place::EMPTY);
            self.len = 0;
        }
    }

    /// Forgets everything and gives the memory back.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Every position that was entered, in no order.
    pub fn positions(&self) -> impl Iterator<Item = usize> + '_ {
        self.table.iter().filter_map(|place| place.position())
    }
}
