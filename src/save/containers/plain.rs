//! Lists, dicts and tuples in their usual form, as most data has them.
//!
//! `open.rs` knows all forms. Here is what is left of it where the writer is `plain`, and where nothing was made
//! during the dump: no mode, no hook and no chain has to be looked after, so that few instructions go by beside
//! those that write. What this file does not write itself goes on as it would have begun there.

use pickle_format::opcode::Opcode;

use crate::fast::memo::Holding;
use crate::fast::view::{Dict, Kind, List, Text, Tuple, View};
use crate::save::containers::dict_place::{Entries, Place, Within};
use crate::save::containers::elements::BATCH_SIZE;
use crate::save::containers::open::Nest;
use crate::save::containers::opener::{Opener, Opening};
use crate::save::containers::{dict, list, tuple};
use crate::save::fault::Fault;
use crate::save::hooks::builtin::Builtin;
use crate::save::instances::plain::Making;
use crate::save::instances::plan::is_shadowed;
use crate::save::known::node::begin_node;
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
                if let Some(entries) = dict.text_entries() {
                    let keys = Container::memoized_first(holding);
                    self.open_plain_dict(dict, entries, keys, holding, writer)
                } else if let Some(entries) = dict.shared_entries() {
                    // A key of such a table is counted once, however many dicts show it.
                    self.open_plain_dict(dict, entries, Container::Open, holding, writer)
                } else {
                    Ok(None)
                }
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

    /// Opens an instance without slots of which a plan says all; None, with nothing written, where that is not all
    /// or where it has another form than the usual one.
    #[inline(never)]
    pub fn open_plain_instance(
        &mut self,
        obj: View<'_>,
        has_dict: bool,
        making: Making,
        holding: Holding,
        writer: &mut Writer,
    ) -> Result<Option<Opening>, Fault> {
        let at = self.stack.len();
        if has_dict && !writer.opened.has(Builtin::Dict) {
            return Ok(None);
        }
        let Ok(Some(class)) = writer.memo.get_entered(obj.class().object()) else {
            return Ok(None);
        };
        let mut state = None;
        if has_dict {
            let Some(dict) = obj.instance_dict()? else {
                return Ok(None);
            };
            if is_shadowed(dict, self.quiet) {
                return Ok(None);
            }
            let is_state = dict.len() > 0 || making.has_empty_state();
            state = is_state.then_some(dict);
        }
        let begun = match making {
            Making::Call { nones } if nones > 0 => begin_node(obj, class, nones, holding, writer)?,
            _ => writer
                .leaves()
                .begin_instance(class, making.opcode(), obj, holding),
        };
        if !begun {
            return Ok(None);
        }
        let Some(dict) = state else {
            return Ok(Some(Opening::Whole));
        };
        let state = dict.object();
        // One reference is the instance's.
        let held = Container::memoized_first(holding).holding(state, 0);
        let opening = if held.is_shared() && writer.get_memoized(state)? {
            Opening::Whole
        } else {
            self.open_container(state, Kind::Dict(dict), Standing::new(held, 0), writer)?
        };
        if opening == Opening::Whole {
            writer.opcode(Opcode::BUILD)?;
            return Ok(Some(Opening::Whole));
        }
        let obj = obj.hold();
        self.insert(at, Work::Build { obj, holding }).map(Some)
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
    fn open_plain_dict<'q>(
        &mut self,
        dict: Dict<'q>,
        entries: impl Entries<'q, Key = Text<'q>>,
        keys: Container,
        holding: Holding,
        writer: &mut Writer,
    ) -> Result<Option<Opening>, Fault> {
        let (at, size) = (self.stack.len(), dict.len());
        if !fits_in_batch(size) {
            return Ok(None);
        }
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
            let has_key = writer.leaves().write_text(key, keys)
                || writer.begin_object()? && writer.write_text(key, keys, 0)?;
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
