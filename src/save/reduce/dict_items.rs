//! Item five of a reduce value: pairs to be set.

use pickle_format::opcode::Opcode;

use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Tuple, View};
use crate::save::containers::elements::{Begin, Elements, Part};
use crate::save::fault::Fault;
use crate::save::reduce::taken::Taken;
use crate::save::standing::{Container, Standing};
use crate::save::write::writer::Writer;

/// The dict items of an object that is being rebuilt.
pub struct ReducedEntries {
    pub taken: Taken,
    /// The pair that is being saved.
    pair: Option<Held>,
    /// Which part of it comes next, the key, 0, or the value, 1; 2 once both are written.
    next: usize,
}

impl ReducedEntries {
    pub fn new(taken: Taken) -> Self {
        Self {
            taken,
            pair: None,
            next: 0,
        }
    }

    /// The pair whose value is being saved, for the path of an error.
    pub fn pair_in_path(&self) -> Option<&Held> {
        self.pair.as_ref().filter(|_| self.next == 2)
    }
}

/// An item, if it is a pair that nobody has to be asked to unpack.
pub fn as_pair(item: View<'_>) -> Option<Tuple<'_>> {
    item.as_tuple().filter(|tuple| tuple.len() == 2)
}

/// What a pair says of its parts.
fn container_of(pair: View<'_>) -> Container {
    if pair.is_held_once() {
        Container::Temporary
    } else {
        Container::Open
    }
}

fn standing_of(part: View<'_>, container: Container, inside: Standing) -> Standing {
    let standing = inside.part(container.holding(part, 0));
    // One reference is the pair's, the other that of an owner who was made during the dump. The pair itself may
    // have another holder: the iterator of a dict keeps it, to fill it again.
    let alone = inside.within_made && part.has_others(1) && !part.has_others(2);
    Standing {
        made: standing.made || alone,
        ..standing
    }
}

impl Elements for ReducedEntries {
    const CLOSE: [Opcode; 2] = [Opcode::SETITEM, Opcode::SETITEMS];

    fn resume(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<Option<Held>, Fault> {
        if self.next < 2 {
            return Ok(None);
        }
        self.next = 0;
        let pair = self.pair.take();
        // What the pair holds may be left with one holder.
        writer.memo.claim();
        Ok(pair.filter(|pair| pair.view(quiet).is_released_loudly()))
    }

    fn begin(&mut self, writer: &mut Writer, _: &Quiet) -> Result<Begin, Fault> {
        Ok(self.taken.begin(writer))
    }

    fn write_leaves(
        &mut self,
        writer: &mut Writer,
        left: usize,
        quiet: &Quiet,
    ) -> Result<usize, Fault> {
        if self.pair.is_some() {
            return Ok(0);
        }
        let mut written = 0;
        while written < left
            && let Some(item) = self.taken.first()
            && let Some(pair) = as_pair(item.view(quiet))
        {
            let container = container_of(pair.object());
            for index in 0..2 {
                let part = pair.item(index);
                if !part.map_or(Ok(false), |part| writer.write_leaf(part, container, 0))? {
                    (self.pair, self.next) = (self.taken.pop(), index);
                    return Ok(written);
                }
            }
            written += 1;
            if pair.object().is_held_once() {
                // What it holds may be left with one holder.
                writer.memo.claim();
            }
            match self.taken.pop() {
                Some(pair) if pair.view(quiet).is_released_loudly() => {
                    (self.pair, self.next) = (Some(pair), 2);
                    return Ok(written);
                }
                _ => {}
            }
        }
        Ok(written)
    }

    fn next<'q>(
        &mut self,
        writer: &mut Writer,
        quiet: &'q Quiet,
    ) -> Result<(Part<'q>, bool), Fault> {
        if self.next == 2
            && let Some(pair) = self.pair.take()
        {
            self.next = 0;
            return Ok((Part::Release(pair), false));
        }
        if self.pair.is_none() {
            if self.taken.needs_more(writer) {
                return Ok((Part::Advance, false));
            }
            match self.taken.first() {
                None => return Ok((Part::End, false)),
                Some(item) if as_pair(item.view(quiet)).is_none() => {
                    return Ok((Part::Advance, false));
                }
                Some(_) => (self.pair, self.next) = (self.taken.pop(), 0),
            }
        }
        let Some(pair) = self
            .pair
            .as_ref()
            .and_then(|pair| as_pair(pair.view(quiet)))
        else {
            return Ok((Part::End, false));
        };
        let Some(part) = pair.item(self.next) else {
            return Ok((Part::End, false));
        };
        self.next += 1;
        let container = container_of(pair.object());
        // A value behind a key that was no leaf was not tried yet.
        if writer.write_leaf(part, container, 0)? {
            return Ok((Part::Written, self.next == 2));
        }
        let standing = standing_of(part, container, self.taken.inside);
        Ok((Part::Seen(part, standing), self.next == 2))
    }
}
