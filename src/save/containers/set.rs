//! Exact sets and frozensets, from protocol 4 on.

use pickle_format::opcode::Opcode;

use super::ahead::{Ahead, Rooms};
use super::batch::{Batched, Rest};
use super::elements::{BATCH_SIZE, Begin, Elements, Part};
use super::tuple::has_others_than_container;
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Kind, Set, View};
use crate::interpreter::face::Face;
use crate::save::fault::Fault;
use crate::save::standing::{Container, Standing};
use crate::save::write::writer::Writer;

/// The elements of an open set or frozenset.
pub struct SetElements<const FROZEN: bool> {
    set: Held,
    position: isize,
    done: usize,
    /// The set's size when it was opened.
    size: usize,
    standing: Standing,
    /// `Writer::passages` when it was opened.
    passages: u64,
    /// The rest of the open batch, if it was taken out of the set.
    ahead: Option<Ahead>,
}

impl<const FROZEN: bool> SetElements<FROZEN> {
    /// The object, and how it was held when it was met.
    pub fn container(&self) -> (&Held, Holding) {
        (&self.set, self.standing.holding)
    }

    /// The object, once it is written.
    pub fn into_container(self) -> Held {
        self.set
    }

    fn view<'q>(&self, quiet: &'q Quiet) -> Option<Set<'q>> {
        match self.set.view(quiet).kind() {
            Kind::Set(set) | Kind::FrozenSet(set) => Some(set),
            _ => None,
        }
    }

    /// What the set's standing says of its elements.
    fn parts(&self) -> Container {
        if FROZEN {
            Container::memoized_last(self.standing.holding)
        } else {
            Container::memoized_first(self.standing.holding)
        }
    }

    /// For the path of an error.
    pub fn note(&self) -> String {
        let kind = if FROZEN { "frozenset" } else { "set" };
        format!("when serializing {kind} element")
    }
}

/// Writes a set or frozenset as far as its elements are leaves.
///
/// # Errors
/// What writing fails with; `Endless`.
pub fn open_set<const FROZEN: bool>(
    obj: View<'_>,
    set: Set<'_>,
    standing: Standing,
    writer: &mut Writer,
) -> Result<Rest<SetElements<FROZEN>>, Fault> {
    let chain = standing.deepen()?.chain;
    let size = set.len();
    if FROZEN {
        writer.opcode(Opcode::MARK)?;
    } else {
        writer.opcode(Opcode::EMPTY_SET)?;
        writer.memoize(obj, standing.holding)?;
        if size == 0 {
            return Ok(Rest::Nothing);
        }
    }
    // In `fast` mode a set is not looked for on the path, so it ends no chain.
    let chain = if FROZEN || writer.fast {
        chain.max(standing.chain)
    } else {
        chain
    };
    let mut elements = SetElements {
        set: obj.hold(),
        position: 0,
        done: 0,
        size,
        standing: Standing { chain, ..standing },
        passages: writer.passages,
        ahead: None,
    };
    let mut batch = FROZEN.then_some((false, usize::MAX));
    // What fits in one batch ends the same way on every release.
    if size < BATCH_SIZE && writer.direct {
        if !FROZEN {
            writer.opcode(Opcode::MARK)?;
        }
        let parts = elements.parts();
        elements.done = writer.write_elements(set, &mut elements.position, size, parts)?;
        if elements.done == size {
            if FROZEN {
                close(obj, standing.holding, writer)?;
            } else {
                writer.opcode(Opcode::ADDITEMS)?;
            }
            return Ok(Rest::Nothing);
        }
        if !FROZEN {
            batch = Some((false, size - elements.done));
        }
    }
    Ok(Rest::Elements(Batched::within(elements, batch)))
}

/// Makes the frozenset of what was written, and memoizes it; or fetches it, where it was saved on the way.
fn close(obj: View<'_>, holding: Holding, writer: &mut Writer) -> Result<(), Fault> {
    if holding.is_shared()
        && let Some(index) = writer.memo.get(obj)?
    {
        // A recursive frozenset: what was written is thrown away.
        writer.opcode(Opcode::POP_MARK)?;
        return writer.get_in_place(index);
    }
    writer.opcode(Opcode::FROZENSET)?;
    writer.memoize(obj, holding)
}

