//! Leaves: objects without parts, which a container's loop writes on the spot, without a work item and
//! without asking anybody.

use pickle_format::cursor::LEAF_ROOM;
use pickle_format::encode;
use pickle_format::frame::FRAME_SIZE_TARGET;
use pickle_format::opcode::Opcode;
use pickle_format::protocol::Protocol;
use pickle_format::sink::Sink;

use crate::fast::memo::{Holding, Memo};
use crate::fast::view::{Bytes, Dict, Kind, List, Set, Text, Tuple, View};
use crate::save::fault::{Fault, Stop};
use crate::save::standing::Container;
use crate::save::write::writer::Writer;

/// Where a run of leaves in a dict ended.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum EntriesEnd {
    /// At the end of the dict, or after as many entries as were asked for.
    Complete,
    /// Before an entry whose key is no leaf.
    Key,
    /// Within the entry that begins at `start`: its key is written, its value is no leaf.
    Value { start: isize },
}

/// What leaves need beside the place they are written to.
struct Leaves<'a> {
    memo: &'a mut Memo,
    protocol: Protocol,
    fast: bool,
}

impl Leaves<'_> {
    /// Writes a leaf; false, with nothing written, for what is none. `W` has room for [`LEAF_ROOM`] bytes.
    #[inline(always)]
    fn write<W>(
        &mut self,
        to: &mut W,
        part: View<'_>,
        container: Container,
        ours: usize,
    ) -> Result<bool, Stop>
    where
        W: Sink,
        Stop: From<W::Error>,
    {
        match part.kind() {
            Kind::Str(text) => self.write_text(to, text, container, ours),
            Kind::Int(int) => match int.value() {
                Some(value) if self.protocol.has_proto_opcode() || i32::try_from(value).is_ok() => {
                    encode::encode_i64(to, self.protocol, value)?;
                    Ok(true)
                }
                _ => Ok(false),
            },
            Kind::Float(float) => {
                encode::encode_binfloat(to, float.value())?;
                Ok(true)
            }
            Kind::None => {
                encode::encode_none(to)?;
                Ok(true)
            }
            Kind::Bool(value) => {
                encode::encode_bool(to, self.protocol, value)?;
                Ok(true)
            }
            kind => self.write_rarer(to, part, kind, container, ours),
        }
    }

    #[inline(always)]
    fn write_text<W>(
        &mut self,
        to: &mut W,
        text: Text<'_>,
        container: Container,
        ours: usize,
    ) -> Result<bool, Stop>
    where
        W: Sink,
        Stop: From<W::Error>,
    {
        let part = text.object();
        let mut holding = container.holding(part, ours);
        if holding != Holding::Shared && text.is_interned() {
            holding = Holding::Shared;
        }
        if holding == Holding::Shared
            && let Some(index) = self.memo.get(part)?
        {
            encode::encode_get(to, self.protocol, index)?;
            return Ok(true);
        }
        let Some(data) = text.utf8().filter(|data| data.len() < FRAME_SIZE_TARGET) else {
            return Ok(false);
        };
        if !to.has_room_for(data.len()) {
            return Err(Stop::Full);
        }
        encode::encode_str(to, self.protocol, data)?;
        self.memoize(to, part, holding)?;
        Ok(true)
    }

    /// What was memoized, short bytes, and containers that are empty.
    #[inline(never)]
    fn write_rarer<W>(
        &mut self,
        to: &mut W,
        part: View<'_>,
        kind: Kind<'_>,
        container: Container,
        ours: usize,
    ) -> Result<bool, Stop>
    where
        W: Sink,
        Stop: From<W::Error>,
    {
        let holding = container.holding(part, ours);
        if holding == Holding::Shared
            && let Some(index) = self.memo.get(part)?
        {
            encode::encode_get(to, self.protocol, index)?;
            return Ok(true);
        }
        let opcode = match kind {
            Kind::Bytes(bytes) => return self.write_bytes(to, part, bytes, holding),
            Kind::Tuple(tuple) if tuple.len() == 0 => {
                encode::encode_opcode(to, Opcode::EMPTY_TUPLE)?;
                return Ok(true);
            }
            Kind::List(list) if list.len() == 0 => Opcode::EMPTY_LIST,
            Kind::Dict(dict) if dict.len() == 0 => Opcode::EMPTY_DICT,
            _ => return Ok(false),
        };
        encode::encode_opcode(to, opcode)?;
        self.memoize(to, part, holding)?;
        Ok(true)
    }

    fn write_bytes<W>(
        &mut self,
        to: &mut W,
        part: View<'_>,
        bytes: Bytes<'_>,
        holding: Holding,
    ) -> Result<bool, Stop>
    where
        W: Sink,
        Stop: From<W::Error>,
    {
        let data = bytes.data();
        if !self.protocol.has_native_bytes() || data.len() >= FRAME_SIZE_TARGET {
            return Ok(false);
        }
        let Some(header) = encode::bytes_header(data.len(), self.protocol) else {
            return Ok(false);
        };
        if !to.has_room_for(data.len()) {
            return Err(Stop::Full);
        }
        to.write_slice(header.as_slice())?;
        to.write_slice(data)?;
        self.memoize(to, part, holding)?;
        Ok(true)
    }

    #[inline(always)]
    fn memoize<W>(&mut self, to: &mut W, part: View<'_>, holding: Holding) -> Result<(), Stop>
    where
        W: Sink,
        Stop: From<W::Error>,
    {
        if self.fast {
            return Ok(());
        }
        let index = self.memo.memoize(part, holding)?;
        Ok(encode::encode_put(to, self.protocol, index)?)
    }
}

