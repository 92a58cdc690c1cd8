//! Exact dicts.

use pickle_format::opcode::Opcode;

use super::ahead::{Ahead, Rooms};
use super::batch::{Batched, Rest};
use super::dict_place::{Entries, Key, Place, Within};
use super::elements::{BATCH_SIZE, Begin, Elements, Part};
use super::opener::Opener;
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Dict, Kind, View};
use crate::interpreter::face::Face;
use crate::save::fault::Fault;
use crate::save::standing::Standing;
use crate::save::write::writer::Writer;

/// The entries of an open dict.
pub struct DictEntries {
    dict: Held,
    /// Whether entries go in batches, as the pickler's `bin` said when the dict was begun.
    pub(super) has_batches: bool,
    pub(super) place: Place,
    /// The entry within which the walk is, once it is held.
    pub(super) entry: Option<(Held, Held)>,
    /// The rest of the open batch, if it was taken out of the dict.
    pub(super) ahead: Option<Ahead>,
}

impl DictEntries {
    /// The object, and how it was held when it was met.
    pub fn container(&self) -> (&Held, Holding) {
        (&self.dict, self.place.standing.holding)
    }

    /// The object, once it is written.
    pub fn into_container(self) -> Held {
        self.dict
    }

    #[inline(always)]
    pub(super) fn view<'q>(&self, quiet: &'q Quiet) -> Option<Dict<'q>> {
        match self.dict.view(quiet).kind() {
            Kind::Dict(dict) => Some(dict),
            _ => None,
        }
    }

    /// The key whose value is being saved, for the path of an error.
    pub fn key_in_path(&self) -> Option<&Held> {
        match (&self.entry, self.place.within) {
            (Some((key, _)), Within::Value) => Some(key),
            _ => None,
        }
    }

    /// The entry within which the walk is.
    fn present<'q>(&self, quiet: &'q Quiet) -> Option<(View<'q>, View<'q>)> {
        let mut start = self.place.start;
        self.view(quiet)?.next(&mut start)
    }

    /// The value of the entry whose key is written.
    fn next_value<'q>(&mut self, writer: &mut Writer, quiet: &'q Quiet) -> Result<Part<'q>, Fault> {
        let (_, values) = self.place.containers();
        let seen = matches!(self.place.within, Within::WrittenKey { passages } if passages == writer.passages);
        let part = match &self.entry {
            Some((_, value)) if seen => {
                // One reference is the entry's.
                let value = value.view(quiet);
                let standing = self.place.standing.part(values.holding(value, 1));
                Part::Seen(value, standing)
            }
            Some((_, value)) => {
                // Python code that ran meanwhile may hold the value, and may have saved it. One reference
                // is the dict's, the other the entry's.
                let alone = !value.view(quiet).has_others(2);
                let standing = self.place.standing.part_held(Holding::Shared, alone);
                Part::Taken(value.again(quiet), standing)
            }
            None => match self.present(quiet) {
                // A value behind a key that was no leaf was not tried yet.
                Some((_, value))
                    if self.place.within == Within::Key
                        && writer.write_leaf(value, values, 0)? =>
                {
                    self.place.within = Within::Nothing;
                    self.place.done += 1;
                    return Ok(Part::Written);
                }
                Some((_, value)) => {
                    let standing = self.place.standing.part(values.holding(value, 0));
                    Part::Seen(value, standing)
                }
                None => Part::End,
            },
        };
        self.place.within = Within::Value;
        Ok(part)
    }
}

