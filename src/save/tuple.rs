//! Exact tuples.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::Borrowed;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::fast::memo::Holding;
use crate::fast::object::{exact, is_held_once, reference_count};
use crate::fast::sequence::tuple_item;
use crate::hooks::{Walk, in_use};
use crate::save::leaf::{Container, holding_of};
use crate::save::state::State;
use crate::save::walk::{MAX_STEP, Opened};
use crate::save::work::{Standing, Work};

/// An open tuple.
pub struct TupleWork {
    tuple: Py<PyTuple>,
    next: usize,
    /// `State::passages` when it was opened.
    passages: u64,
    standing: Standing,
}

impl TupleWork {
    /// The item that is being saved, for the path of an error.
    pub fn note(&self) -> String {
        let item = self.next.saturating_sub(1);
        format!("when serializing tuple item {item}")
    }
}

impl State {
    fn tuple_at(&mut self, at: usize) -> PyResult<&mut TupleWork> {
        match self.stack.get_mut(at) {
            Some(Work::Tuple(w)) => Ok(w),
            _ => Err(in_use()),
        }
    }
}

impl<'py> Walk<'py, '_> {
    /// Writes a tuple as far as its items are leaves, and puts it on the stack if more are left.
    pub fn open_tuple(
        &mut self,
        obj: Borrowed<'_, 'py, PyAny>,
        standing: Standing,
    ) -> PyResult<Opened> {
        let tuple = obj.cast::<PyTuple>()?;
        let n = tuple.len();
        if n == 0 {
            if self.has_batches() {
                encode::encode_opcode(&mut self.out, Opcode::EMPTY_TUPLE)?;
            } else {
                self.out
                    .write([Opcode::MARK.code(), Opcode::TUPLE.code()])?;
            }
            return Ok(Opened::Whole);
        }
        // A tuple is memoized last, so passing through one does not end a chain.
        let chain = self.deepen(standing)?.max(standing.chain);
        if n > 3 || !self.protocol.has_proto_opcode() {
            encode::encode_opcode(&mut self.out, Opcode::MARK)?;
        }
        let mut next = 0;
        if self.is_direct() {
            let container = Container::memoized_last(standing.holding);
            self.save_leaf_parts(&tuple, &mut next, n.min(MAX_STEP), container)?;
        }
        if next == n {
            self.close_tuple(&tuple, standing.holding)?;
            return Ok(Opened::Whole);
        }
        let passages = self.passages;
        self.push(Work::Tuple(TupleWork {
            tuple: tuple.to_owned().unbind(),
            next,
            passages,
            standing: Standing { chain, ..standing },
        }))?;
        Ok(Opened::Pushed)
    }

    /// Goes on with the tuple on top of the stack.
    pub fn step_tuple(&mut self) -> PyResult<()> {
        let at = self.stack.len().saturating_sub(1);
        let py = self.py;
        let w = self.tuple_at(at)?;
        let tuple = w.tuple.bind(py).clone();
        let standing = w.standing;
        let mut next = w.next;
        let container = Container::memoized_last(standing.holding);
        let last = next + MAX_STEP;
        loop {
            if next >= last {
                self.tuple_at(at)?.next = next;
                return Ok(());
            }
            if self.is_direct() {
                let written = self.save_leaf_parts(&tuple, &mut next, last, container);
                if let Err(error) = written {
                    self.tuple_at(at)?.next = next;
                    return Err(error);
                }
            }
            let Some(item) = tuple_item(&tuple, next) else {
                break;
            };
            next += 1;
            self.tuple_at(at)?.next = next;
            let holding = holding_of(container, item);
            let standing = standing.part_held(holding, is_held_once(item));
            match self.open(item, exact(item), standing)? {
                Opened::Whole => {}
                Opened::Pushed => return Ok(()),
                Opened::Closed => return self.save(item.to_owned().unbind(), standing, true),
            }
        }
        let passed = self.tuple_at(at)?.passages != self.passages;
        if standing.holding == Holding::Deferred && passed {
            self.close_seen_tuple(&tuple)?;
        } else {
            self.close_tuple(&tuple, standing.holding)?;
        }
        drop(tuple);
        if let Some(Work::Tuple(w)) = self.stack.pop() {
            self.close(w.tuple, standing.holding);
        }
        Ok(())
    }

    /// Makes the tuple of what was written, and memoizes it; or fetches it, where it was saved on
    /// the way.
    fn close_tuple(&mut self, tuple: &Bound<'py, PyTuple>, holding: Holding) -> PyResult<()> {
        let n = tuple.len();
        let short = n <= 3 && self.protocol.has_proto_opcode();
        if holding == Holding::Shared
            && let Some(index) = self.memo.get(tuple.as_any().as_borrowed())?
        {
            // A recursive tuple: what was written is thrown away.
            if short || !self.form().is_binary() {
                let pops = if short { n } else { n + 1 };
                for _ in 0..pops {
                    encode::encode_opcode(&mut self.out, Opcode::POP)?;
                }
            } else {
                encode::encode_opcode(&mut self.out, Opcode::POP_MARK)?;
            }
            return self.get(index);
        }
        self.make_tuple(n)?;
        self.memoize(tuple.as_any(), holding)
    }

    /// As `close_tuple`, where Python code has run since a tuple was opened that only one container
    /// held.
    fn close_seen_tuple(&mut self, tuple: &Bound<'py, PyTuple>) -> PyResult<()> {
        // Had it been met again, whoever handed it over or the memo would hold it, besides its
        // container, the item on the stack and the caller.
        if reference_count(tuple.as_any().as_borrowed()) > 3 {
            return self.close_tuple(tuple, Holding::Shared);
        }
        self.make_tuple(tuple.len())?;
        self.memoize_owned(tuple.as_any())
    }

    fn make_tuple(&mut self, n: usize) -> PyResult<()> {
        let short = n <= 3 && self.protocol.has_proto_opcode();
        let opcode = match n {
            1 if short => Opcode::TUPLE1,
            2 if short => Opcode::TUPLE2,
            3 if short => Opcode::TUPLE3,
            _ => Opcode::TUPLE,
        };
        encode::encode_opcode(&mut self.out, opcode)
    }
}