/// Parts in the order in which they are written.
trait Run<'q> {
    /// The next part, and what its container says of it; None at the end.
    fn next(&mut self) -> Option<(View<'q>, Container)>;

    /// The part that was given out last is written.
    fn written(&mut self);
}

impl Writer {
    /// Writes leaves to the end of the run, or to the first part that is none. To be called where
    /// `direct`.
    #[inline(always)]
    fn write_run<'q>(&mut self, run: &mut impl Run<'q>) -> Result<(), Fault> {
        debug_assert!(self.direct);
        let mut leaves = Leaves {
            memo: &mut self.memo,
            protocol: self.protocol,
            fast: self.fast,
        };
        let Some(mut next) = run.next() else {
            return Ok(());
        };
        loop {
            let mut cursor = self.out.cursor();
            while cursor.has_room() {
                match leaves.write(&mut cursor, next.0, next.1, 0) {
                    Ok(true) => run.written(),
                    Ok(false) => return Ok(()),
                    Err(Stop::Full) => break,
                    Err(Stop::Fault(fault)) => return Err(fault),
                }
                match run.next() {
                    Some(part) => next = part,
                    None => return Ok(()),
                }
            }
            drop(cursor);
            // The frame is full, or the output has to grow, or this one leaf is long.
            if self.out.is_frame_full() {
                if self.has_file {
                    return Ok(());
                }
                self.out.commit_frame();
                self.out.open_frame()?;
            }
            self.out.reserve(LEAF_ROOM)?;
            match leaves.write(&mut self.out, next.0, next.1, 0) {
                Ok(true) => run.written(),
                Ok(false) | Err(Stop::Full) => return Ok(()),
                Err(Stop::Fault(fault)) => return Err(fault),
            }
            match run.next() {
                Some(part) => next = part,
                None => return Ok(()),
            }
        }
    }

    /// Writes one leaf where nobody has to be asked; false, with nothing written, for what is none, and
    /// where the open frame has to go to the file first. `ours` are the references to it that the walk
    /// itself holds.
    #[inline(always)]
    pub fn write_leaf(
        &mut self,
        part: View<'_>,
        container: Container,
        ours: usize,
    ) -> Result<bool, Fault> {
        if !self.direct || !self.begin_object()? {
            return Ok(false);
        }
        let mut leaves = Leaves {
            memo: &mut self.memo,
            protocol: self.protocol,
            fast: self.fast,
        };
        match leaves.write(&mut self.out, part, container, ours) {
            Ok(written) => Ok(written),
            Err(Stop::Full) => Ok(false),
            Err(Stop::Fault(fault)) => Err(fault),
        }
    }

    /// At most how many bytes a leaf takes; None where it may not be one.
    pub fn leaf_size(&self, part: View<'_>) -> Option<usize> {
        match part.kind() {
            Kind::None | Kind::Bool(_) | Kind::Float(_) => Some(LEAF_ROOM),
            Kind::Int(int) if self.protocol.has_proto_opcode() => int.value().map(|_| LEAF_ROOM),
            Kind::Str(text) => {
                let len = text.utf8()?.len();
                (len < FRAME_SIZE_TARGET).then_some(len + LEAF_ROOM)
            }
            _ => None,
        }
    }

    /// Writes the items of a list from `next` on.
    pub fn write_items(
        &mut self,
        list: List<'_>,
        next: &mut usize,
        end: usize,
        container: Container,
    ) -> Result<(), Fault> {
        self.write_run(&mut Items {
            item: |i| list.item(i),
            next,
            end,
            container,
        })
    }

    /// Writes the items of a tuple from `next` on.
    pub fn write_tuple_items(
        &mut self,
        tuple: Tuple<'_>,
        next: &mut usize,
        end: usize,
        container: Container,
    ) -> Result<(), Fault> {
        self.write_run(&mut Items {
            item: |i| tuple.item(i),
            next,
            end,
            container,
        })
    }

    /// Writes the elements of a set from `position` on, and gives their number.
    pub fn write_elements(
        &mut self,
        set: Set<'_>,
        position: &mut isize,
        end: usize,
        container: Container,
    ) -> Result<usize, Fault> {
        let mut run = Elements {
            set,
            position: *position,
            done: 0,
            end,
            container,
            before: position,
        };
        self.write_run(&mut run)?;
        Ok(run.done)
    }

    /// Writes up to `end` entries of a dict from `position` on, and gives the number of those that are
    /// written whole. `keys` is the container that tells how keys are held, `values` how values are. The
    /// position moves past an entry once its key is written.
    pub fn write_entries(
        &mut self,
        dict: Dict<'_>,
        position: &mut isize,
        end: usize,
        (keys, values): (Container, Container),
    ) -> Result<(usize, EntriesEnd), Fault> {
        let mut run = Entries {
            dict,
            position: *position,
            start: *position,
            value: None,
            half: false,
            done: 0,
            end,
            keys,
            values,
            over: false,
        };
        self.write_run(&mut run)?;
        let start = run.start;
        let end = match (run.over, run.half) {
            (true, _) => EntriesEnd::Complete,
            (false, true) => EntriesEnd::Value { start },
            (false, false) => EntriesEnd::Key,
        };
        *position = if run.over || run.half {
            run.position
        } else {
            start
        };
        Ok((run.done, end))
    }
}

