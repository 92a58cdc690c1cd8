//! What was taken from an iterator of a reduce value ahead of being saved.

use std::collections::VecDeque;

use crate::fast::held::Held;
use crate::interpreter::face::Face;
use crate::save::containers::elements::{BATCH_SIZE, Begin};
use crate::save::fault::Fault;
use crate::save::standing::Standing;
use crate::save::write::writer::Writer;

/// An iterator, and the items that were taken from it, in order.
pub struct Taken {
    pub iterator: Held,
    /// The object whose items they are, for the path of an error.
    pub owner: Option<Held>,
    /// The standing of the reduce value whose part the iterator is.
    pub inside: Standing,
    ahead: VecDeque<Held>,
    pub exhausted: bool,
    /// Whether the batch that is to begin is being filled.
    filling: bool,
    /// Whether items go in batches, as the pickler's `bin` said when they were begun.
    has_batches: bool,
    /// Whether the iterator is asked again after a batch that was not full, as the Python class does on
    /// some releases.
    asks_past_the_end: bool,
}

impl Taken {
    pub fn new(
        iterator: Held,
        owner: Option<Held>,
        inside: Standing,
        has_batches: bool,
        asks_past_the_end: bool,
    ) -> Self {
        Self {
            iterator,
            owner,
            inside,
            ahead: VecDeque::new(),
            exhausted: false,
            filling: false,
            has_batches,
            asks_past_the_end,
        }
    }

    /// Items that are to be at hand before the next thing can be done: the lean face looks one item
    /// ahead at the beginning of a batch, the hookable face takes the whole batch.
    pub fn wanted(&self, writer: &Writer) -> usize {
        match writer.face {
            _ if !self.has_batches => 1,
            Face::Lean if self.filling => 2,
            Face::Lean => 1,
            Face::Hookable => BATCH_SIZE,
        }
    }

    /// Items at hand.
    pub fn len(&self) -> usize {
        self.ahead.len()
    }

    /// The next item at hand.
    pub fn first(&self) -> Option<&Held> {
        self.ahead.front()
    }

    /// Puts another item in the first one's place.
    pub fn replace_first(&mut self, item: Held) -> Option<Held> {
        Some(std::mem::replace(self.ahead.front_mut()?, item))
    }

    /// Puts an item behind those at hand.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn push(&mut self, item: Held) -> Result<(), Fault> {
        self.ahead.try_reserve(1).map_err(|_| Fault::NoMemory)?;
        self.ahead.push_back(item);
        Ok(())
    }

    /// Takes the next item at hand.
    pub fn pop(&mut self) -> Option<Held> {
        self.ahead.pop_front()
    }

    /// How the next batch begins.
    pub fn begin(&mut self, writer: &Writer) -> Begin {
        if !self.filling {
            // A batch that was not full was the last: on most releases the iterator is not asked again.
            if self.asks_past_the_end {
                self.exhausted = false;
            }
            self.filling = true;
        }
        if self.len() < self.wanted(writer) && !self.exhausted {
            return Begin::Advance;
        }
        self.filling = false;
        match self.len() {
            0 => Begin::End,
            _ if !self.has_batches => Begin::Single,
            1 => Begin::Single,
            _ => Begin::Marked(BATCH_SIZE),
        }
    }

    /// Whether an item has to be taken before the open batch can go on.
    pub fn needs_more(&self, writer: &Writer) -> bool {
        self.ahead.is_empty() && writer.face == Face::Lean && self.has_batches && !self.exhausted
    }

    /// Whether a batch is being filled, and no item was saved since.
    pub fn is_filling(&self) -> bool {
        self.filling
    }
}
