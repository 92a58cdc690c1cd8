//! Dicts of attributes that nobody has asked for: they went from the stack to their instances, and the memo keeps the
//! dicts too, which are empty. They are filled once somebody might look into them.
//!
//! Most never are: a pickler memoizes the state of each instance, and nobody can fetch that but a pickle that
//! was written by hand, and who reads the unpickler's memo.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::fast::build;

/// What such dicts are to hold.
#[derive(Default)]
pub struct Unfilled {
    /// One dict after the other, each with its keys, which are exact strings, and values behind it.
    references: Vec<Py<PyAny>>,
    /// By dict, how many of these are its own.
    lengths: Vec<usize>,
    /// They were filled once, and would be again.
    were_filled: bool,
}

impl Unfilled {
    /// Whether there are none.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// Makes room for a dict and so many keys and values; false where there is none, or where filling dicts
    /// at once is less work.
    #[inline(always)]
    pub fn has_room(&mut self, keys_and_values: usize) -> bool {
        !self.were_filled
            && self.references.try_reserve(1 + keys_and_values).is_ok()
            && self.lengths.try_reserve(1).is_ok()
    }

    /// Adds an empty dict, for which `has_room`, and what it is to hold: keys and values, which take turns.
    #[inline(always)]
    pub fn add<'py>(
        &mut self,
        dict: Bound<'py, PyAny>,
        keys_and_values: impl ExactSizeIterator<Item = Bound<'py, PyAny>>,
    ) {
        self.lengths.push(1 + keys_and_values.len());
        self.references.push(dict.unbind());
        self.references.extend(keys_and_values.map(Bound::unbind));
    }

    /// Whether an object may be one of the dicts, or a state that one of them is a part of.
    #[inline(always)]
    pub fn may_be_within(&self, object: &Bound<'_, PyAny>) -> bool {
        !self.is_empty()
            && (object.is_exact_instance_of::<PyDict>() || object.is_exact_instance_of::<PyTuple>())
    }

    /// Fills all of them, and gives out the references that were needed for that. Runs no Python code, and releases
    /// nothing.
    ///
    /// # Errors
    /// MemoryError; then it can be tried again.
    pub fn fill(&mut self, py: Python<'_>) -> PyResult<Vec<Py<PyAny>>> {
        self.were_filled |= !self.is_empty();
        let mut rest = self.references.as_slice();
        for &length in &self.lengths {
            let (own, others) = rest.split_at(length);
            rest = others;
            let [dict, pairs @ ..] = own else { continue };
            let dict = dict.bind(py).cast::<PyDict>()?;
            for pair in pairs.chunks_exact(2) {
                let (key, value) = (pair[0].bind(py).clone(), pair[1].bind(py).clone());
                build::set_item_taking(dict, key, value)?;
            }
        }
        Ok(self.forget())
    }

    /// Gives out all references, and leaves the dicts as they are: nobody can look into them any more.
    pub fn forget(&mut self) -> Vec<Py<PyAny>> {
        self.lengths = Vec::new();
        std::mem::take(&mut self.references)
    }

    /// Shows the collector what is held.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let mut references = self.references.iter();
        references.try_for_each(|reference| visit.call(reference))
    }
}
