//! The memo of an unpickler: what stands at an index.

use std::collections::{HashMap, TryReserveError};
use std::hash::{BuildHasher, DefaultHasher, RandomState};
use std::sync::OnceLock;

/// Index to value, in a vector for the indices that picklers give: one after the other from 0.
///
/// A pickle may name any index, so memory follows the number of entries and never an index: those
/// far past the entries go to a hash table, keyed afresh in each process.
#[derive(Clone, Debug)]
pub struct UnpicklerMemo<T> {
    dense: Vec<Option<T>>,
    /// Entries whose index was far when they were made.
    sparse: HashMap<usize, T, ProcessKeys>,
    len: usize,
    /// Whether far entries count for the index that MEMOIZE gives next.
    counts_far: bool,
    /// Where far ones don't count, indices below this one are near, however few entries there are.
    near: usize,
    /// Entries below this index count already, though some have no value: they were skipped.
    skipped: usize,
}

/// Hashes by keys that are drawn once for the process, so that a memo costs no draw.
#[derive(Copy, Clone, Default, Debug)]
struct ProcessKeys;

impl BuildHasher for ProcessKeys {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        static KEYS: OnceLock<RandomState> = OnceLock::new();
        KEYS.get_or_init(RandomState::new).build_hasher()
    }
}

/// Places that the vector may have beyond twice the entries: indices that skip a few stay in it.
const MARGIN: usize = 1024;

/// Places of the first vector: a small pickle needs no other.
const FIRST_PLACES: usize = 16;

/// Indices that are near from the beginning, where far ones don't count: as in CPython 3.15's C class.
const FIRST_NEAR: usize = 32;

impl<T> Default for UnpicklerMemo<T> {
    fn default() -> Self {
        Self {
            dense: Vec::new(),
            sparse: HashMap::default(),
            len: 0,
            counts_far: true,
            near: 0,
            skipped: 0,
        }
    }
}

impl<T> UnpicklerMemo<T> {
    /// An empty memo, which allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty memo that does not count entries as long as their index is far: as CPython 3.15's C
    /// class, which keeps them apart.
    #[must_use]
    pub fn counting_near_entries() -> Self {
        Self {
            counts_far: false,
            near: FIRST_NEAR,
            ..Self::default()
        }
    }

    /// Has every value released, in no order that means anything. The room of the vector stays.
    #[inline]
    pub fn release(&mut self, release: impl Fn(T)) {
        (self.len, self.skipped) = (0, 0);
        self.near = if self.counts_far { 0 } else { FIRST_NEAR };
        self.dense.drain(..).flatten().for_each(&release);
        if !self.sparse.is_empty() {
            let far = std::mem::take(&mut self.sparse);
            far.into_values().for_each(release);
        }
    }

    /// An empty memo begins to count as `new` or as `counting_near_entries` does.
    #[inline]
    pub fn count(&mut self, counts_far: bool) {
        debug_assert!(self.dense.is_empty() && self.sparse.is_empty());
        self.len = 0;
        self.counts_far = counts_far;
        self.near = if counts_far { 0 } else { FIRST_NEAR };
    }

    /// Entries for which the vector has room.
    #[must_use]
    pub fn room(&self) -> usize {
        self.dense.capacity()
    }

    /// The number of entries, which is also the index that MEMOIZE gives next.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the entries are those with the indices from 0 on, and no others.
    #[must_use]
    pub fn is_consecutive(&self) -> bool {
        self.dense.len() == self.len && self.sparse.is_empty()
    }

    /// What stands at an index, for GET.
    #[inline]
    #[must_use]
    pub fn get(&mut self, index: usize) -> Option<&T> {
        if self.dense.get(index).is_some_and(Option::is_some) {
            return self.dense[index].as_ref();
        }
        if self.sparse.is_empty() {
            return None;
        }
        self.get_far(index)
    }

    #[cold]
    fn get_far(&mut self, index: usize) -> Option<&T> {
        // An entry whose index has become a near one moves to the vector, and is not counted then either.
        // Without memory it stays where it is.
        if index < self.near
            && self.sparse.contains_key(&index)
            && self.reach(index).is_ok()
            && let Some(value) = self.sparse.remove(&index)
        {
            return Some(self.dense[index].insert(value));
        }
        self.sparse.get(&index)
    }

    /// Puts a value at an index, and returns the one that stood there.
    ///
    /// # Errors
    /// When there is no memory; nothing is changed then, and the value is dropped.
    #[inline(always)]
    pub fn put(&mut self, index: usize, value: T) -> Result<Option<T>, TryReserveError> {
        // Mostly the next one, and there is room for it.
        if index == self.dense.len()
            && index < self.dense.capacity()
            && self.sparse.is_empty()
            && (self.counts_far || index < self.near)
        {
            self.dense.push(Some(value));
            self.len += 1;
            return Ok(None);
        }
        self.put_elsewhere(index, value)
    }

