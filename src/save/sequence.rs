//! Exact lists and tuples.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::fast::memo::Holding;
use crate::fast::object::{exact, is_held_once, reference_count};
use crate::fast::sequence::{list_item, tuple_item};
use crate::hooks::Walk;
use crate::imports::Imports;
use crate::save::scalar::{Container, holding_of};
use crate::save::state::Face;
use crate::save::walk::MAX_STEP;
use crate::save::work::{Batch, ListWork, Standing, TupleWork, Work};

/// Elements between MARK and APPENDS, SETITEMS or ADDITEMS.
pub const BATCH_SIZE: usize = 1000;

/// Items of the longest tuple that is looked through before it is written.
const MAX_LEAVES: usize = 16;

impl<'py> Walk<'py, '_> {
    pub fn save_list(&mut self, obj: Bound<'py, PyAny>, standing: Standing) -> PyResult<()> {
        let standing = self.deepen(standing)?;
        self.enter_fast(&obj)?;
        if self.form().is_binary() {
            encode::encode_opcode(&mut self.out, Opcode::EMPTY_LIST)?;
        } else {
            self.out.write([Opcode::MARK.code(), Opcode::LIST.code()])?;
        }
        self.memoize(&obj, standing.holding)?;
        let list = obj.cast_into::<PyList>()?;
        if list.is_empty() {
            self.leave_fast(list.as_any());
            return Ok(());
        }
        let size = list.len();
        self.push(Work::List(ListWork {
            list: list.unbind(),
            next: 0,
            left_in_batch: 0,
            batch: Batch::Closed,
            size,
            ahead: None,
            standing,
        }))?;
        Ok(())
    }

    pub fn step_list(&mut self, mut w: ListWork) -> PyResult<()> {
        let list = w.list.bind(self.py).clone();
        let mut turns = 0;
        let container = Container::memoized_first(w.standing.holding);
        if list.len() != w.size && self.minds_list_growth()? {
            w.next = w.next.max(1);
            self.push(Work::List(w))?;
            return Err(PyRuntimeError::new_err(
                "list changed size during iteration",
            ));
        }
        loop {
            if turns == MAX_STEP {
                self.push(Work::List(w))?;
                return Ok(());
            }
            turns += 1;
            if w.batch == Batch::Closed && !self.open_list_batch(&mut w, list.len())? {
                break;
            }
            if w.left_in_batch == 0 {
                self.close_list_batch(&mut w)?;
                continue;
            }
            if let Some(ahead) = &mut w.ahead {
                let Some(item) = ahead.pop_front() else {
                    w.left_in_batch = 0;
                    self.close_list_batch(&mut w)?;
                    continue;
                };
                w.next += 1;
                w.left_in_batch -= 1;
                // One reference is the list's, the other ours.
                let alone = reference_count(item.bind(self.py).as_borrowed()) == 2;
                let standing = w.standing.part_held(Holding::Shared, alone);
                self.push(Work::List(w))?;
                return self.save(item, standing, true);
            }
            let Some(item) = list_item(&list, w.next) else {
                // The list has shrunk: the batch ends early.
                w.left_in_batch = 0;
                self.close_list_batch(&mut w)?;
                continue;
            };
            w.next += 1;
            w.left_in_batch -= 1;
            let kind = exact(item);
            match self.save_leaf(item, kind, container) {
                Ok(true) => {}
                Ok(false) => {
                    let holding = holding_of(container, item);
                    let standing = w.standing.part(holding);
                    self.push(Work::List(w))?;
                    return self.descend(item, kind, standing);
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
        // The lean face does not look at a list of one again.
        let was_alone = self.face == Face::Lean && self.has_batches() && w.size == 1 && w.next == 1;
        if left == 0 || ended || was_alone {
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
        // The lean face sees a list that grows meanwhile; the batch is then filled from it.
        w.left_in_batch = if self.face == Face::Lean {
            BATCH_SIZE
        } else {
            left.min(BATCH_SIZE)
        };
        w.batch = Batch::Marked;
        Ok(true)
    }

    fn close_list_batch(&mut self, w: &mut ListWork) -> PyResult<()> {
        let opcode = if w.batch == Batch::Single {
            Opcode::APPEND
        } else {
            Opcode::APPENDS
        };
        w.batch = Batch::Closed;
        w.ahead = None;
        encode::encode_opcode(&mut self.out, opcode)
    }

    pub fn save_tuple(&mut self, obj: Bound<'py, PyAny>, standing: Standing) -> PyResult<()> {
        let tuple = obj.cast_into::<PyTuple>()?;
        let n = tuple.len();
        if n == 0 {
            return if self.has_batches() {
                encode::encode_opcode(&mut self.out, Opcode::EMPTY_TUPLE)
            } else {
                self.out.write([Opcode::MARK.code(), Opcode::TUPLE.code()])
            };
        }
        let deeper = self.deepen(standing)?;
        // A tuple is memoized last, so passing through one does not end a chain.
        let chain = deeper.chain.max(standing.chain);
        if n > 3 || !self.protocol.has_proto_opcode() {
            encode::encode_opcode(&mut self.out, Opcode::MARK)?;
        }
        let passages = self.passages;
        self.push(Work::Tuple(TupleWork {
            tuple: tuple.unbind(),
            next: 0,
            passages,
            standing: Standing { chain, ..standing },
        }))?;
        Ok(())
    }

    /// Writes a short tuple of leaves that was not memoized, without a work item; false where that
    /// can't be, and then nothing is written.
    pub fn save_leaf_tuple(
        &mut self,
        tuple: &Bound<'py, PyTuple>,
        holding: Holding,
    ) -> PyResult<bool> {
        let n = tuple.len();
        if n == 0 || n > MAX_LEAVES || !self.is_direct() {
            return Ok(false);
        }
        let container = Container::memoized_last(holding);
        let mut room = 0;
        for item in (0..n).filter_map(|i| tuple_item(tuple, i)) {
            match self.leaf_size(item, exact(item), container)? {
                Some(size) => room += size,
                None => return Ok(false),
            }
        }
        if !self.out.has_room_in_frame(room) {
            return Ok(false);
        }
        if n > 3 || !self.protocol.has_proto_opcode() {
            encode::encode_opcode(&mut self.out, Opcode::MARK)?;
        }
        for item in (0..n).filter_map(|i| tuple_item(tuple, i)) {
            let written = self.save_leaf(item, exact(item), container)?;
            debug_assert!(written, "`leaf_size` promised it");
        }
        let opcode = self.tuple_opcode(n);
        encode::encode_opcode(&mut self.out, opcode)?;
        self.memoize(tuple.as_any(), holding)?;
        Ok(true)
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
        let mut turns = 0;
        let container = Container::memoized_last(w.standing.holding);
        while let Some(item) = tuple_item(&tuple, w.next) {
            if turns == MAX_STEP {
                self.push(Work::Tuple(w))?;
                return Ok(());
            }
            turns += 1;
            w.next += 1;
            let kind = exact(item);
            match self.save_leaf(item, kind, container) {
                Ok(true) => {}
                Ok(false) => {
                    let holding = holding_of(container, item);
                    let standing = w.standing.part_held(holding, is_held_once(item));
                    self.push(Work::Tuple(w))?;
                    return self.descend(item, kind, standing);
                }
                Err(error) => {
                    self.push(Work::Tuple(w))?;
                    return Err(error);
                }
            }
        }
        self.close_tuple(&tuple, &w)?;
        drop(tuple);
        self.close(w.tuple, w.standing.holding);
        Ok(())
    }

    fn close_tuple(&mut self, tuple: &Bound<'py, PyTuple>, w: &TupleWork) -> PyResult<()> {
        let n = tuple.len();
        let short = n <= 3 && self.protocol.has_proto_opcode();
        let mut holding = w.standing.holding;
        if holding == Holding::Deferred && self.passages != w.passages {
            holding = Holding::Shared;
        }
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