/// Writes a dict as far as its keys are leaves and its values can be opened.
///
/// # Errors
/// What writing fails with; `Endless` and `Cyclic`.
#[inline(always)]
pub fn open_dict(
    obj: View<'_>,
    dict: Dict<'_>,
    standing: Standing,
    writer: &mut Writer,
    opener: &mut impl Opener,
) -> Result<Rest<DictEntries>, Fault> {
    let standing = standing.deepen()?;
    let size = dict.len();
    // What fits in one batch ends the same way on every release. So if all of it can be written at once, it
    // needs no work item.
    let at_once = size > 0 && size < BATCH_SIZE && writer.direct;
    let opcodes = [Opcode::EMPTY_DICT, Opcode::DICT];
    writer.begin_container(opcodes, obj, standing.holding, at_once && size > 1)?;
    let mut entries = Place::new(dict, standing);
    if at_once {
        let is_single = size == 1;
        if entries.write(dict, writer, opener)? {
            writer.opcode(if is_single {
                Opcode::SETITEM
            } else {
                Opcode::SETITEMS
            })?;
            writer.leave_fast(obj);
            return Ok(Rest::Nothing);
        }
    } else if size == 0 {
        writer.leave_fast(obj);
        return Ok(Rest::Nothing);
    }
    let batch = at_once.then_some(size > 1);
    Ok(Rest::Elements(rest_of(dict, entries, batch, writer)))
}

/// The entries of a dict from a place on; `batch` tells of the first batch, where it is open, whether MARK was
/// written.
#[inline(always)]
pub fn rest_of(
    dict: Dict<'_>,
    place: Place,
    batch: Option<bool>,
    writer: &Writer,
) -> Batched<DictEntries> {
    let batch = batch.map(|marks| {
        let begun = usize::from(place.within == Within::Value);
        (!marks, place.size - place.done - begun)
    });
    let mut start = place.start;
    let entry = match place.within {
        Within::Nothing => None,
        _ => dict.next(&mut start),
    };
    let entries = DictEntries {
        dict: dict.object().hold(),
        has_batches: writer.has_batches(),
        place,
        entry: entry.map(|(key, value)| (key.hold(), value.hold())),
        ahead: None,
    };
    Batched::within(entries, batch)
}

/// Takes up to `count` entries out of a dict, from a position on, and gives the position behind them.
#[inline(always)]
fn take_entries<'q>(
    entries: impl Entries<'q>,
    count: usize,
    mut position: isize,
    ahead: &mut Ahead,
) -> isize {
    for _ in 0..count {
        let Some((key, value)) = entries.next(&mut position) else {
            break;
        };
        ahead.put(key.view().hold());
        ahead.put(value.hold());
    }
    position
}

impl Elements for DictEntries {
    const CLOSE: [Opcode; 2] = [Opcode::SETITEM, Opcode::SETITEMS];

