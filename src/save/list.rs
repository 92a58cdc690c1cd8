//! Exact lists.

use std::collections::VecDeque;

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::Borrowed;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::fast::memo::Holding;
use crate::fast::object::{exact, reference_count};
use crate::fast::sequence::list_item;
use crate::hooks::{Walk, in_use};
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::save::leaf::{Container, holding_of};
use crate::save::state::State;
use crate::save::walk::{MAX_STEP, Opened};
use crate::save::work::{BATCH_SIZE, Batch, Standing, Work};

/// An open list.
pub struct ListWork {
    list: Py<PyList>,
    cursor: Cursor,
    /// The rest of the open batch, if it was taken out of the list.
    ahead: Option<VecDeque<Py<PyAny>>>,
}

/// Where an open list is.
#[derive(Copy, Clone)]
struct Cursor {
    next: usize,
    left_in_batch: usize,
    /// The list's size when it was opened.
    size: usize,
    batch: Batch,
    standing: Standing,
}

impl ListWork {
    /// Takes the rest of the open batch out of the list.
    pub fn take_batch(&mut self, py: Python<'_>) {
        let c = &self.cursor;
        if self.ahead.is_some() || c.batch != Batch::Marked {
            return;
        }
        let list = self.list.bind(py);
        let rest = c.next..c.next + c.left_in_batch;
        let items = rest.map_while(|i| list_item(list, i));
        let items = items.map(|item| item.to_owned().unbind()).collect();
        self.ahead = Some(items);
    }

    /// The item that is being saved, for the path of an error.
    pub fn note(&self) -> String {
        let item = self.cursor.next.saturating_sub(1);
        format!("when serializing list item {item}")
    }
}

impl State {
    fn list_at(&mut self, at: usize) -> PyResult<&mut ListWork> {
        match self.stack.get_mut(at) {
            Some(Work::List(w)) => Ok(w),
            _ => Err(in_use()),
        }
    }
}

impl<'py> Walk<'py, '_> {
    /// Writes a list as far as its items are leaves, and puts it on the stack if more are left.
    pub fn open_list(
        &mut self,
        obj: Borrowed<'_, 'py, PyAny>,
        standing: Standing,
    ) -> PyResult<Opened> {
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
        if size == 0 {
            self.leave_fast(&obj);
            return Ok(Opened::Whole);
        }
        let mut c = Cursor {
            next: 0,
            left_in_batch: 0,
            size,
            batch: Batch::Closed,
            standing,
        };
        // What fits in one batch ends the same way on every release.
        if size < BATCH_SIZE && self.is_direct() {
            if !self.open_list_batch(&mut c, size)? {
                return Ok(Opened::Whole);
            }
            let container = Container::memoized_first(standing.holding);
            self.save_leaf_items(&list, &mut c.next, size, container)?;
            if c.next == size {
                encode::encode_opcode(&mut self.out, append_opcode(c.batch))?;
                self.leave_fast(&obj);
                return Ok(Opened::Whole);
            }
            c.left_in_batch -= c.next;
        }
        self.push(Work::List(ListWork {
            list: list.to_owned().unbind(),
            cursor: c,
            ahead: None,
        }))?;
        Ok(Opened::Pushed)
    }

    /// Goes on with the list on top of the stack.
    pub fn step_list(&mut self) -> PyResult<()> {
        let at = self.stack.len().saturating_sub(1);
        let py = self.py;
        let w = self.list_at(at)?;
        let list = w.list.bind(py).clone();
        let mut c = w.cursor;
        let mut is_taken = w.ahead.is_some();
        let container = Container::memoized_first(c.standing.holding);
        if list.len() != c.size && self.minds_list_growth()? {
            self.list_at(at)?.cursor.next = c.next.max(1);
            return Err(PyRuntimeError::new_err(
                "list changed size during iteration",
            ));
        }
        let last = c.next + MAX_STEP;
        loop {
            if c.next >= last {
                self.list_at(at)?.cursor = c;
                return Ok(());
            }
            if c.batch == Batch::Closed && !self.open_list_batch(&mut c, list.len())? {
                break;
            }
            if c.left_in_batch > 0 && is_taken {
                let w = self.list_at(at)?;
                if let Some(item) = w.ahead.as_mut().and_then(|ahead| ahead.pop_front()) {
                    c.next += 1;
                    c.left_in_batch -= 1;
                    w.cursor = c;
                    // One reference is the list's, the other ours.
                    let alone = reference_count(item.bind(py).as_borrowed()) == 2;
                    let standing = c.standing.part_held(Holding::Shared, alone);
                    return self.save(item, standing, true);
                }
            } else if c.left_in_batch > 0 && self.is_direct() {
                let end = c.next + c.left_in_batch;
                let written = self.save_leaf_items(&list, &mut c.next, end, container);
                c.left_in_batch = end - c.next;
                if let Err(error) = written {
                    self.list_at(at)?.cursor = c;
                    return Err(error);
                }
            }
            // Nothing may be there: the list has shrunk, or the batch had room for more.
            let rest = c.left_in_batch > 0 && !is_taken;
            let Some(item) = rest.then(|| list_item(&list, c.next)).flatten() else {
                encode::encode_opcode(&mut self.out, append_opcode(c.batch))?;
                c.batch = Batch::Closed;
                if is_taken {
                    self.list_at(at)?.ahead = None;
                    is_taken = false;
                }
                continue;
            };
            c.next += 1;
            c.left_in_batch -= 1;
            self.list_at(at)?.cursor = c;
            let standing = c.standing.part(holding_of(container, item));
            match self.open(item, exact(item), standing)? {
                Opened::Whole => {}
                Opened::Pushed => return Ok(()),
                Opened::Closed => return self.save(item.to_owned().unbind(), standing, true),
            }
        }
        self.leave_fast(list.as_any());
        drop(list);
        if let Some(Work::List(w)) = self.stack.pop() {
            self.close(w.list, c.standing.holding);
        }
        Ok(())
    }

    fn minds_list_growth(&self) -> PyResult<bool> {
        Ok(self.face == Face::Lean && Imports::get(self.py)?.behaviour.lean_notices_list_growth)
    }

    /// Begins the next batch; false when the list is done.
    fn open_list_batch(&mut self, c: &mut Cursor, len: usize) -> PyResult<bool> {
        let left = len.saturating_sub(c.next);
        // The hookable face has seen the end when its last batch was not full.
        let ended =
            self.face == Face::Hookable && self.has_batches() && !c.next.is_multiple_of(BATCH_SIZE);
        // The lean face does not look at a list of one again.
        let was_alone = self.face == Face::Lean && self.has_batches() && c.size == 1 && c.next == 1;
        if left == 0 || ended || was_alone {
            return Ok(false);
        }
        if !self.has_batches() {
            c.left_in_batch = 1;
            c.batch = Batch::Single;
            return Ok(true);
        }
        if left == 1 && (c.next == 0 || !self.marks_last_of_batch()?) {
            c.left_in_batch = 1;
            c.batch = Batch::Single;
            return Ok(true);
        }
        encode::encode_opcode(&mut self.out, Opcode::MARK)?;
        // The lean face sees a list that grows meanwhile; the batch is then filled from it.
        c.left_in_batch = if self.face == Face::Lean {
            BATCH_SIZE
        } else {
            left.min(BATCH_SIZE)
        };
        c.batch = Batch::Marked;
        Ok(true)
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