    /// Puts a value at the index that MEMOIZE gives next, if the vector has room up to there. What was skipped before it
    /// gets places without a value.
    #[inline(always)]
    pub fn put_next(&mut self, value: impl FnOnce() -> T) -> bool {
        let index = self.len;
        let fits = self.dense.len() <= index
            && index < self.dense.capacity()
            && self.sparse.is_empty()
            && (self.counts_far || index < self.near);
        if fits {
            while self.dense.len() < index {
                self.dense.push(None);
            }
            self.dense.push(Some(value()));
            self.len += 1;
        }
        fits
    }

    /// As `get`, for an entry of the vector.
    #[inline(always)]
    #[must_use]
    pub fn get_near(&self, index: usize) -> Option<&T> {
        self.dense.get(index)?.as_ref()
    }

    /// The last entries of the vector, the last one first.
    pub fn latest(&self, n: usize) -> impl Iterator<Item = &T> {
        self.dense.iter().rev().take(n).flatten()
    }

    /// As `put`, where it is not the next entry, or there is no room for it.
    #[inline(never)]
    fn put_elsewhere(&mut self, index: usize, value: T) -> Result<Option<T>, TryReserveError> {
        if !self.counts_far {
            return self.put_and_count_near(index, value);
        }
        if index >= self.dense.len() {
            if index > self.len.saturating_mul(2).saturating_add(MARGIN) {
                return self.put_sparse(index, value);
            }
            self.reach(index)?;
        }
        let old = self.dense[index].replace(value);
        self.len += usize::from(old.is_none() && index >= self.skipped);
        Ok(old)
    }

    /// As `put`, where far entries don't count.
    fn put_and_count_near(&mut self, index: usize, value: T) -> Result<Option<T>, TryReserveError> {
        let is_beyond = index >= self.near;
        if is_beyond && index > self.len.saturating_mul(2) {
            return self.put_sparse(index, value);
        }
        self.reach(index)?;
        if is_beyond {
            self.near = index.saturating_mul(2);
        }
        let old = self.dense[index].replace(value);
        if old.is_some() || index < self.skipped {
            return Ok(old);
        }
        self.len += 1;
        Ok(self.sparse.remove(&index))
    }

    /// Counts one entry more, which nobody will ask for: it has no value. Before an index is named, `end_skipping` is
    /// to be called.
    #[inline(always)]
    pub fn skip(&mut self) {
        self.len += 1;
    }

    /// Gives the entries that were skipped their places, so that any index may be named. All entries were counted, one
    /// after the other.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn end_skipping(&mut self) -> Result<(), TryReserveError> {
        if self.len > self.dense.len() {
            self.reach(self.len - 1)?;
        }
        // As far as it would be had each been put.
        if !self.counts_far {
            self.near = FIRST_NEAR;
            while self.near < self.len {
                self.near *= 2;
            }
        }
        self.skipped = self.len;
        Ok(())
    }

    /// Lengthens the vector up to an index, and moves what it then covers, if that was counted.
    fn reach(&mut self, index: usize) -> Result<(), TryReserveError> {
        let places = (index + 1).saturating_sub(self.dense.len());
        if self.dense.capacity() == 0 {
            self.dense.try_reserve_exact(places.max(FIRST_PLACES))?;
        }
        self.dense.try_reserve(places)?;
        for place in self.dense.len()..=index {
            let moved = if self.sparse.is_empty() || !self.counts_far {
                None
            } else {
                self.sparse.remove(&place)
            };
            self.dense.push(moved);
        }
        Ok(())
    }

    #[cold]
    fn put_sparse(&mut self, index: usize, value: T) -> Result<Option<T>, TryReserveError> {
        self.sparse.try_reserve(1)?;
        let old = self.sparse.insert(index, value);
        self.len += usize::from(old.is_none() && self.counts_far);
        Ok(old)
    }

    /// Every pair (index, value): those in the vector, then the others, in the order of the indices.
    ///
    /// # Errors
    /// When there is no memory to sort what is not in the vector.
    pub fn iter(&self) -> Result<impl Iterator<Item = (usize, &T)>, TryReserveError> {
        let mut far = Vec::new();
        far.try_reserve_exact(self.sparse.len())?;
        far.extend(self.sparse.iter().map(|(index, value)| (*index, value)));
        far.sort_unstable_by_key(|entry| entry.0);
        let near = self.dense.iter().enumerate();
        let near = near.filter_map(|(index, value)| Some((index, value.as_ref()?)));
        Ok(near.chain(far))
    }

    /// Forgets everything and gives the memory back.
    pub fn clear(&mut self) {
        *self = if self.counts_far {
            Self::new()
        } else {
            Self::counting_near_entries()
        };
    }
}

#[cfg(test)]
mod tests;
