//! Exact lists and tuples.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::Borrowed;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::fast::memo::Holding;
use crate::fast::object::exact;
use crate::fast::sequence::{list_item, tuple_item};
use crate::hooks::Walk;
use crate::imports::Imports;
use crate::save::leaf::{Container, holding_of};
use crate::save::state::Face;
use crate::save::walk::{MAX_STEP, Opened};
use crate::save::work::{Batch, ListWork, Standing, TupleWork, Work};

/// Elements between MARK and APPENDS, SETITEMS or ADDITEMS.
pub const BATCH_SIZE: usize = 1000;

impl<'py> Walk<'py, '_> {
    /// Writes a list as far as its items are leaves; gives the rest of the work, if any is left.
    pub fn open_list(
        &mut self,
        obj: Borrowed<'_, 'py, PyAny>,
        standing: Standing,
    ) -> PyResult<Option<Work>> {
        let chain = self.deepen(standing)?;
        let standing = Standing { chain, ..standing };
        self.enter_fast(&obj)?;
        if self.form().is_binary() {
            encode::encode_opcode(&mut self.out, Opcode::EMPTY_LIST)?;
        } else {
            self.out.write([Opcode::MARK.code(), Opcode::LIST.code()])?;
        }
        self.memoize(&obj, standing.holding)?;
        let list = obj.cast::<PyList>()?;
        let size = list.len();
        let mut next = 0;
        let mut batch = Batch::Closed;
        // What fits in one batch ends the same way on every release.
        if size < BATCH_SIZE && self.is_direct() {
            if size > 1 {
                encode::encode_opcode(&mut self.out, Opcode::MARK)?;
            }
            let container = Container::memoized_first(standing.holding);
            self.save_leaf_items(&list, &mut next, size, container)?;
            batch = if size > 1 {
                Batch::Marked
            } else {
                Batch::Single
            };
        }
        if next == size {
            if size > 0 {
                encode::encode_opcode(&mut self.out, append_opcode(batch))?;
            }
            self.leave_fast(&obj);
            return Ok(None);
        }
        let left_in_batch = match batch {
            Batch::Closed => 0,
            Batch::Single => 1,
            Batch::Marked => self.list_batch_size(size) - next,
        };
        Ok(Some(Work::List(ListWork {
            list: list.to_owned().unbind(),
            next,
            left_in_batch,
            batch,
            size,
            ahead: None,
            standing,
        })))
    }

    pub fn step_list(&mut self, mut w: ListWork) -> PyResult<()> {
        let list = w.list.bind(self.py).clone();
        let container = Container::memoized_first(w.standing.holding);
        if list.len() != w.size && self.minds_list_growth()? {
            w.next = w.next.max(1);
            self.push(Work::List(w))?;
            return Err(PyRuntimeError::new_err(
                "list changed size during iteration",
            ));
        }
        let last = w.next + MAX_STEP;
        loop {
            if w.next >= last {
                return self.push(Work::List(w));
            }
            if w.batch == Batch::Closed && !self.open_list_batch(&mut w, list.len())? {
                break;
            }
            if w.left_in_batch == 0 {
                self.close_list_batch(&mut w)?;
                continue;
            }
            if let Some(ahead) = &mut w.ahead {
                let Some(item) = ahead.pop_front() else {
                    self.close_list_batch(&mut w)?;
                    continue;
                };
                w.next += 1;
                w.left_in_batch -= 1;
                let standing = w.standing.part(Holding::Shared);
                self.push(Work::List(w))?;
                return self.save(item, standing, true);
            }
            if self.is_direct() {
                let end = w.next + w.left_in_batch;
                self.save_leaf_items(&list, &mut w.next, end, container)?;
                w.left_in_batch = end - w.next;
                if w.left_in_batch == 0 {
                    continue;
                }
            }
            let Some(item) = list_item(&list, w.next) else {
                // The list has shrunk, or the batch had room for more.
                self.close_list_batch(&mut w)?;
                continue;
            };
            w.next += 1;
            w.left_in_batch -= 1;
            let standing = w.standing.part(holding_of(container, item));
            match self.open(item, exact(item), standing) {
                Ok(Opened::Whole) => {}
                Ok(Opened::Part(rest)) => {
                    self.push(Work::List(w))?;
                    return self.push(rest);
                }
                Ok(Opened::Closed) => {
                    self.push(Work::List(w))?;
                    return self.save(item.to_owned().unbind(), standing, true);
                }
                Err(error) => {
                    self.push(Work::List(w))?;
                    return Err(error);
                }
            }
        }
        self.leave_fast(list.as_any());
        drop(list);
        self.close(w.list, w.standing.holding);
        Ok(())
    }

    fn minds_list_growth(&self) -> PyResult<bool> {
        Ok(self.face == Face::Lean && Imports::get(self.py)?.behaviour.lean_notices_list_growth)
    }

    /// Begins the next batch; false when the list is done.
    fn open_list_batch(&mut self, w: &mut ListWork, len: usize) -> PyResult<bool> {
        let left = len.saturating_sub(w.next);
        // The hookable face has seen the end when its last batch was not full.
        let ended =
            self.face == Face::Hookable && self.has_batches() && !w.next.is_multiple_of(BATCH_SIZE);
        if left == 0 || ended {
            return Ok(false);
        }
        if !self.has_batches() {
            w.left_in_batch = 1;
            w.batch = Batch::Single;
            return Ok(true);
        }
        let marks_last =
            self.face == Face::Lean && Imports::get(self.py)?.behaviour.lean_marks_last_of_batch;
        if left == 1 && (w.next == 0 || !marks_last) {
            w.left_in_batch = 1;
            w.batch = Batch::Single;
            return Ok(true);
        }
        encode::encode_opcode(&mut self.out, Opcode::MARK)?;
        w.left_in_batch = self.list_batch_size(left);
        w.batch = Batch::Marked;
        Ok(true)
    }

    /// Room in a batch when `left` items are left. The lean face sees a list that grows meanwhile;
    /// the batch is then filled from it.
    fn list_batch_size(&self, left: usize) -> usize {
        if self.face == Face::Lean {
            BATCH_SIZE
        } else {
            left.min(BATCH_SIZE)
        }
    }

    fn close_list_batch(&mut self, w: &mut ListWork) -> PyResult<()> {
        let opcode = append_opcode(w.batch);
        w.left_in_batch = 0;
        w.batch = Batch::Closed;
        w.ahead = None;
        encode::encode_opcode(&mut self.out, opcode)
    }

    /// Writes a tuple as far as its items are leaves; gives the rest of the work, if any is left.
    pub fn open_tuple(
        &mut self,
        obj: Borrowed<'_, 'py, PyAny>,
        standing: Standing,
    ) -> PyResult<Option<Work>> {
        let tuple = obj.cast::<PyTuple>()?;
        let n = tuple.len();
        if n == 0 {
            if self.has_batches() {
                encode::encode_opcode(&mut self.out, Opcode::EMPTY_TUPLE)?;
            } else {
                self.out
                    .write([Opcode::MARK.code(), Opcode::TUPLE.code()])?;
            }
            return Ok(None);
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
            return Ok(None);
        }
        let passages = self.passages;
        Ok(Some(Work::Tuple(TupleWork {
            tuple: tuple.to_owned().unbind(),
            next,
            passages,
            standing: Standing { chain, ..standing },
        })))
    }

    /// The opcode that makes a tuple of `n` items.
    fn tuple_opcode(&self, n: usize) -> Opcode {
        match n {
            1..=3 if !self.protocol.has_proto_opcode() => Opcode::TUPLE,
            1 => Opcode::TUPLE1,
            2 => Opcode::TUPLE2,
            3 => Opcode::TUPLE3,
            _ => Opcode::TUPLE,
        }
    }

    pub fn step_tuple(&mut self, mut w: TupleWork) -> PyResult<()> {
        let tuple = w.tuple.bind(self.py).clone();
        let container = Container::memoized_last(w.standing.holding);
        let last = w.next + MAX_STEP;
        loop {
            if w.next >= last {
                return self.push(Work::Tuple(w));
            }
            if self.is_direct() {
                self.save_leaf_parts(&tuple, &mut w.next, last, container)?;
            }
            let Some(item) = tuple_item(&tuple, w.next) else {
                break;
            };
            w.next += 1;
            let standing = w.standing.part(holding_of(container, item));
            match self.open(item, exact(item), standing) {
                Ok(Opened::Whole) => {}
                Ok(Opened::Part(rest)) => {
                    self.push(Work::Tuple(w))?;
                    return self.push(rest);
                }
                Ok(Opened::Closed) => {
                    self.push(Work::Tuple(w))?;
                    return self.save(item.to_owned().unbind(), standing, true);
                }
                Err(error) => {
                    self.push(Work::Tuple(w))?;
                    return Err(error);
                }
            }
        }
        let mut holding = w.standing.holding;
        if holding == Holding::Deferred && self.passages != w.passages {
            holding = Holding::Shared;
        }
        self.close_tuple(&tuple, holding)?;
        drop(tuple);
        self.close(w.tuple, w.standing.holding);
        Ok(())
    }

    fn close_tuple(&mut self, tuple: &Bound<'py, PyTuple>, holding: Holding) -> PyResult<()> {
        let n = tuple.len();
        let short = n <= 3 && self.protocol.has_proto_opcode();
        if holding == Holding::Shared
            && let Some(index) = self.memo.get(tuple.as_any().as_borrowed())?
        {
            // A recursive tuple was saved on the way: what was written is thrown away.
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
        let opcode = self.tuple_opcode(n);
        encode::encode_opcode(&mut self.out, opcode)?;
        self.memoize(tuple.as_any(), holding)
    }
}

/// The opcode that closes a batch of list items.
fn append_opcode(batch: Batch) -> Opcode {
    if batch == Batch::Single {
        Opcode::APPEND
    } else {
        Opcode::APPENDS
    }
}
