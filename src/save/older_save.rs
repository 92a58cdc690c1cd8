//! Which `save` a container uses: as upstream, the one that the pickler had when the container was begun.

use pyo3::gc::{PyTraverseError, PyVisit};

use crate::fast::held::Held;

/// What was exchanged in the midst of a dump, from the bottom of the stack to its top.
#[derive(Default)]
pub struct OlderSaves(Vec<OlderSave>);

/// A `save` that was exchanged, and how far it holds still.
struct OlderSave {
    /// Work items below this height, down to the entry before, were begun under it.
    height: usize,
    /// None for upstream's own.
    save: Option<Held>,
}

impl OlderSaves {
    /// Whether none was exchanged that anything on the stack was begun under.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes that what is on a stack of this height goes on with the `save` in use until now.
    pub fn keep(&mut self, height: usize, save: Option<Held>) {
        let known = self.0.last().map_or(0, |older| older.height);
        if height > known && self.0.try_reserve(1).is_ok() {
            self.0.push(OlderSave { height, save });
        }
    }

    /// Forgets those whose work items are done, now that the stack is of this height.
    #[cold]
    pub fn forget(&mut self, height: usize) {
        while let Some(last) = self.0.pop() {
            let below = self.0.last().map_or(0, |older| older.height);
            if height > below {
                let height = last.height.min(height);
                self.0.push(OlderSave { height, ..last });
                return;
            }
        }
    }

    /// The `save` of the work item on top of a stack of this height, where the pickler has another by now.
    pub fn of_top(&self, height: usize) -> Option<&Option<Held>> {
        let top = height.checked_sub(1)?;
        let older = self.0.iter().find(|older| top < older.height);
        older.map(|older| &older.save)
    }

    /// For the collector.
    ///
    /// # Errors
    /// What `visit` gives.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let mut saves = self.0.iter().filter_map(|older| older.save.as_ref());
        saves.try_for_each(|save| save.traverse(visit))
    }
}