    #[inline(always)]
    fn resume(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<Option<Held>, Fault> {
        let changed = self
            .view(quiet)
            .is_some_and(|dict| dict.len() != self.place.size);
        if changed {
            let batches = self.has_batches;
            // The C class does not look at a dict of one again.
            let sees_all = match writer.face {
                Face::Lean => self.place.size != 1 || !batches,
                Face::Hookable => !batches,
            };
            if sees_all {
                // The error is no entry's, so none is told.
                self.place.within = Within::Nothing;
                return Err(Fault::DictChanged);
            }
        }
        if self.place.within == Within::Value {
            self.place.within = Within::Nothing;
            self.place.done += 1;
        }
        if self.place.within == Within::Nothing
            && let Some((key, value)) = self.entry.take()
        {
            if value.view(quiet).is_released_loudly() {
                return Ok(Some(value));
            }
            return Ok(Some(key).filter(|key| key.view(quiet).is_released_loudly()));
        }
        Ok(None)
    }

    fn begin(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<Begin, Fault> {
        let len = self.view(quiet).map_or(0, Dict::len);
        let left = self.place.size.saturating_sub(self.place.done);
        let batches = self.has_batches;
        // The hookable face looks on after a full batch only.
        if len != self.place.size && batches && self.place.done.is_multiple_of(BATCH_SIZE) {
            return Err(Fault::DictChanged);
        }
        if !batches {
            return Ok(if left > 0 { Begin::Single } else { Begin::End });
        }
        if left == 0 {
            if writer.marks_last_of_batch && self.place.size.is_multiple_of(BATCH_SIZE) {
                // There, a full last batch is followed by an empty one.
                writer.opcodes([Opcode::MARK, Opcode::SETITEMS])?;
            }
            return Ok(Begin::End);
        }
        if left == 1 && (self.place.done == 0 || !writer.marks_last_of_batch) {
            return Ok(Begin::Single);
        }
        Ok(Begin::Marked(left.min(BATCH_SIZE)))
    }

    #[inline(always)]
    fn write_leaves(
        &mut self,
        writer: &mut Writer,
        left: usize,
        quiet: &Quiet,
    ) -> Result<usize, Fault> {
        let (None, Some(dict)) = (&self.ahead, self.view(quiet)) else {
            return Ok(0);
        };
        if self.place.within != Within::Nothing {
            return Ok(0);
        }
        let before = self.place.done;
        self.place.write_leaves(dict, left, writer)?;
        Ok(self.place.done - before)
    }

    #[inline(always)]
    fn next<'q>(
        &mut self,
        writer: &mut Writer,
        quiet: &'q Quiet,
    ) -> Result<(Part<'q>, bool), Fault> {
        if matches!(self.place.within, Within::Key | Within::WrittenKey { .. }) {
            return Ok((self.next_value(writer, quiet)?, true));
        }
        if let Some(ahead) = &mut self.ahead {
            let (Some(key), Some(value)) = (ahead.next(), ahead.next()) else {
                return Ok((Part::End, false));
            };
            self.place.within = Within::Key;
            // One reference is the dict's, the other ours.
            let alone = !key.view(quiet).has_others(2);
            let standing = self.place.standing.part_held(Holding::Shared, alone);
            let part = Part::Taken(key.again(quiet), standing);
            self.entry = Some((key, value));
            return Ok((part, false));
        }
        self.place.start = self.place.position;
        let dict = self.view(quiet);
        let Some((key, _)) = dict.and_then(|dict| dict.next(&mut self.place.position)) else {
            // The dict has lost entries.
            self.place.done = self.place.size;
            return Ok((Part::End, false));
        };
        self.place.within = Within::Key;
        let (keys, _) = self.place.containers();
        let standing = self.place.standing.part(keys.holding(key, 0));
        Ok((Part::Seen(key, standing), false))
    }

    fn hold(&mut self, quiet: &Quiet) {
        if self.entry.is_none()
            && self.place.within != Within::Nothing
            && let Some((key, value)) = self.present(quiet)
        {
            self.entry = Some((key.hold(), value.hold()));
        }
    }

    #[inline(always)]
    fn is_taken(&self) -> bool {
        self.ahead.is_some()
    }

    fn take(&mut self, left: usize, rooms: &mut Rooms, quiet: &Quiet) -> Result<(), Fault> {
        let (None, Some(dict)) = (&self.ahead, self.view(quiet)) else {
            return Ok(());
        };
        self.hold(quiet);
        let left = match self.place.within {
            Within::Key | Within::WrittenKey { .. } => left.saturating_sub(1),
            Within::Nothing | Within::Value => left,
        };
        let mut ahead = Ahead::with_room(left * 2, rooms).ok_or(Fault::NoMemory)?;
        let position = self.place.position;
        self.place.position = match dict.text_entries() {
            Some(entries) => take_entries(entries, left, position, &mut ahead),
            None => take_entries(dict, left, position, &mut ahead),
        };
        self.ahead = Some(ahead);
        Ok(())
    }

    #[inline(always)]
    fn end_batch(&mut self, rooms: &mut Rooms) {
        if let Some(ahead) = self.ahead.take() {
            ahead.end(rooms);
        }
    }

    fn finish(&mut self, writer: &mut Writer, quiet: &Quiet) -> Result<(), Fault> {
        writer.leave_fast(self.dict.view(quiet));
        Ok(())
    }
}