struct Items<'a, F> {
    item: F,
    next: &'a mut usize,
    end: usize,
    container: Container,
}

impl<'q, F: Fn(usize) -> Option<View<'q>>> Run<'q> for Items<'_, F> {
    #[inline(always)]
    fn next(&mut self) -> Option<(View<'q>, Container)> {
        if *self.next >= self.end {
            return None;
        }
        Some(((self.item)(*self.next)?, self.container))
    }

    #[inline(always)]
    fn written(&mut self) {
        *self.next += 1;
    }
}

struct Elements<'a, 'q> {
    set: Set<'q>,
    position: isize,
    /// The position behind the last element that is written.
    before: &'a mut isize,
    done: usize,
    end: usize,
    container: Container,
}

impl<'q> Run<'q> for Elements<'_, 'q> {
    #[inline(always)]
    fn next(&mut self) -> Option<(View<'q>, Container)> {
        if self.done >= self.end {
            return None;
        }
        Some((self.set.next(&mut self.position)?, self.container))
    }

    #[inline(always)]
    fn written(&mut self) {
        self.done += 1;
        *self.before = self.position;
    }
}

struct Entries<'q> {
    dict: Dict<'q>,
    /// Behind the entry whose key was given out last.
    position: isize,
    /// Before that entry.
    start: isize,
    /// The value whose key was given out last.
    value: Option<View<'q>>,
    /// Whether a key is written, and its value is not.
    half: bool,
    done: usize,
    end: usize,
    keys: Container,
    values: Container,
    /// Whether all entries that were asked for are written.
    over: bool,
}

impl<'q> Run<'q> for Entries<'q> {
    #[inline(always)]
    fn next(&mut self) -> Option<(View<'q>, Container)> {
        if self.half {
            return self.value.map(|value| (value, self.values));
        }
        let entry = if self.done < self.end {
            self.start = self.position;
            self.dict.next(&mut self.position)
        } else {
            None
        };
        let Some((key, value)) = entry else {
            self.over = true;
            return None;
        };
        self.value = Some(value);
        Some((key, self.keys))
    }

    #[inline(always)]
    fn written(&mut self) {
        if self.half {
            self.done += 1;
        }
        self.half = !self.half;
    }
}