impl<const FROZEN: bool> Elements for SetElements<FROZEN> {
    const CLOSE: [Opcode; 2] = [Opcode::ADDITEMS, Opcode::ADDITEMS];
    const IS_BATCHED: bool = !FROZEN;

    fn resume(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<Option<Held>, Fault> {
        let changed = self.view(quiet).is_some_and(|set| set.len() != self.size);
        if changed && writer.face == Face::Lean {
            return Err(Fault::SetChanged);
        }
        Ok(None)
    }

    fn begin(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<Begin, Fault> {
        if FROZEN {
            return Ok(Begin::End);
        }
        let len = self.view(quiet).map_or(0, Set::len);
        let left = self.size.saturating_sub(self.done);
        // The hookable face looks on after a full batch only.
        if len != self.size && self.done.is_multiple_of(BATCH_SIZE) {
            return Err(Fault::SetChangedBetweenBatches);
        }
        if left > 0 {
            return Ok(Begin::Marked(left.min(BATCH_SIZE)));
        }
        if writer.marks_last_of_batch && self.size.is_multiple_of(BATCH_SIZE) {
            // There, a full last batch is followed by an empty one.
            writer.opcodes([Opcode::MARK, Opcode::ADDITEMS])?;
        }
        Ok(Begin::End)
    }

    fn write_leaves(
        &mut self,
        writer: &mut Writer,
        left: usize,
        quiet: &Quiet,
    ) -> Result<usize, Fault> {
        let (None, Some(set)) = (&self.ahead, self.view(quiet)) else {
            return Ok(0);
        };
        let parts = self.parts();
        let written = writer.write_elements(set, &mut self.position, left, parts)?;
        self.done += written;
        Ok(written)
    }

    fn next<'q>(&mut self, _: &mut Writer, quiet: &'q Quiet) -> Result<(Part<'q>, bool), Fault> {
        let part = match &mut self.ahead {
            Some(ahead) => ahead.next().map(|element| {
                // One reference is the set's, the other ours.
                let alone = !element.view(quiet).has_others(2);
                Part::Taken(element, self.standing.part_held(Holding::Shared, alone))
            }),
            None => self
                .view(quiet)
                .and_then(|set| set.next(&mut self.position))
                .map(|element| {
                    let holding = self.parts().holding(element, 0);
                    let alone = element.is_held_once();
                    Part::Seen(element, self.standing.part_held(holding, alone))
                }),
        };
        match part {
            Some(part) => {
                self.done += 1;
                Ok((part, true))
            }
            None => Ok((Part::End, false)),
        }
    }

    #[inline(always)]
    fn is_taken(&self) -> bool {
        self.ahead.is_some()
    }

    fn take(&mut self, left: usize, rooms: &mut Rooms, quiet: &Quiet) -> Result<(), Fault> {
        // A frozenset can't change.
        if !FROZEN && let (None, Some(set)) = (&self.ahead, self.view(quiet)) {
            let mut ahead = Ahead::with_room(left, rooms).ok_or(Fault::NoMemory)?;
            for _ in 0..left {
                let Some(element) = set.next(&mut self.position) else {
                    break;
                };
                ahead.put(element.hold());
            }
            self.ahead = Some(ahead);
        }
        Ok(())
    }

    #[inline(always)]
    fn end_batch(&mut self, rooms: &mut Rooms) {
        if let Some(ahead) = self.ahead.take() {
            ahead.end(rooms);
        }
    }

    fn finish(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<(), Fault> {
        if !FROZEN {
            return Ok(());
        }
        let (obj, holding) = (self.set.view(quiet), self.standing.holding);
        if holding != Holding::Deferred || self.passages == writer.passages {
            return close(obj, holding, writer);
        }
        // Python code has run since a frozenset was opened that only one container held.
        if has_others_than_container(obj) {
            return close(obj, Holding::Shared, writer);
        }
        writer.opcode(Opcode::FROZENSET)?;
        writer.memoize_owned(obj)
    }
}
