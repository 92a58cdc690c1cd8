//! Items four and five of a reduce value: list items and dict items from iterators.

use std::collections::VecDeque;

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::exceptions::{PyMemoryError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::boxed;
use crate::fast::memo::Holding;
use crate::fast::object::{exact, is_held_once, reference_count};
use crate::fast::sequence::tuple_item;
use crate::hooks::Walk;
use crate::imports::Imports;
use crate::save::leaf::{Container, holding_of};
use crate::save::state::Face;
use crate::save::walk::MAX_STEP;
use crate::save::work::{BATCH_SIZE, Batch, Standing, Work};

/// What both kinds of items share: the iterator, and what was taken from it ahead.
pub struct Ahead {
    iterator: Py<PyAny>,
    taken: VecDeque<Py<PyAny>>,
    exhausted: bool,
    batch: Batch,
    left_in_batch: usize,
    inside: Standing,
}

pub struct ListItems {
    pub owner: Option<Py<PyAny>>,
    pub done: usize,
    started: bool,
    ahead: Ahead,
}

pub struct DictItems {
    pub owner: Option<Py<PyAny>>,
    /// The key whose value is being saved.
    pub saving_value_of: Option<Py<PyAny>>,
    pair: Option<Py<PyTuple>>,
    value_next: bool,
    ahead: Ahead,
}

impl Ahead {
    fn new(iterator: Py<PyAny>, inside: Standing) -> Self {
        Self {
            iterator,
            taken: VecDeque::new(),
            exhausted: false,
            batch: Batch::Closed,
            left_in_batch: 0,
            inside,
        }
    }
}

impl<'py> Walk<'py, '_> {
    /// Begins the list items of a reduce value.
    pub fn save_list_items(
        &mut self,
        owner: Option<&Bound<'py, PyAny>>,
        items: &Bound<'py, PyAny>,
        inside: Standing,
    ) -> PyResult<()> {
        let iterator = self.iterate(items)?;
        self.push(Work::ListItems(boxed(ListItems {
            owner: owner.map(|o| o.clone().unbind()),
            done: 0,
            started: false,
            ahead: Ahead::new(iterator, inside),
        })?))?;
        Ok(())
    }

    /// Begins the dict items of a reduce value.
    pub fn save_dict_items(
        &mut self,
        owner: Option<&Bound<'py, PyAny>>,
        items: &Bound<'py, PyAny>,
        inside: Standing,
    ) -> PyResult<()> {
        let iterator = self.iterate(items)?;
        self.push(Work::DictItems(boxed(DictItems {
            owner: owner.map(|o| o.clone().unbind()),
            saving_value_of: None,
            pair: None,
            value_next: false,
            ahead: Ahead::new(iterator, inside),
        })?))?;
        Ok(())
    }

    /// The lean face takes the iterator as it is; the hookable face takes any iterable.
    fn iterate(&mut self, items: &Bound<'py, PyAny>) -> PyResult<Py<PyAny>> {
        match self.face {
            Face::Lean => Ok(items.clone().unbind()),
            Face::Hookable => self.leave(|_| Ok(items.try_iter()?.into_any().unbind())),
        }
    }

    /// Takes the next item off the iterator, behind what was taken before.
    fn take_item(&mut self, ahead: &mut Ahead) -> PyResult<bool> {
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
                let reserved = ahead.taken.try_reserve(1);
                reserved.map_err(|_| PyMemoryError::new_err(()))?;
                ahead.taken.push_back(item.unbind());
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
    fn open_batch(&mut self, ahead: &mut Ahead, check: bool) -> PyResult<bool> {
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
            if check && self.face == Face::Lean && ahead.taken.len() == 1 {
                self.check_pair(&ahead.taken[0])?;
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
    fn next_item(&mut self, ahead: &mut Ahead) -> PyResult<Option<Py<PyAny>>> {
        if ahead.left_in_batch == 0 {
            return Ok(None);
        }
        if ahead.taken.is_empty() && self.face == Face::Lean && !self.take_item(ahead)? {
            return Ok(None);
        }
        ahead.left_in_batch -= 1;
        Ok(ahead.taken.pop_front())
    }

    /// How an item is held that came out of an iterator.
    fn item_standing(&self, item: &Py<PyAny>, inside: Standing) -> Standing {
        let item = item.bind(self.py).as_borrowed();
        let holding = if is_held_once(item) {
            Holding::Temporary
        } else {
            Holding::Shared
        };
        let part = inside.part(holding);
        // One reference is ours, the other that of an owner who was made during the dump.
        let alone = inside.within_made && reference_count(item) == 2;
        Standing {
            made: part.made || alone,
            ..part
        }
    }

    pub fn step_list_items(&mut self, mut w: Box<ListItems>) -> PyResult<()> {
        for _ in 0..MAX_STEP {
            let Some(item) = self.advance_list_items(&mut w)? else {
                return self.end_items(w.ahead);
            };
            let standing = self.item_standing(&item, w.ahead.inside);
            let part = item.bind(self.py).as_borrowed();
            if !self.save_leaf(part, exact(part), standing.holding)? {
                self.push(Work::ListItems(w))?;
                return self.save(item, standing, true);
            }
            self.close(item, standing.holding);
        }
        self.push(Work::ListItems(w))
    }

    fn advance_list_items(&mut self, w: &mut ListItems) -> PyResult<Option<Py<PyAny>>> {
        if w.started {
            w.done += 1;
            w.started = false;
        }
        loop {
            if w.ahead.batch == Batch::Closed && !self.open_batch(&mut w.ahead, false)? {
                return Ok(None);
            }
            if let Some(item) = self.next_item(&mut w.ahead)? {
                w.started = true;
                return Ok(Some(item));
            }
            let single = w.ahead.batch == Batch::Single;
            w.ahead.batch = Batch::Closed;
            let opcode = if single {
                Opcode::APPEND
            } else {
                Opcode::APPENDS
            };
            encode::encode_opcode(&mut self.out, opcode)?;
            if self.ends_here(&w.ahead)? {
                return Ok(None);
            }
        }
    }

    /// Lets the iterator go. Pairs may lie in the graph too, where one holder is left of what they hold.
    fn end_items(&mut self, ahead: Ahead) -> PyResult<()> {
        self.memo.claim();
        self.release(ahead.iterator);
        Ok(())
    }

    /// A batch that was not full was the last: on most releases the iterator is not asked again.
    fn ends_here(&self, ahead: &Ahead) -> PyResult<bool> {
        Ok(ahead.exhausted && ahead.taken.is_empty() && !self.asks_past_the_end()?)
    }

    fn asks_past_the_end(&self) -> PyResult<bool> {
        Ok(self.face == Face::Hookable
            && self.has_batches()
            && Imports::get(self.py)?.behaviour.hookable_asks_past_the_end)
    }

    pub fn step_dict_items(&mut self, mut w: Box<DictItems>) -> PyResult<()> {
        let py = self.py;
        if w.value_next {
            w.value_next = false;
            if let Some(pair) = &w.pair {
                let pair = pair.bind(py).clone();
                w.saving_value_of = Some(pair.get_item(0)?.unbind());
                let standing = self.part_standing(&pair, 1, w.ahead.inside, 2);
                let value = pair.get_item(1)?.unbind();
                drop(pair);
                self.push(Work::DictItems(w))?;
                return self.save(value, standing, true);
            }
        }
        w.saving_value_of = None;
        if let Some(pair) = w.pair.take() {
            self.release(pair);
        }
        for _ in 0..MAX_STEP {
            if w.ahead.batch == Batch::Closed && !self.open_batch(&mut w.ahead, true)? {
                return self.end_items(w.ahead);
            }
            if let Some(item) = self.next_item(&mut w.ahead)? {
                self.check_pair(&item)?;
                let pair = self.unpack(item)?;
                let standing = self.part_standing(pair.bind(py), 0, w.ahead.inside, 1);
                match self.save_leaf_pair(pair.bind(py))? {
                    2 => self.release(pair),
                    1 => {
                        w.pair = Some(pair);
                        w.value_next = true;
                        return self.push(Work::DictItems(w));
                    }
                    _ => {
                        let key = pair.bind(py).get_item(0)?.unbind();
                        w.pair = Some(pair);
                        w.value_next = true;
                        self.push(Work::DictItems(w))?;
                        return self.save(key, standing, true);
                    }
                }
                continue;
            }
            let single = w.ahead.batch == Batch::Single;
            w.ahead.batch = Batch::Closed;
            let opcode = if single {
                Opcode::SETITEM
            } else {
                Opcode::SETITEMS
            };
            encode::encode_opcode(&mut self.out, opcode)?;
            if self.ends_here(&w.ahead)? {
                return self.end_items(w.ahead);
            }
        }
        self.push(Work::DictItems(w))
    }

    /// Writes the leaves that a pair begins with, which nobody is asked about, and says how many.
    fn save_leaf_pair(&mut self, pair: &Bound<'py, PyTuple>) -> PyResult<usize> {
        let container = if is_held_once(pair.as_any().as_borrowed()) {
            Container::Temporary
        } else {
            Container::Open
        };
        for index in 0..2 {
            let Some(part) = tuple_item(pair, index) else {
                return Ok(index);
            };
            if !self.save_leaf(part, exact(part), holding_of(container, part))? {
                return Ok(index);
            }
        }
        Ok(2)
    }

    fn part_standing(
        &self,
        pair: &Bound<'py, PyTuple>,
        index: usize,
        inside: Standing,
        holders: isize,
    ) -> Standing {
        let ours = reference_count(pair.as_any().as_borrowed()) <= holders;
        let item = tuple_item(pair, index);
        let holding = match item {
            Some(item) if ours => holding_of(Container::Temporary, item),
            _ => Holding::Shared,
        };
        let part = inside.part(holding);
        // As for list items: one reference is the pair's, whoever holds the pair (the iterator of a
        // dict keeps it for use again).
        let alone = inside.within_made && item.is_some_and(|item| reference_count(item) == 2);
        Standing {
            made: part.made || alone,
            ..part
        }
    }

    fn check_pair(&self, item: &Py<PyAny>) -> PyResult<()> {
        if self.face == Face::Hookable {
            return Ok(());
        }
        match item.bind(self.py).cast::<PyTuple>() {
            Ok(pair) if pair.len() == 2 => Ok(()),
            _ => Err(PyTypeError::new_err(
                "dict items iterator must return 2-tuples",
            )),
        }
    }

    /// The pair as a tuple: the hookable face unpacks whatever can be.
    fn unpack(&mut self, item: Py<PyAny>) -> PyResult<Py<PyTuple>> {
        let py = self.py;
        let item = item.into_bound(py);
        let item = match item.cast_into::<PyTuple>() {
            Ok(pair) if pair.len() == 2 => return Ok(pair.unbind()),
            Ok(other) => other.into_any(),
            Err(error) => error.into_inner(),
        };
        self.leave(|py| {
            let parts = item.try_iter().map_err(|error| {
                if error.is_instance_of::<PyTypeError>(py) {
                    let name = item
                        .get_type()
                        .name()
                        .map_or_else(|_| String::new(), |n| n.to_string());
                    PyTypeError::new_err(format!("cannot unpack non-iterable {name} object"))
                } else {
                    error
                }
            })?;
            let parts = parts.take(3).collect::<PyResult<Vec<_>>>()?;
            match parts.len() {
                2 => Ok(PyTuple::new(py, parts)?.unbind()),
                3 => Err(PyValueError::new_err(
                    "too many values to unpack (expected 2)",
                )),
                n => Err(PyValueError::new_err(format!(
                    "not enough values to unpack (expected 2, got {n})"
                ))),
            }
        })
    }
}
