//! PUT, GET and MEMOIZE: objects that are remembered by an index, and pushed again.

use pickle_format::fetched::Fetched;
use pickle_format::opcode::Opcode;
use pyo3::exceptions::{PyKeyError, PyMemoryError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;

use crate::error::unpickling_error;
use crate::gate::home::Home;
use crate::load::machine::{ENTRIES_BEFORE_LOOKING_AHEAD, Machine};
use crate::load::state::State;

/// The protocol from which on picklers memoize by MEMOIZE.
const FIRST_PROTOCOL_THAT_COUNTS: u8 = 4;

/// Bytes of a pickle for each entry of the memo, up to which it is sieved for what it fetches.
const MOST_BYTES_OF_ENTRY: usize = 64;

impl<'py> Machine<'py, '_> {
    /// Pushes an object of a kind that picklers memoize. If the next opcode is a MEMOIZE whose entry nobody
    /// fetches, that is carried out here too, by counting it: half the turns of the loop are for such.
    #[inline(always)]
    pub fn push_new(&mut self, value: Bound<'py, PyAny>) -> PyResult<()> {
        if let Some(fetched) = &self.fetched
            && self.input.window.peek_byte() == Some(Opcode::MEMOIZE.code())
            && !fetched.contains(self.state.memo.len())
        {
            self.input.window.advance();
            self.state.memo.skip();
        }
        self.stack.push(value)
    }

    /// MEMOIZE: the index is the number of entries.
    #[inline(always)]
    pub fn load_memoize(&mut self) -> PyResult<()> {
        if self.memo_is_shown {
            return self.memoize_in_shown(None);
        }
        let index = self.state.memo.len();
        if self.is_never_fetched(index) {
            self.stack.top(self.py)?;
            self.state.memo.skip();
            return Ok(());
        }
        self.memoize(index)
    }

    pub fn load_binput(&mut self) -> PyResult<()> {
        let index = self.take_byte()?;
        self.end_counting()?;
        self.memoize_at(index.into())
    }

    pub fn load_long_binput(&mut self) -> PyResult<()> {
        let index = u32::from_le_bytes(self.take_array()?);
        self.end_counting()?;
        self.memoize_at(index as usize)
    }

    /// Gets along without what was looked ahead for, if that holds for counted indices only: one is to be named.
    #[inline(always)]
    fn end_counting(&mut self) -> PyResult<()> {
        if self.fetched.as_ref().is_some_and(Fetched::counts_only) {
            self.fetched = None;
            let ended = self.state.memo.end_skipping();
            return ended.map_err(|_| PyMemoryError::new_err(()));
        }
        Ok(())
    }

    #[inline(always)]
    fn memoize_at(&mut self, index: usize) -> PyResult<()> {
        if self.is_never_fetched(index) {
            return self.stack.top(self.py).map(drop);
        }
        self.memoize(index)
    }

    /// Whether the rest of the pickle is known not to fetch this index, so that it needs no entry.
    #[inline(always)]
    pub fn is_never_fetched(&self, index: usize) -> bool {
        match &self.fetched {
            Some(fetched) => !fetched.contains(index),
            None => false,
        }
    }

    /// Looks through the opcodes to come for what they fetch, if all of them are at hand. The memo of an
    /// unpickler object outlives the load, so there nobody can tell what will be fetched.
    #[cold]
    #[inline(never)]
    fn look_ahead(&mut self) {
        if self.unpickler().is_some() || !self.input.holds_the_rest() {
            return;
        }
        let rest = self.input.window.remainder();
        let (entries, are_first) = (self.state.memo.len(), self.state.memo.is_consecutive());
        // Large payloads are passed over faster than they are sieved.
        let is_dense = self.input.offset() <= entries * MOST_BYTES_OF_ENTRY;
        let may_sieve = self.state.proto >= FIRST_PROTOCOL_THAT_COUNTS && are_first && is_dense;
        self.fetched = may_sieve
            .then(|| Fetched::sieve(rest, entries))
            .flatten()
            .or_else(|| Fetched::scan(rest, entries, are_first));
    }

    pub fn load_put(&mut self) -> PyResult<()> {
        let line_at = self.take_line(1)?.len();
        self.stack.top(self.py)?;
        self.input.window.step_back(line_at);
        match usize::try_from(self.take_index()?) {
            Ok(index) => {
                self.end_counting()?;
                self.memoize(index)
            }
            Err(_) => {
                let error = PyValueError::new_err("negative PUT argument");
                Err(self.in_argument(error))
            }
        }
    }

    #[inline(always)]
    fn memoize(&mut self, index: usize) -> PyResult<()> {
        if self.memo_is_shown {
            return self.memoize_in_shown(Some(index));
        }
        let value = self.stack.top(self.py)?.clone().unbind();
        // What stood there may be a dict that is still to be filled, and ends now.
        if index != self.state.memo.len() && !self.state.unfilled.is_empty() {
            self.fill_the_unfilled()?;
        }
        match self.state.memo.put(index, value) {
            Ok(None) => {
                if self.state.memo.len() == ENTRIES_BEFORE_LOOKING_AHEAD {
                    self.look_ahead();
                }
                Ok(())
            }
            Ok(Some(old)) => {
                // The last reference may go, and a finaliser look at the memo.
                let old = old.into_bound(self.py);
                self.leave(|_| drop(old));
                Ok(())
            }
            Err(_) => Err(PyMemoryError::new_err(())),
        }
    }

    #[inline(always)]
    pub fn load_binget(&mut self) -> PyResult<()> {
        let index = self.take_byte()?;
        self.push_memoized(index.into())
    }

    #[inline(always)]
    pub fn load_long_binget(&mut self) -> PyResult<()> {
        let index = u32::from_le_bytes(self.take_array()?);
        self.push_memoized(index as usize)
    }

    pub fn load_get(&mut self) -> PyResult<()> {
        let index = self.take_index()?;
        match usize::try_from(index) {
            Ok(index) => self.push_memoized(index),
            Err(_) => Err(self.not_found(index)),
        }
    }

    #[inline(always)]
    fn push_memoized(&mut self, index: usize) -> PyResult<()> {
        if self.memo_is_shown {
            return self.push_from_shown(index);
        }
        match self.state.memo.get(index) {
            Some(value) => {
                let value = value.bind(self.py).clone();
                if self.state.unfilled.may_be_within(&value) {
                    self.fill_the_unfilled()?;
                }
                self.stack.push(value)
            }
            None => Err(self.not_found(index)),
        }
    }

    /// Fills the dicts in the memo that are still to be filled.
    #[cold]
    #[inline(never)]
    fn fill_the_unfilled(&mut self) -> PyResult<()> {
        let filled = self.state.unfilled.fill(self.py)?;
        self.leave(|_| drop(filled));
        Ok(())
    }

    /// The unpickler's attribute `memo`: whatever Python code has put there.
    fn shown_memo(&mut self) -> PyResult<Bound<'py, PyAny>> {
        match self.unpickler() {
            Some(unpickler) => self.leave(|py| unpickler.getattr(intern!(py, "memo"))),
            None => Err(Home::<State>::in_use()),
        }
    }

    /// Memoizes in the unpickler's own memo, by its length where no index is given.
    #[cold]
    #[inline(never)]
    fn memoize_in_shown(&mut self, index: Option<usize>) -> PyResult<()> {
        let memo = self.shown_memo()?;
        let value = self.stack.top(self.py)?.clone();
        self.leave(|_| {
            let index = match index {
                Some(index) => index,
                None => memo.len()?,
            };
            memo.set_item(index, value)
        })
    }

    #[cold]
    #[inline(never)]
    fn push_from_shown(&mut self, index: usize) -> PyResult<()> {
        let memo = self.shown_memo()?;
        match self.leave(|_| memo.get_item(index)) {
            Ok(value) => self.stack.push(value),
            Err(error) if error.is_instance_of::<PyKeyError>(self.py) => Err(self.not_found(index)),
            Err(error) => Err(error),
        }
    }

    #[cold]
    fn not_found(&self, index: impl std::fmt::Display) -> PyErr {
        let words = format!("Memo value not found at index {index}");
        unpickling_error(self.py, &words)
    }
}
