//! SETITEMS with BUILD behind it, carried out together: the state goes from the stack to the instance, and
//! the dict that the pickle makes for it is not filled.
//!
//! Nobody can tell, as long as that dict is empty and only the stack holds it. Where the load has looked
//! ahead, its memo entry was not made, since nothing fetches it.

use pickle_format::opcode::Opcode;
use pyo3::Borrowed;
use pyo3::intern;
use pyo3::prelude::*;

use crate::fast::attribute::optional_attribute;
use crate::fast::count::count_of;
use crate::fast::object::{Exact, exact, is_empty};
use crate::load::attributes::Attributes;
use crate::load::machine::Machine;

impl<'py> Machine<'py, '_> {
    /// Whether a BUILD follows, or something that goes before one.
    #[inline(always)]
    pub fn may_be_state(&self) -> bool {
        const BUILD: u8 = Opcode::BUILD.code();
        const TUPLE2: u8 = Opcode::TUPLE2.code();
        matches!(self.input.window.peek_byte(), Some(BUILD | TUPLE2))
    }

    /// Tries to carry out a SETITEMS together with the BUILD behind it. The pairs begin at `start`, and the
    /// dict lies below them. False where this can't be done, and the dict is to be filled.
    #[inline(always)]
    pub fn set_state_directly(
        &mut self,
        dict: Borrowed<'_, 'py, PyAny>,
        start: usize,
    ) -> PyResult<bool> {
        const BUILD: u8 = Opcode::BUILD.code();
        const TUPLE2: u8 = Opcode::TUPLE2.code();
        if self.has_handlers {
            return Ok(false);
        }
        match self.input.window.peek_byte() {
            // The stack's reference, and the caller's.
            Some(BUILD | TUPLE2) if count_of(dict) != Some(2) || !is_empty(dict) => Ok(false),
            Some(BUILD) => self.build_from_stack(start),
            Some(TUPLE2) => self.build_slots_from_stack(start),
            _ => Ok(false),
        }
    }

    /// Whether some of the pairs from `start` on have a key that is no exact string.
    fn has_other_names(&self, start: usize) -> bool {
        let mut names = self.stack.values[start..].iter().step_by(2);
        names.any(|name| exact(name.as_borrowed()) != Exact::Str)
    }

    /// The pairs become attributes of the instance below the dict, in its `__dict__`.
    #[inline(never)]
    fn build_from_stack(&mut self, start: usize) -> PyResult<bool> {
        if !self.stack.has_below(start - 1) {
            return Ok(false);
        }
        let py = self.py;
        let instance = self.stack.values[start - 2].clone();
        let class = instance.get_type();
        if !Attributes::takes_attributes(&instance, &class) {
            return Ok(false);
        }
        if self.has_other_names(start)
            || optional_attribute(&instance, intern!(py, "__setstate__"))?.is_some()
        {
            return Ok(false);
        }
        // Finalisers of what is replaced run with nothing of the stack borrowed.
        let values = std::mem::take(&mut self.stack.values);
        let set = values[start..].chunks_exact(2).try_fold(true, |all, pair| {
            Ok::<_, PyErr>(
                all && self
                    .attributes
                    .set_in_dict(&instance, &class, &pair[0], &pair[1])?,
            )
        });
        self.stack.values = values;
        if !set? {
            // All of the state goes to the `__dict__` then, what was set already once more.
            return Ok(false);
        }
        self.opcode_at = self.input.offset();
        self.opcode = Some(Opcode::BUILD);
        self.take_byte()?;
        self.stack.truncate(start - 1);
        Ok(true)
    }

    /// The pairs become attributes of the instance below the dict and below a None: TUPLE2 pairs
    /// these two as a state without a `__dict__`'s part, and may be memoized.
    #[inline(never)]
    fn build_slots_from_stack(&mut self, start: usize) -> PyResult<bool> {
        let rest = self.input.window.remainder();
        let memoized = match rest {
            [_, memoize, build, ..]
                if *memoize == Opcode::MEMOIZE.code() && *build == Opcode::BUILD.code() =>
            {
                true
            }
            [_, build, ..] if *build == Opcode::BUILD.code() => false,
            _ => return Ok(false),
        };
        let length = 2 + usize::from(memoized);
        if self.input.window.rest() < length
            || (memoized && !self.is_never_fetched(self.state.memo.len()))
            || !self.stack.has_below(start - 1)
            || !self.stack.has_below(start - 2)
            || !self.stack.values[start - 2].is_none()
        {
            return Ok(false);
        }
        let py = self.py;
        let instance = self.stack.values[start - 3].clone();
        if !self.attributes.known(&instance.get_type())?.sets_no_state
            || optional_attribute(&instance, intern!(py, "__setstate__"))?.is_some()
            || self.has_other_names(start)
        {
            return Ok(false);
        }
        self.opcode_at = self.input.offset() + length - 1;
        self.opcode = Some(Opcode::BUILD);
        self.take(length)?;
        if memoized {
            self.state.memo.skip();
        }
        let mut pairs = self.stack.take_from(start)?.into_iter();
        self.stack.truncate(start - 2);
        while let (Some(name), Some(value)) = (pairs.next(), pairs.next()) {
            self.set_slot_or_attribute(&instance, &name, value)?;
        }
        Ok(true)
    }
}
