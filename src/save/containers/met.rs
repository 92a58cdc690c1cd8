//! The parts of an open batch one by one, for a walk that asks somebody about each of them, whatever it is.
//!
//! `Batched::step` does the same and more. What is left of it here is a batch that is open, of a container that is as it
//! was: then few instructions go by for each part.

use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Dict, List};
use crate::save::containers::batch::Batched;
use crate::save::containers::dict::DictEntries;
use crate::save::containers::dict_place::Within;
use crate::save::containers::elements::{BATCH_SIZE, Elements};
use crate::save::containers::list::ListItems;
use crate::save::containers::tuple::TupleItems;
use crate::save::fault::Fault;
use crate::save::standing::{Container, Standing};
use crate::save::write::writer::Writer;

/// A part that was met.
pub struct Met {
    pub obj: Held,
    /// How many references the walk holds to it.
    ours: u8,
    alone: Alone,
    /// Whether the rest of the open batch may still have to be taken out of the container.
    pub is_live: bool,
    /// Whether it is the last part of its element.
    is_last: bool,
}

impl Met {
    /// How many references the walk holds to it.
    #[inline(always)]
    pub fn ours(&self) -> usize {
        self.ours.into()
    }
}

/// Who held a part when it was met.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Alone {
    /// Others beside its container, or there may be some.
    No,
    /// Its container alone; but Python code may have met it.
    Seen,
    /// Its container alone.
    Yes,
}

impl Alone {
    /// Of a part to which the walk has so many references.
    #[inline(always)]
    fn of(part: &Held, ours: u8, seen: bool, quiet: &Quiet) -> Self {
        if part.view(quiet).has_others(1 + usize::from(ours)) {
            Self::No
        } else if seen {
            Self::Seen
        } else {
            Self::Yes
        }
    }

    /// The standing of a part of a container.
    fn standing(self, container: Standing, parts: Container) -> Standing {
        match self {
            Self::No => container.part_held(Holding::Shared, false),
            Self::Seen => container.part_held(Holding::Shared, true),
            Self::Yes => container.part(parts.holding_alone()),
        }
    }
}

/// A container whose parts are met one by one.
pub trait Meets: Elements {
    /// The next part of the open batch; None, with nothing done, where `Elements::resume` or `Elements::next` has to see
    /// to it.
    fn meet(&mut self, quiet: &Quiet) -> Option<Met>;

    /// The standing of a part that was met last.
    fn standing_of(&self, part: &Met) -> Standing;

    /// Whether the one batch of the container was met, that is as it was, and nothing has to be given up.
    fn ends(&self, quiet: &Quiet) -> bool;
}

impl<E: Meets> Batched<E> {
    /// The part that `step` would give next, where the writer is not `direct`; None, with nothing done, where there may
    /// be more to do before.
    #[inline(always)]
    pub fn meet(&mut self, quiet: &Quiet) -> Option<Met> {
        if self.left == 0 {
            return None;
        }
        let part = self.elements.meet(quiet)?;
        self.left -= usize::from(part.is_last);
        Some(part)
    }

    /// Writes what closes a container of which all was met, as `step` would; false, with nothing done, where there may be
    /// more to do before.
    ///
    /// # Errors
    /// What writing fails with.
    #[inline(always)]
    pub fn end(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<bool, Fault> {
        if !self.is_open() || !self.elements.ends(quiet) {
            return Ok(false);
        }
        self.close_batch(writer)?;
        self.elements.finish(writer, quiet)?;
        Ok(true)
    }
}

impl Meets for ListItems {
    #[inline(always)]
    fn meet(&mut self, quiet: &Quiet) -> Option<Met> {
        let seen = self.ahead.is_some();
        let obj = match &mut self.ahead {
            // What becomes of the list meanwhile is seen after the batch.
            Some(ahead) => ahead.next()?,
            None => {
                let list = self.view(quiet)?;
                if list.len() != self.size {
                    return None;
                }
                list.item(self.next)?.hold()
            }
        };
        self.next += 1;
        Some(Met {
            alone: Alone::of(&obj, 1, seen, quiet),
            obj,
            ours: 1,
            is_live: !seen,
            is_last: true,
        })
    }

