//! Item five of a reduce value: dict items.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::fast::fresh::boxed;
use crate::fast::memo::Holding;
use crate::fast::object::{exact, is_held_once, reference_count};
use crate::fast::sequence::tuple_item;
use crate::hooks::{Walk, in_use};
use crate::interpreter::face::Face;
use crate::save::items::{Ahead, MAX_PARTS};
use crate::save::leaf::{Container, holding_of};
use crate::save::walk::MAX_STEP;
use crate::save::work::{Batch, Standing, Work};

/// Dict items that are being saved.
pub struct DictItems {
    pub owner: Option<Py<PyAny>>,
    /// The key whose value is being saved.
    pub saving_value_of: Option<Py<PyAny>>,
    pair: Option<Py<PyTuple>>,
    /// Which part of the pair is to be saved next: the key, 0, or the value, 1.
    waiting: Option<usize>,
    ahead: Ahead,
}

impl<'py> Walk<'py, '_> {
    /// Saves the dict items of a reduce value as far as they are leaves; false where more is to be
    /// done, by the work that is on the stack then.
    pub fn save_dict_items(
        &mut self,
        owner: Option<&Bound<'py, PyAny>>,
        items: &Bound<'py, PyAny>,
        inside: Standing,
    ) -> PyResult<bool> {
        let iterator = self.iterate(items)?;
        let mut w = DictItems {
            owner: owner.map(|o| o.clone().unbind()),
            saving_value_of: None,
            pair: None,
            waiting: None,
            ahead: Ahead::new(iterator, inside),
        };
        let complete = self.save_leaf_dict_items(&mut w);
        if let Ok(true) = complete {
            self.end_items(w.ahead)?;
        } else {
            // Where it failed, what is on the stack tells the path.
            self.push(Work::DictItems(boxed(w)?))?;
        }
        complete
    }

    pub fn step_dict_items(&mut self, mut w: Box<DictItems>) -> PyResult<()> {
        for _ in 0..MAX_PARTS {
            if let (Some(index), Some(pair)) = (w.waiting.take(), &w.pair) {
                let pair = pair.bind(self.py).clone();
                if index == 0 {
                    w.waiting = Some(1);
                } else {
                    w.saving_value_of = Some(pair.get_item(0)?.unbind());
                }
                let standing = self.part_standing(&pair, index, w.ahead.inside);
                let part = pair.get_item(index)?.unbind();
                drop(pair);
                self.push(Work::DictItems(w))?;
                if !self.save_item(part, standing)? {
                    return Ok(());
                }
                let Some(Work::DictItems(back)) = self.stack.pop() else {
                    return Err(in_use());
                };
                w = back;
                continue;
            }
            w.saving_value_of = None;
            if let Some(pair) = w.pair.take() {
                self.release(pair);
            }
            if self.save_leaf_dict_items(&mut w)? {
                return self.end_items(w.ahead);
            }
            if w.waiting.is_none() {
                break;
            }
        }
        self.push(Work::DictItems(w))
    }

    /// Saves pairs until a part is no leaf, or others are to get their turn; true when none is left.
    fn save_leaf_dict_items(&mut self, w: &mut DictItems) -> PyResult<bool> {
        for _ in 0..MAX_STEP {
            if w.ahead.batch == Batch::Closed && !self.open_batch(&mut w.ahead, true)? {
                return Ok(true);
            }
            if let Some(item) = self.next_item(&mut w.ahead)? {
                self.check_pair(&item)?;
                let pair = self.unpack(item)?;
                let leaves = self.save_leaf_pair(pair.bind(self.py))?;
                if leaves < 2 {
                    w.pair = Some(pair);
                    w.waiting = Some(leaves);
                    return Ok(false);
                }
                self.release(pair);
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
                return Ok(true);
            }
        }
        Ok(false)
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
    ) -> Standing {
        // The work item's reference, and the caller's.
        let ours = reference_count(pair.as_any().as_borrowed()) <= 2;
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

    pub fn check_pair(&self, item: &Py<PyAny>) -> PyResult<()> {
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
