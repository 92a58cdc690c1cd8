//! In `fast` mode nothing is memoized: lists and dicts that are open are noted, so that one within itself is refused.
//! On the lean face that begins with the depth from which on C looks for it, so that hooks are asked as often.

use crate::fast::view::View;
use crate::interpreter::face::Face;
use crate::save::fault::Fault;
use crate::save::write::writer::Writer;

/// How many lists and dicts have to be open, before C notes them (FAST_NESTING_LIMIT in `_pickle.c`).
const FAST_NESTING_LIMIT: u32 = 50;

impl Writer {
    /// In `fast` mode: notes that a list or dict is open, and refuses one that is open already.
    #[inline(always)]
    pub fn enter_fast(&mut self, obj: View<'_>) -> Result<(), Fault> {
        if self.fast {
            self.enter_fast_path(obj)?;
        }
        Ok(())
    }

    #[cold]
    fn enter_fast_path(&mut self, obj: View<'_>) -> Result<(), Fault> {
        self.fast_nesting = self.fast_nesting.saturating_add(1);
        if self.face == Face::Lean && self.fast_nesting < FAST_NESTING_LIMIT {
            return Ok(());
        }
        let reserved = self.fast_path.try_reserve(1);
        reserved.map_err(|_| Fault::NoMemory)?;
        if self.fast_path.insert(obj.address()) {
            return Ok(());
        }
        Err(match self.face {
            Face::Hookable => Fault::Endless,
            Face::Lean => Fault::Cyclic(obj.hold()),
        })
    }

    /// Of a list or dict opened in `fast` mode, which may be off again: it is closed.
    #[inline(always)]
    pub fn leave_fast(&mut self, obj: View<'_>) {
        if self.fast {
            self.fast_nesting = self.fast_nesting.saturating_sub(1);
        }
        // What was opened before the mode was switched off is closed all the same.
        if !self.fast_path.is_empty() {
            self.fast_path.remove(&obj.address());
        }
    }
}