    fn standing_of(&self, part: &Met) -> Standing {
        let parts = Container::memoized_first(self.standing.holding);
        part.alone.standing(self.standing, parts)
    }

    #[inline(always)]
    fn ends(&self, quiet: &Quiet) -> bool {
        let is_same = |list: List<'_>| list.len() == self.size;
        (self.has_batches & (self.next == self.size) & (self.size < BATCH_SIZE))
            && self.view(quiet).is_some_and(is_same)
    }
}

impl Meets for TupleItems {
    #[inline(always)]
    fn meet(&mut self, quiet: &Quiet) -> Option<Met> {
        let obj = self.view(quiet)?.item(self.next)?.hold();
        self.next += 1;
        Some(Met {
            alone: Alone::of(&obj, 1, false, quiet),
            obj,
            ours: 1,
            is_live: false,
            is_last: true,
        })
    }

    fn standing_of(&self, part: &Met) -> Standing {
        let parts = Container::memoized_last(self.standing.holding);
        let alone = part.alone == Alone::Yes;
        let held = if alone {
            parts.holding_alone()
        } else {
            Holding::Shared
        };
        self.standing.part_held(held, alone)
    }

    fn ends(&self, _: &Quiet) -> bool {
        // It is memoized only now, if it was not in the meantime.
        false
    }
}

impl Meets for DictEntries {
    #[inline(always)]
    fn meet(&mut self, quiet: &Quiet) -> Option<Met> {
        // What becomes of the dict after a batch was taken out of it is seen behind that.
        if self.ahead.is_none() && self.view(quiet)?.len() != self.place.size {
            return None;
        }
        match self.place.within {
            Within::Key => self.meet_value(quiet),
            Within::WrittenKey { .. } => None,
            Within::Nothing | Within::Value => self.meet_key(quiet),
        }
    }

    fn standing_of(&self, part: &Met) -> Standing {
        let (keys, _) = self.place.containers();
        part.alone.standing(self.place.standing, keys)
    }

    #[inline(always)]
    fn ends(&self, quiet: &Quiet) -> bool {
        let place = &self.place;
        let is_same = |dict: Dict<'_>| dict.len() == place.size;
        let is_loud = |held: &Held| held.view(quiet).is_released_loudly();
        (self.has_batches & (place.done + 1 == place.size) & (place.size < BATCH_SIZE))
            && place.within == Within::Value
            && self.view(quiet).is_some_and(is_same)
            && !self
                .entry
                .as_ref()
                .is_some_and(|(key, value)| is_loud(key) || is_loud(value))
    }
}

impl DictEntries {
    #[inline(always)]
    fn meet_key(&mut self, quiet: &Quiet) -> Option<Met> {
        if let Some((key, value)) = &self.entry
            && (key.view(quiet).is_held_once() || value.view(quiet).is_held_once())
        {
            // One that was taken out of the dict meanwhile has to be given up as such.
            return None;
        }
        let seen = self.ahead.is_some();
        let entry = match &mut self.ahead {
            Some(ahead) => {
                let key = ahead.next()?;
                (key, ahead.next()?)
            }
            None => {
                let mut position = self.place.position;
                let (key, value) = self.view(quiet)?.next(&mut position)?;
                (self.place.start, self.place.position) = (self.place.position, position);
                (key.hold(), value.hold())
            }
        };
        if self.place.within == Within::Value {
            self.place.done += 1;
        }
        self.place.within = Within::Key;
        let obj = entry.0.again(quiet);
        self.entry = Some(entry);
        Some(Met {
            alone: Alone::of(&obj, 2, seen, quiet),
            obj,
            ours: 2,
            is_live: !seen,
            is_last: false,
        })
    }

    #[inline(always)]
    fn meet_value(&mut self, quiet: &Quiet) -> Option<Met> {
        let (_, value) = self.entry.as_ref()?;
        let obj = value.again(quiet);
        self.place.within = Within::Value;
        Some(Met {
            alone: Alone::of(&obj, 2, true, quiet),
            obj,
            ours: 2,
            is_live: self.ahead.is_none(),
            is_last: true,
        })
    }
}
