//! Item four of a reduce value: list items.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::prelude::*;

use crate::fast::fresh::boxed;
use crate::fast::memo::Holding;
use crate::fast::object::{exact, is_held_once, reference_count};
use crate::hooks::Walk;
use crate::save::items::Ahead;
use crate::save::walk::MAX_STEP;
use crate::save::work::{Batch, Standing, Work};

/// List items that are being saved.
pub struct ListItems {
    pub owner: Option<Py<PyAny>>,
    pub done: usize,
    started: bool,
    ahead: Ahead,
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
}
