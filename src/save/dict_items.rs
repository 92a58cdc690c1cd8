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
use crate::hooks::Walk;
use crate::save::items::Ahead;
use crate::save::leaf::{Container, holding_of};
use crate::save::state::Face;
use crate::save::walk::MAX_STEP;
use crate::save::work::{Batch, Standing, Work};

/// Dict items that are being saved.
pub struct DictItems {
    pub owner: Option<Py<PyAny>>,
    /// The key whose value is being saved.
    pub saving_value_of: Option<Py<PyAny>>,
    pair: Option<Py<PyTuple>>,
    value_next: bool,
    ahead: Ahead,
}

impl<'py> Walk<'py, '_> {
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
