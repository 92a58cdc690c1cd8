//! Lists, dicts and tuples in their usual form, as most data has them.
//!
//! `open.rs` knows all forms. Here is what is left of it where the writer is `plain`, and where nothing was made
//! during the dump: no mode, no hook and no chain has to be looked after, so that few instructions go by beside
//! those that write. What this file does not write itself goes on as it would have begun there.

use pickle_format::opcode::Opcode;

use crate::fast::memo::Holding;
use crate::fast::view::{Dict, Kind, List, Tuple, View};
use crate::save::containers::batch::{BATCH_SIZE, Opener, Opening};
use crate::save::containers::dict_place::{Place, Within};
use crate::save::containers::open::Nest;
use crate::save::containers::{dict, list, tuple};
use crate::save::fault::Fault;
use crate::save::hooks::builtin::Builtin;
use crate::save::standing::{Container, Standing};
use crate::save::work::Work;
use crate::save::write::writer::Writer;

impl Nest<'_> {
    /// As `open`, for what is to be written in its usual form; None where it has another.
    #[inline(always)]
    pub fn open_plainly(
        &mut self,
        part: View<'_>,
        holding: Holding,
        writer: &mut Writer,
    ) -> Result<Option<Opening>, Fault> {
        match part.kind() {
            Kind::Dict(dict) if writer.opened.has(Builtin::Dict) => {
                self.open_plain_dict(dict, holding, writer)
            }
            Kind::List(list) if writer.opened.has(Builtin::List) => {
                self.open_plain_list(list, holding, writer)
            }
            Kind::Tuple(tuple) => self.open_plain_tuple(tuple, holding, writer),
            _ => Ok(None),
        }
    }

    /// Writes a part of a plain container.
    #[inline(always)]
    fn write_part(
        &mut self,
        part: View<'_>,
        container: Container,
        writer: &mut Writer,
    ) -> Result<Opening, Fault> {
        if writer.leaves().write(part, container) {
            return Ok(Opening::Whole);
        }
        self.open_part(part, container, writer)
    }

    #[inline(never)]
    fn open_part(
        &mut self,
        part: View<'_>,
        container: Container,
        writer: &mut Writer,
    ) -> Result<Opening, Fault> {
        let holding = container.holding(part, 0);
        if !holding.is_shared()
            && let Some(opening) = self.open_plainly(part, holding, writer)?
        {
            return Ok(opening);
        }
        if !writer.begin_object()? {
            return Ok(Opening::Refused);
        }
        if writer.write_if_leaf(part, container, 0)? {
            return Ok(Opening::Whole);
        }
        self.open(part, Standing::new(holding, 0), writer)
    }

    #[inline(never)]
    fn open_plain_list(
        &mut self,
        list: List<'_>,
        holding: Holding,
        writer: &mut Writer,
    ) -> Result<Option<Opening>, Fault> {
        let (at, items) = (self.stack.len(), list.items());
        let size = items.len();
        if !fits_in_batch(size) {
            return Ok(None);
        }
        if !self.enter(size) {
            return Ok(Some(Opening::Refused));
        }
        let marks = size > 1;
        let mut leaves = writer.leaves();
        if !leaves.begin(Opcode::EMPTY_LIST, list.object(), holding, marks) {
            self.leave();
            return Ok(None);
        }
        let container = Container::memoized_first(holding);
        let mut next = 0;
        while let Some(Some(item)) = items.get(next) {
            let opening = self.write_part(*item, container, writer)?;
            if opening != Opening::Whole {
                next += usize::from(opening == Opening::Begun);
                let standing = Standing::new(holding, 0);
                let rest = list::rest_of(list, standing, next, Some(marks), writer);
                self.leave();
                return self.insert(at, Work::List(rest)).map(Some);
            }
            next += 1;
        }
        self.leave();
        writer.opcode(if marks {
            Opcode::APPENDS
        } else {
            Opcode::APPEND
        })?;
        Ok(Some(Opening::Whole))
    }

    #[inline(never)]
    fn open_plain_dict(
        &mut self,
        dict: Dict<'_>,
        holding: Holding,
        writer: &mut Writer,
    ) -> Result<Option<Opening>, Fault> {
        let (at, size) = (self.stack.len(), dict.len());
        let Some(entries) = dict.text_entries().filter(|_| fits_in_batch(size)) else {
            return Ok(None);
        };
        if !self.enter(size) {
            return Ok(Some(Opening::Refused));
        }
        let marks = size > 1;
        let mut leaves = writer.leaves();
        if !leaves.begin(Opcode::EMPTY_DICT, dict.object(), holding, marks) {
            self.leave();
            return Ok(None);
        }
        let container = Container::memoized_first(holding);
        let (mut position, mut done) = (0, 0);
        loop {
            let start = position;
            let Some((key, value)) = entries.next(&mut position) else {
                break;
            };
            let has_key = writer.leaves().write_text(key, container)
                || writer.begin_object()? && writer.write_text(key, container, 0)?;
            let opening = if has_key {
                self.write_part(value, container, writer)?
            } else {
                Opening::Refused
            };
            if opening != Opening::Whole {
                let within = match opening {
                    _ if !has_key => Within::Nothing,
                    Opening::Refused => Within::WrittenKey {
                        passages: writer.passages,
                    },
                    _ => Within::Value,
                };
                let at_entry = (start, position, done);
                let place = Place::stopped(dict, Standing::new(holding, 0), at_entry, within);
                let rest = dict::rest_of(dict, place, Some(marks), writer);
                self.leave();
                return self.insert(at, Work::Dict(rest)).map(Some);
            }
            done += 1;
        }
        self.leave();
        writer.opcode(if marks {
            Opcode::SETITEMS
        } else {
            Opcode::SETITEM
        })?;
        Ok(Some(Opening::Whole))
    }

    #[inline(never)]
    fn open_plain_tuple(
        &mut self,
        tuple: Tuple<'_>,
        holding: Holding,
        writer: &mut Writer,
    ) -> Result<Option<Opening>, Fault> {
        let (at, items) = (self.stack.len(), tuple.items());
        let n = items.len();
        if !fits_in_batch(n) {
            return Ok(None);
        }
        if !self.enter(n) {
            return Ok(Some(Opening::Refused));
        }
        let is_short = n <= 3;
        if !is_short {
            writer.opcode(Opcode::MARK)?;
        }
        let container = Container::memoized_last(holding);
        let mut next = 0;
        while let Some(Some(item)) = items.get(next) {
            let opening = self.write_part(*item, container, writer)?;
            if opening != Opening::Whole {
                next += usize::from(opening == Opening::Begun);
                let standing = Standing::new(holding, 0);
                let rest = tuple::rest_of(tuple, standing, next, is_short, writer.passages);
                self.leave();
                return self.insert(at, Work::Tuple(rest)).map(Some);
            }
            next += 1;
        }
        self.leave();
        tuple::close(tuple, holding, is_short, writer)?;
        Ok(Some(Opening::Whole))
    }
}

/// Whether so many elements are some, and fewer than a batch: then they end the same way on every release.
#[inline(always)]
fn fits_in_batch(size: usize) -> bool {
    size.wrapping_sub(1) < BATCH_SIZE - 1
}
