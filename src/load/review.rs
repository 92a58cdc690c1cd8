//! What Python code did to an unpickler of the hookable face while it ran in the middle of a load.

use pyo3::prelude::*;

use crate::fast::instance::instance_dict;
use crate::load::machine::Machine;
use crate::load::premises::Review;
use crate::load::unframer::Unframer;

impl Machine<'_, '_> {
    /// Goes by what there is now. False where the machine does not model it: upstream's own code is to go on.
    ///
    /// # Errors
    /// What went wrong when Python code ran, and could not be raised then.
    #[inline(never)]
    pub fn review(&mut self) -> PyResult<bool> {
        if let Some(error) = self.pending.take() {
            return Err(error);
        }
        let Some(unpickler) = self.unpickler() else {
            return Ok(true);
        };
        let hook_has_run = std::mem::take(&mut self.hook_has_run);
        let state = &mut *self.state;
        let Some(shown) = &mut state.shown else {
            return Ok(true);
        };
        let (has_lists, has_memo) = (shown.has_lists, shown.has_memo);
        if shown.handed_over.is_some() || self.stack.is_above_other() {
            return Ok(false);
        }
        let Some(premises) = &mut self.premises else {
            return Ok(true);
        };
        let dict = instance_dict(unpickler.as_borrowed())?;
        let entries = match premises.review(unpickler, &dict, hook_has_run)? {
            Review::Stand => return Ok(self.has_handlers || premises.changed.is_empty()),
            Review::Fall => return Ok(false),
            Review::Entries(entries) => entries,
        };
        let is_own_unframer = entries
            .unframer
            .as_ref()
            .is_some_and(|unframer| unframer.is_exact_instance_of::<Unframer>());
        let Some(proto) = entries.protocol() else {
            return Ok(false);
        };
        if !(self.has_handlers || premises.changed.is_empty())
            || !is_own_unframer
            || entries.has_readers
            || entries.has_lists != has_lists
        {
            return Ok(false);
        }
        state.proto = proto;
        if entries.memo.is_some() && !has_memo {
            shown.has_memo = true;
            let empty = state.empty_memo();
            let memo = std::mem::replace(&mut state.memo, empty);
            self.leave(|_| drop(memo));
        }
        self.memo_is_shown |= entries.memo.is_some();
        Ok(true)
    }
}
