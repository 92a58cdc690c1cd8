//! SETITEMS with BUILD behind it, carried out together: the state goes from the stack to the instance, and
//! the dict that the pickle makes for it is not filled.
//!
//! Nobody can tell, as long as that dict is empty and only the stack holds it. Where the load has looked
//! ahead, its memo entry was not made, since nothing fetches it. Where the memo holds it, it is filled when somebody
//! fetches it (`unfilled.rs`).

use pickle_format::opcode::Opcode;
use pyo3::Borrowed;
use pyo3::intern;
use pyo3::prelude::*;

use crate::fast::attribute::optional_attribute;
use crate::fast::bare::is_bare;
use crate::fast::count::count_of;
use crate::fast::fresh;
use crate::fast::object::{Exact, exact, is_empty};
use crate::interpreter::face::Face;
use crate::load::attributes::Attributes;
use crate::load::machine::{ENTRIES_BEFORE_LOOKING_AHEAD, Machine};

/// Memo entries among which that of a state is looked for: its own, and those of what is in it.
const ENTRIES_OF_STATE: usize = 32;

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
        let next = self.input.window.peek_byte();
        if !matches!(next, Some(BUILD | TUPLE2)) || !is_empty(dict) {
            return Ok(false);
        }
        let is_memoized = match count_of(dict) {
            // The stack's reference, and the caller's.
            Some(2) => false,
            // And the memo's.
            Some(3) => {
                if !self.may_leave_unfilled(dict, start) {
                    return Ok(false);
                }
                true
            }
            _ => return Ok(false),
        };
        match next {
            Some(BUILD) => self.build_from_stack(start, is_memoized),
            _ => self.build_slots_from_stack(start, is_memoized),
        }
    }

    /// Whether the third reference to a dict is the memo's, and the dict may stay empty there for now. What was looked
    /// ahead for will be fetched, and to the hookable face's memo there are ways past the unpickler's state.
    #[inline(always)]
    fn may_leave_unfilled(&mut self, dict: Borrowed<'_, 'py, PyAny>, start: usize) -> bool {
        if self.face != Face::Lean || self.fetched.is_some() {
            return false;
        }
        let n = self.stack.values.len() - start;
        let state = &mut *self.state;
        let mut latest = state.memo.latest(ENTRIES_OF_STATE);
        latest.any(|entry| entry.as_ptr() == dict.as_ptr()) && state.unfilled.has_room(n)
    }

    /// Whether some of the pairs from `start` on have a key that is no exact string.
    fn has_other_names(&self, start: usize) -> bool {
        let mut pairs = self.stack.values[start..].chunks_exact(2);
        pairs.any(|pair| exact(pair[0].as_borrowed()) != Exact::Str)
    }

    /// The pairs become attributes of the instance below the dict, in its `__dict__`.
    #[inline(never)]
    fn build_from_stack(&mut self, start: usize, is_memoized: bool) -> PyResult<bool> {
        if !self.stack.has_below(start - 1) {
            return Ok(false);
        }
        let py = self.py;
        let instance = self.stack.values[start - 2].clone();
        let class = instance.get_type();
        let Some(offset) = Attributes::place_of_dict(&instance, &class) else {
            return Ok(false);
        };
        // What it has may end, whose finalisers may look at the unpickler; or its `__setstate__` is one of its own.
        let may_look = || self.unpickler().is_some();
        let sets_state = || optional_attribute(&instance, intern!(py, "__setstate__"));
        if self.has_other_names(start)
            || !is_bare(&instance, offset) && (may_look() || sets_state()?.is_some())
        {
            return Ok(false);
        }
        // Finalisers of what is replaced run with nothing of the stack borrowed.
        let values = std::mem::take(&mut self.stack.values);
        let mut set = Ok(true);
        for pair in values[start..].chunks_exact(2) {
            set = self
                .attributes
                .set_in_dict(&instance, &class, &pair[0], &pair[1]);
            if !matches!(set, Ok(true)) {
                break;
            }
        }
        self.stack.values = values;
        if !set? {
            // All of the state goes to the `__dict__` then, what was set already once more.
            return Ok(false);
        }
        self.opcode_at = self.input.offset();
        self.opcode = Some(Opcode::BUILD);
        self.take_byte()?;
        if is_memoized {
            let dict = self.stack.values[start - 1].clone();
            let pairs = self.stack.values.drain(start..);
            self.state.unfilled.add(dict, pairs);
        }
        self.stack.truncate(start - 1);
        Ok(true)
    }

    /// The pairs become attributes of the instance below the dict and below a None: TUPLE2 pairs
    /// these two as a state without a `__dict__`'s part, and may be memoized.
    #[inline(never)]
    fn build_slots_from_stack(&mut self, start: usize, is_memoized: bool) -> PyResult<bool> {
        let rest = self.input.window.remainder();
        let memoizes = match rest {
            [_, memoize, build, ..]
                if *memoize == Opcode::MEMOIZE.code() && *build == Opcode::BUILD.code() =>
            {
                true
            }
            [_, build, ..] if *build == Opcode::BUILD.code() => false,
            _ => return Ok(false),
        };
        let length = 2 + usize::from(memoizes);
        if self.input.window.rest() < length
            || (memoizes && !is_memoized && !self.is_never_fetched(self.state.memo.len()))
            || !self.stack.has_below(start - 1)
            || !self.stack.has_below(start - 2)
            || !self.stack.values[start - 2].is_none()
        {
            return Ok(false);
        }
        let py = self.py;
        let instance = self.stack.values[start - 3].clone();
        let known = self.attributes.known(&instance.get_type())?;
        if !known.sets_no_state
            || !known.instances_set_no_state
                && optional_attribute(&instance, intern!(py, "__setstate__"))?.is_some()
            || self.has_other_names(start)
        {
            return Ok(false);
        }
        if memoizes && is_memoized && !self.memoize_pair(start)? {
            return Ok(false);
        }
        self.opcode_at = self.input.offset() + length - 1;
        self.opcode = Some(Opcode::BUILD);
        self.take(length)?;
        if memoizes && !is_memoized {
            self.state.memo.skip();
        }
        let pairs = self.stack.take_from(start)?;
        if is_memoized {
            let dict = self.stack.values[start - 1].clone();
            self.state.unfilled.add(dict, pairs.iter().cloned());
        }
        let mut pairs = pairs.into_iter();
        self.stack.truncate(start - 2);
        while let (Some(name), Some(value)) = (pairs.next(), pairs.next()) {
            self.set_slot_or_attribute(&instance, &name, value)?;
        }
        Ok(true)
    }

    /// Memoizes what TUPLE2 makes of the None and the dict below `start`, if it gets the memo's next place.
    fn memoize_pair(&mut self, start: usize) -> PyResult<bool> {
        let [none, dict] = [start - 2, start - 1].map(|at| self.stack.values[at].clone());
        let pair = fresh::tuple(self.py, [none, dict])?;
        let memo = &mut self.state.memo;
        Ok(memo.len() + 1 != ENTRIES_BEFORE_LOOKING_AHEAD
            && memo.put_next(|| pair.into_any().unbind()))
    }
}
