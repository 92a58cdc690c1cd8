//! Items four and five of a reduce value: what iterators yield, batch by batch.

use std::collections::VecDeque;

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

use crate::hooks::Walk;
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::save::walk::Opened;
use crate::save::work::{BATCH_SIZE, Batch, Standing};

/// Items that are no leaves, or parts of them, which one step writes before others get their turn.
pub const MAX_PARTS: usize = 16;

/// Items that were taken ahead, in order. Two, which is what the lean face takes, need no memory of
/// their own.
#[derive(Default)]
pub struct Taken {
    first: Option<Py<PyAny>>,
    second: Option<Py<PyAny>>,
    more: VecDeque<Py<PyAny>>,
}

impl Taken {
    pub fn len(&self) -> usize {
        usize::from(self.first.is_some()) + usize::from(self.second.is_some()) + self.more.len()
    }

    fn push(&mut self, item: Py<PyAny>) -> PyResult<()> {
        match (&self.first, &self.second) {
            (None, _) => self.first = Some(item),
            (_, None) => self.second = Some(item),
            _ => {
                let reserved = self.more.try_reserve(1);
                reserved.map_err(|_| PyMemoryError::new_err(()))?;
                self.more.push_back(item);
            }
        }
        Ok(())
    }

    fn pop(&mut self) -> Option<Py<PyAny>> {
        let item = self.first.take();
        self.first = self.second.take();
        self.second = self.more.pop_front();
        item
    }
}

/// What both kinds of items share: the iterator, and what was taken from it ahead.
pub struct Ahead {
    pub iterator: Py<PyAny>,
    pub taken: Taken,
    pub exhausted: bool,
    pub batch: Batch,
    pub left_in_batch: usize,
    pub inside: Standing,
}

impl Ahead {
    pub fn new(iterator: Py<PyAny>, inside: Standing) -> Self {
        Self {
            iterator,
            taken: Taken::default(),
            exhausted: false,
            batch: Batch::Closed,
            left_in_batch: 0,
            inside,
        }
    }
}

impl<'py> Walk<'py, '_> {
    /// The lean face takes the iterator as it is; the hookable face takes any iterable.
    pub fn iterate(&mut self, items: &Bound<'py, PyAny>) -> PyResult<Py<PyAny>> {
        match self.face {
            Face::Lean => Ok(items.clone().unbind()),
            Face::Hookable => self.leave(|_| Ok(items.try_iter()?.into_any().unbind())),
        }
    }

    /// Takes the next item off the iterator, behind what was taken before.
    pub fn take_item(&mut self, ahead: &mut Ahead) -> PyResult<bool> {
        if ahead.exhausted {
            return Ok(false);
        }
        let iterator = ahead.iterator.clone_ref(self.py);
        let next = self.leave(|py| {
            let mut iterator = iterator
                .into_bound(py)
                .cast_into::<pyo3::types::PyIterator>()?;
            iterator.next().transpose()
        })?;
        match next {
            Some(item) => {
                ahead.taken.push(item.unbind())?;
                Ok(true)
            }
            None => {
                ahead.exhausted = true;
                Ok(false)
            }
        }
    }

    /// Opens a batch; false when no item is left.
    ///
    /// The lean face looks one item ahead, the hookable face takes the whole batch.
    pub fn open_batch(&mut self, ahead: &mut Ahead, check: bool) -> PyResult<bool> {
        if !self.has_batches() {
            let more = self.take_item(ahead)?;
            ahead.batch = Batch::Single;
            ahead.left_in_batch = 1;
            return Ok(more);
        }
        if self.asks_past_the_end()? {
            ahead.exhausted = false;
        }
        let wanted = if self.face == Face::Lean {
            2
        } else {
            BATCH_SIZE
        };
        while ahead.taken.len() < wanted && self.take_item(ahead)? {
            if let (true, Face::Lean, 1, Some(first)) =
                (check, self.face, ahead.taken.len(), &ahead.taken.first)
            {
                self.check_pair(first)?;
            }
        }
        match ahead.taken.len() {
            0 => return Ok(false),
            1 => ahead.batch = Batch::Single,
            _ => {
                ahead.batch = Batch::Marked;
                encode::encode_opcode(&mut self.out, Opcode::MARK)?;
            }
        }
        ahead.left_in_batch = if ahead.batch == Batch::Single {
            1
        } else {
            BATCH_SIZE
        };
        Ok(true)
    }

    /// The next item of the open batch, or None when the batch is full or nothing is left.
    pub fn next_item(&mut self, ahead: &mut Ahead) -> PyResult<Option<Py<PyAny>>> {
        if ahead.left_in_batch == 0 {
            return Ok(None);
        }
        if ahead.taken.len() == 0 && self.face == Face::Lean && !self.take_item(ahead)? {
            return Ok(None);
        }
        ahead.left_in_batch -= 1;
        Ok(ahead.taken.pop())
    }

    /// Saves an item, or a part of one; true where it is written whole. Else the rest is on the stack.
    pub fn save_item(&mut self, part: Py<PyAny>, standing: Standing) -> PyResult<bool> {
        let passages = self.passages;
        let opened = self.open_part(&part, standing)?;
        match opened {
            Opened::Closed => {
                self.save(part, standing, true)?;
                return Ok(false);
            }
            Opened::Whole | Opened::Pushed => {
                self.end_saving(part, standing.holding, passages);
            }
        }
        Ok(matches!(opened, Opened::Whole))
    }

    /// Lets the iterator go. Pairs may lie in the graph too, where one holder is left of what they hold.
    pub fn end_items(&mut self, ahead: Ahead) -> PyResult<()> {
        self.memo.claim();
        self.release(ahead.iterator);
        Ok(())
    }

    /// A batch that was not full was the last: on most releases the iterator is not asked again.
    pub fn ends_here(&self, ahead: &Ahead) -> PyResult<bool> {
        Ok(ahead.exhausted && ahead.taken.len() == 0 && !self.asks_past_the_end()?)
    }

    pub fn asks_past_the_end(&self) -> PyResult<bool> {
        Ok(self.face == Face::Hookable
            && self.has_batches()
            && Imports::get(self.py)?.behaviour.hookable_asks_past_the_end)
    }
}
