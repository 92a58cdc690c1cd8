//! The memo of an unpickler: what stands at an index.

use std::collections::{HashMap, TryReserveError};

/// Index to value, in a vector for the indices that picklers give: one after the other from 0.
///
/// A pickle may name any index, so memory follows the number of entries and never an index: those
/// far past the entries go to a hash table, keyed afresh in each process.
#[derive(Clone, Debug)]
pub struct UnpicklerMemo<T> {
    dense: Vec<Option<T>>,
    /// Indices past the end of `dense`.
    sparse: HashMap<usize, T>,
    len: usize,
}

/// Places that the vector may have beyond twice the entries: indices that skip a few stay in it.
const MARGIN: usize = 1024;

impl<T> Default for UnpicklerMemo<T> {
    fn default() -> Self {
        Self {
            dense: Vec::new(),
            sparse: HashMap::new(),
            len: 0,
        }
    }
}

impl<T> UnpicklerMemo<T> {
    /// An empty memo, which allocates nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
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

    /// What stands at an index.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&T> {
        match self.dense.get(index) {
            Some(value) => value.as_ref(),
            None if self.sparse.is_empty() => None,
            None => self.sparse.get(&index),
        }
    }

    /// Puts a value at an index, and returns the one that stood there.
    ///
    /// # Errors
    /// When there is no memory; nothing is changed then, and the value is dropped.
    #[inline]
    pub fn put(&mut self, index: usize, value: T) -> Result<Option<T>, TryReserveError> {
        if index >= self.dense.len() {
            if index > self.len.saturating_mul(2).saturating_add(MARGIN) {
                return self.put_sparse(index, value);
            }
            self.reach(index)?;
        }
        let old = self.dense[index].replace(value);
        self.len += usize::from(old.is_none());
        Ok(old)
    }

    /// Counts one entry more, which nobody will ask for: it has no value.
    #[inline(always)]
    pub fn skip(&mut self) {
        self.len += 1;
    }

    /// Lengthens the vector up to an index, and moves what it then covers.
    fn reach(&mut self, index: usize) -> Result<(), TryReserveError> {
        self.dense.try_reserve(index + 1 - self.dense.len())?;
        for place in self.dense.len()..=index {
            let moved = if self.sparse.is_empty() {
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
        self.len += usize::from(old.is_none());
        Ok(old)
    }

    /// Every pair (index, value), in the order of the indices.
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

    /// Every value, in no order that means anything.
    pub fn into_values(self) -> impl Iterator<Item = T> {
        let near = self.dense.into_iter().flatten();
        near.chain(self.sparse.into_values())
    }

    /// Forgets everything and gives the memory back.
    pub fn clear(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::{MARGIN, UnpicklerMemo};

    #[test]
    fn no_index_makes_the_vector_large() {
        let mut memo = UnpicklerMemo::new();
        for index in [MARGIN + 1, usize::MAX, u32::MAX as usize, usize::MAX / 2] {
            assert_eq!(memo.put(index, index).unwrap(), None);
            assert!(memo.dense.is_empty());
            assert_eq!(memo.get(index), Some(&index));
        }
        // As far ahead as allowed, again and again: twice the entries and the margin is the bound.
        for _ in 0..1000 {
            let index = 2 * memo.len() + MARGIN;
            memo.put(index, index).unwrap();
            assert!(memo.dense.len() <= 2 * memo.len() + MARGIN);
        }
    }

    #[test]
    fn what_the_vector_comes_to_cover_is_moved() {
        let mut memo = UnpicklerMemo::new();
        memo.put(5000, "far").unwrap();
        for index in 0..5000 {
            memo.put(index, "near").unwrap();
        }
        assert_eq!(memo.sparse.len(), 1);
        assert_eq!(memo.put(5001, "near").unwrap(), None);
        assert_eq!((memo.sparse.len(), memo.len()), (0, 5002));
        assert_eq!(memo.put(5000, "again").unwrap(), Some("far"));
        assert_eq!(memo.len(), 5002);
    }
}
