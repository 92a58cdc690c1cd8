//! Exact lists.

use pickle_format::opcode::Opcode;

use super::ahead::{Ahead, Rooms};
use super::batch::{Batched, Rest};
use super::elements::{BATCH_SIZE, Begin, Elements, Part};
use super::opener::{Opener, Opening};
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Kind, List, View};
use crate::interpreter::face::Face;
use crate::save::fault::Fault;
use crate::save::standing::{Container, Standing};
use crate::save::write::writer::Writer;

/// The items of an open list.
pub struct ListItems {
    list: Held,
    /// Whether items go in batches, as the pickler's `bin` said when the list was begun.
    pub(super) has_batches: bool,
    pub(super) next: usize,
    /// The list's size when it was opened.
    pub(super) size: usize,
    pub(super) standing: Standing,
    /// The rest of the open batch, if it was taken out of the list.
    pub(super) ahead: Option<Ahead>,
}

impl ListItems {
    /// The object, and how it was held when it was met.
    pub fn container(&self) -> (&Held, Holding) {
        (&self.list, self.standing.holding)
    }

    /// The object, once it is written.
    pub fn into_container(self) -> Held {
        self.list
    }

    #[inline(always)]
    pub(super) fn view<'q>(&self, quiet: &'q Quiet) -> Option<List<'q>> {
        match self.list.view(quiet).kind() {
            Kind::List(list) => Some(list),
            _ => None,
        }
    }

    /// The standing of the next item, which was taken out of the list.
    #[inline(always)]
    fn standing_of_taken(&self, item: View<'_>, quiet: &Quiet) -> Standing {
        let there = self.view(quiet).and_then(|list| list.item(self.next));
        if there.is_some_and(|there| there.is(item)) {
            // One more reference is ours. What others have saved meanwhile is held by the memo too.
            let container = Container::memoized_first(self.standing.holding);
            return self.standing.part(container.holding(item, 1));
        }
        // Whoever took it out of the list may have put it where it will be met again.
        let alone = !item.has_others(2);
        self.standing.part_held(Holding::Shared, alone)
    }

    /// The item that is being saved, for the path of an error.
    pub fn note(&self) -> String {
        let item = self.next.saturating_sub(1);
        format!("when serializing list item {item}")
    }
}

/// Writes a list as far as its items can be opened.
///
/// # Errors
/// What writing fails with; `Endless` and `Cyclic`.
#[inline(always)]
pub fn open_list(
    obj: View<'_>,
    list: List<'_>,
    standing: Standing,
    writer: &mut Writer,
    opener: &mut impl Opener,
) -> Result<Rest<ListItems>, Fault> {
    let standing = standing.deepen()?;
    let size = list.items().len();
    // What fits in one batch ends the same way on every release. So if all of it can be written at once, it
    // needs no work item.
    let at_once = size > 0 && size < BATCH_SIZE && writer.direct;
    let opcodes = [Opcode::EMPTY_LIST, Opcode::LIST];
    writer.begin_container(opcodes, obj, standing.holding, at_once && size > 1)?;
    let items = list.items();
    let mut next = 0;
    let mut batch = None;
    if at_once {
        let is_single = size == 1;
        let container = Container::memoized_first(standing.holding);
        loop {
            writer.write_items(items, &mut next, size, container)?;
            let Some(Some(item)) = items.get(next) else {
                break;
            };
            let part = standing.part(container.holding(*item, 0));
            let opening = opener.open(*item, part, writer)?;
            next += usize::from(!matches!(opening, Opening::Refused));
            if !matches!(opening, Opening::Whole) {
                batch = Some(!is_single);
                break;
            }
        }
        if batch.is_none() {
            writer.opcode(if is_single {
                Opcode::APPEND
            } else {
                Opcode::APPENDS
            })?;
        }
    }
    if next == size && batch.is_none() {
        writer.leave_fast(obj);
        return Ok(Rest::Nothing);
    }
    Ok(Rest::Elements(rest_of(list, standing, next, batch, writer)))
}

