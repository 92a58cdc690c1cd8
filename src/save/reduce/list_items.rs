//! Item four of a reduce value: items to be appended.

use pickle_format::opcode::Opcode;

use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::save::containers::elements::{Begin, Elements, Part};
use crate::save::fault::Fault;
use crate::save::reduce::taken::Taken;
use crate::save::standing::{Container, Standing};
use crate::save::write::writer::Writer;

/// The list items of an object that is being rebuilt.
pub struct ReducedItems {
    pub taken: Taken,
    /// Items that are saved, for the path of an error.
    pub done: usize,
    /// The item that is being saved, or was last.
    item: Option<Held>,
}

impl ReducedItems {
    pub fn new(taken: Taken) -> Self {
        Self {
            taken,
            done: 0,
            item: None,
        }
    }
}

/// How an item is held that came out of an iterator, and is held by one reference of ours.
fn standing_of(item: View<'_>, inside: Standing) -> Standing {
    let part = inside.part(Container::Temporary.holding(item, 0));
    // One reference is ours, the other that of an owner who was made during the dump.
    let alone = inside.within_made && item.has_others(1) && !item.has_others(2);
    Standing {
        made: part.made || alone,
        ..part
    }
}

impl Elements for ReducedItems {
    const CLOSE: [Opcode; 2] = [Opcode::APPEND, Opcode::APPENDS];

    fn resume(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<Option<Held>, Fault> {
        let Some(item) = self.item.take() else {
            return Ok(None);
        };
        self.done += 1;
        // An item that the next one holds too is left with one holder.
        writer.close(item.view(quiet), Holding::Shared);
        Ok(Some(item).filter(|item| item.view(quiet).is_released_loudly()))
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
        let mut written = 0;
        while written < left
            && let Some(item) = self.taken.first()
        {
            let item = item.view(quiet);
            if !writer.write_leaf(item, Container::Temporary, 0)? {
                break;
            }
            let holding = Container::Temporary.holding(item, 0);
            writer.close(item, holding);
            drop(self.taken.pop());
            written += 1;
        }
        self.done += written;
        Ok(written)
    }

    fn next<'q>(
        &mut self,
        writer: &mut Writer,
        quiet: &'q Quiet,
    ) -> Result<(Part<'q>, bool), Fault> {
        if self.taken.needs_more(writer) {
            return Ok((Part::Advance, false));
        }
        let Some(item) = self.taken.pop() else {
            return Ok((Part::End, false));
        };
        let part = item.view(quiet);
        self.item = Some(item);
        Ok((Part::Seen(part, standing_of(part, self.taken.inside)), true))
    }
}
