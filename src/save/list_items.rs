//! Item four of a reduce value: list items.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::prelude::*;

use crate::fast::fresh::boxed;
use crate::fast::memo::Holding;
use crate::fast::object::{exact, is_held_once, reference_count};
use crate::hooks::{Walk, in_use};
use crate::save::items::{Ahead, MAX_PARTS};
use crate::save::walk::MAX_STEP;
use crate::save::work::{Batch, Standing, Work};

/// List items that are being saved.
pub struct ListItems {
    pub owner: Option<Py<PyAny>>,
    pub done: usize,
    started: bool,
    /// An item that is no leaf, to be saved next.
    waiting: Option<Py<PyAny>>,
    ahead: Ahead,
}

impl<'py> Walk<'py, '_> {
    /// Saves the list items of a reduce value as far as they are leaves; false where more is to be
    /// done, by the work that is on the stack then.
    pub fn save_list_items(
        &mut self,
        owner: Option<&Bound<'py, PyAny>>,
        items: &Bound<'py, PyAny>,
        inside: Standing,
    ) -> PyResult<bool> {
        let iterator = self.iterate(items)?;
        let mut w = ListItems {
            owner: owner.map(|o| o.clone().unbind()),
            done: 0,
            started: false,
            waiting: None,
            ahead: Ahead::new(iterator, inside),
        };
        let complete = self.save_leaf_list_items(&mut w);
        if let Ok(true) = complete {
            self.end_items(w.ahead)?;
        } else {
            // Where it failed, what is on the stack tells the path.
            self.push(Work::ListItems(boxed(w)?))?;
        }
        complete
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
        for _ in 0..MAX_PARTS {
            if let Some(item) = w.waiting.take() {
                let standing = self.item_standing(&item, w.ahead.inside);
                self.push(Work::ListItems(w))?;
                if !self.save_item(item, standing)? {
                    return Ok(());
                }
                let Some(Work::ListItems(back)) = self.stack.pop() else {
                    return Err(in_use());
                };
                w = back;
            }
            if self.save_leaf_list_items(&mut w)? {
                return self.end_items(w.ahead);
            }
            if w.waiting.is_none() {
                break;
            }
        }
        self.push(Work::ListItems(w))
    }

    /// Saves items until one is no leaf, or others are to get their turn; true when none is left.
    fn save_leaf_list_items(&mut self, w: &mut ListItems) -> PyResult<bool> {
        for _ in 0..MAX_STEP {
            let Some(item) = self.advance_list_items(w)? else {
                return Ok(true);
            };
            let standing = self.item_standing(&item, w.ahead.inside);
            let part = item.bind(self.py).as_borrowed();
            if !self.save_leaf(part, exact(part), standing.holding)? {
                w.waiting = Some(item);
                return Ok(false);
            }
            self.close(item, standing.holding);
        }
        Ok(false)
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
}
