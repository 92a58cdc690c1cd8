//! In `fast` mode nothing is memoized: lists and dicts that are open are noted, so that one within itself is refused.

use crate::fast::view::View;
use crate::interpreter::face::Face;
use crate::save::fault::Fault;
use crate::save::write::writer::Writer;

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
        if !self.fast_path.is_empty() {
            self.fast_path.remove(&obj.address());
        }
    }
}