/// The items of a list from `next` on; `batch` tells of the first batch, where it is open, whether MARK was
/// written.
#[inline(always)]
pub fn rest_of(
    list: List<'_>,
    standing: Standing,
    next: usize,
    batch: Option<bool>,
    writer: &Writer,
) -> Batched<ListItems> {
    let size = list.len();
    let batch = batch.map(|marks| {
        let len = if marks {
            batch_of(writer.face, size)
        } else {
            1
        };
        (!marks, len - next)
    });
    let items = ListItems {
        list: list.object().hold(),
        has_batches: writer.has_batches(),
        next,
        size,
        standing,
        ahead: None,
    };
    Batched::within(items, batch)
}

/// Elements of a batch that begins with so many left. The C class sees a list that grows meanwhile; the
/// batch is then filled from it.
fn batch_of(face: Face, left: usize) -> usize {
    match face {
        Face::Lean => BATCH_SIZE,
        Face::Hookable => left.min(BATCH_SIZE),
    }
}

impl Elements for ListItems {
    const CLOSE: [Opcode; 2] = [Opcode::APPEND, Opcode::APPENDS];

    #[inline(always)]
    fn resume(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<Option<Held>, Fault> {
        let changed = self.view(quiet).is_some_and(|list| list.len() != self.size);
        if changed && writer.notices_list_growth && self.has_batches {
            self.next = self.next.max(1);
            return Err(Fault::ListChanged);
        }
        Ok(None)
    }

    fn begin(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<Begin, Fault> {
        let len = self.view(quiet).map_or(0, List::len);
        let left = len.saturating_sub(self.next);
        let batches = self.has_batches;
        // The hookable face has seen the end when its last batch was not full; the lean face does not look
        // at a list of one again.
        let ended = batches
            && match writer.face {
                Face::Hookable => !self.next.is_multiple_of(BATCH_SIZE),
                Face::Lean => self.size == 1 && self.next == 1,
            };
        Ok(if left == 0 || ended {
            Begin::End
        } else if !batches || left == 1 && (self.next == 0 || !writer.marks_last_of_batch) {
            Begin::Single
        } else {
            Begin::Marked(batch_of(writer.face, left))
        })
    }

    #[inline(always)]
    fn write_leaves(
        &mut self,
        writer: &mut Writer,
        left: usize,
        quiet: &Quiet,
    ) -> Result<usize, Fault> {
        let (None, Some(list)) = (&self.ahead, self.view(quiet)) else {
            return Ok(0);
        };
        let before = self.next;
        let container = Container::memoized_first(self.standing.holding);
        let end = before.saturating_add(left);
        writer.write_items(list.items(), &mut self.next, end, container)?;
        Ok(self.next - before)
    }

    #[inline(always)]
    fn next<'q>(&mut self, _: &mut Writer, quiet: &'q Quiet) -> Result<(Part<'q>, bool), Fault> {
        let part = match &mut self.ahead {
            Some(ahead) => ahead.next().map(|item| {
                let standing = self.standing_of_taken(item.view(quiet), quiet);
                Part::Taken(item, standing)
            }),
            // Nothing may be there: the list has shrunk, or the batch had room for more.
            None => self
                .view(quiet)
                .and_then(|list| list.item(self.next))
                .map(|item| {
                    let container = Container::memoized_first(self.standing.holding);
                    Part::Seen(item, self.standing.part(container.holding(item, 0)))
                }),
        };
        match part {
            Some(part) => {
                self.next += 1;
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
        if let (None, Some(list)) = (&self.ahead, self.view(quiet)) {
            let rest = list.items().get(self.next..).unwrap_or_default();
            let mut ahead = Ahead::with_room(left.min(rest.len()), rooms).ok_or(Fault::NoMemory)?;
            for item in rest.iter().take(left).flatten() {
                ahead.put(item.hold());
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
        writer.leave_fast(self.list.view(quiet));
        Ok(())
    }
}
