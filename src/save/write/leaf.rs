//! Leaves: objects without parts, which a container's loop writes on the spot, without a work item and
//! without asking anybody.

use pickle_format::cursor::LEAF_ROOM;
use pickle_format::encode;
use pickle_format::frame::FRAME_SIZE_TARGET;
use pickle_format::opcode::Opcode;
use pickle_format::sink::Sink;

use crate::fast::memo::Holding;
use crate::fast::view::{Bytes, Int, Kind, Text, View};
use crate::save::fault::Fault;
use crate::save::hooks::builtin::Builtin;
use crate::save::standing::Container;
use crate::save::write::writer::Writer;

impl Writer {
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
        self.write_if_leaf(part, container, ours)
    }

    /// As `write_leaf`, where the writer is `direct` and an object may begin.
    #[inline(always)]
    pub fn write_if_leaf(
        &mut self,
        part: View<'_>,
        container: Container,
        ours: usize,
    ) -> Result<bool, Fault> {
        match part.kind() {
            Kind::Str(text) => self.write_text(text, container, ours),
            Kind::Int(int) => {
                if let Some(value) = int.positive_short_value()
                    && encode::encode_positive(&mut self.out, value)?
                {
                    return Ok(true);
                }
                self.write_rarer_int(int)
            }
            Kind::Float(float) => {
                encode::encode_binfloat(&mut self.out, float.value())?;
                Ok(true)
            }
            Kind::None => {
                encode::encode_none(&mut self.out)?;
                Ok(true)
            }
            Kind::Bool(value) => {
                encode::encode_bool(&mut self.out, self.protocol, value)?;
                Ok(true)
            }
            kind => {
                let holding = container.holding(part, ours);
                if !holding.is_shared() && has_parts(kind) {
                    return Ok(false);
                }
                self.write_rarer(part, kind, holding)
            }
        }
    }

    /// Writes an int that BININT can't say, or a negative one.
    #[inline(never)]
    fn write_rarer_int(&mut self, int: Int<'_>) -> Result<bool, Fault> {
        match int.value() {
            Some(value) if self.protocol.has_proto_opcode() || i32::try_from(value).is_ok() => {
                encode::encode_i64(&mut self.out, self.protocol, value)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Writes a GET for an object that is in the memo already, where nobody has to be asked.
    #[inline(always)]
    pub fn write_if_met(&mut self, part: View<'_>, container: Container) -> Result<bool, Fault> {
        if self.direct
            && !self.minds_met
            && self.begin_object()?
            && container.holding(part, 0).is_shared()
            && let Some(index) = self.memo.get(part)?
        {
            encode::encode_binget(&mut self.out, index)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// As `write_if_leaf`, for a string.
    #[inline(always)]
    pub fn write_text(
        &mut self,
        text: Text<'_>,
        container: Container,
        ours: usize,
    ) -> Result<bool, Fault> {
        let part = text.object();
        let mut holding = container.holding(part, ours);
        if !holding.is_shared() && text.is_interned() {
            holding = Holding::Shared;
        }
        if holding.is_shared()
            && let Some(index) = self.memo.get(part)?
        {
            encode::encode_binget(&mut self.out, index)?;
            return Ok(true);
        }
        let Some(data) = text.utf8().filter(|data| data.len() < FRAME_SIZE_TARGET) else {
            return Ok(false);
        };
        if self.protocol.is_framed() && data.len() < 256 && !self.fast && !self.skips_text {
            let header = [Opcode::SHORT_BINUNICODE.code(), data.len() as u8];
            self.out.write_around(header, data, Opcode::MEMOIZE)?;
            self.memo.memoize(part, holding)?;
            return Ok(true);
        }
        encode::encode_str(&mut self.out, self.protocol, data)?;
        self.memoize(part, holding)?;
        Ok(true)
    }

    /// What was memoized, short bytes, and containers that are empty.
    #[inline(never)]
    fn write_rarer(
        &mut self,
        part: View<'_>,
        kind: Kind<'_>,
        holding: Holding,
    ) -> Result<bool, Fault> {
        if let Kind::Tuple(tuple) = kind
            && tuple.len() == 0
        {
            encode::encode_opcode(&mut self.out, Opcode::EMPTY_TUPLE)?;
            return Ok(true);
        }
        if self.minds_met && !self.is_never_asked(kind) {
            return Ok(false);
        }
        if holding.is_shared()
            && let Some(index) = self.memo.get(part)?
        {
            encode::encode_binget(&mut self.out, index)?;
            return Ok(true);
        }
        let opcode = match kind {
            Kind::Bytes(bytes) => return self.write_bytes(part, bytes, holding),
            Kind::List(list) if list.len() == 0 && self.opened.has(Builtin::List) => {
                Opcode::EMPTY_LIST
            }
            Kind::Dict(dict) if dict.len() == 0 && self.opened.has(Builtin::Dict) => {
                Opcode::EMPTY_DICT
            }
            _ => return Ok(false),
        };
        encode::encode_opcode(&mut self.out, opcode)?;
        self.memoize(part, holding)?;
        Ok(true)
    }

    /// Whether nobody is asked about objects of a kind where leaves are written directly.
    fn is_never_asked(&self, kind: Kind<'_>) -> bool {
        match kind {
            Kind::Bytes(_) | Kind::Tuple(_) => true,
            Kind::List(_) => self.opened.has(Builtin::List),
            Kind::Dict(_) => self.opened.has(Builtin::Dict),
            Kind::Set(_) => self.opened.has(Builtin::Set),
            Kind::FrozenSet(_) => self.opened.has(Builtin::FrozenSet),
            _ => false,
        }
    }

    fn write_bytes(
        &mut self,
        part: View<'_>,
        bytes: Bytes<'_>,
        holding: Holding,
    ) -> Result<bool, Fault> {
        let data = bytes.data();
        if !self.protocol.has_native_bytes() || data.len() >= FRAME_SIZE_TARGET {
            return Ok(false);
        }
        let Some(header) = encode::bytes_header(data.len(), self.protocol) else {
            return Ok(false);
        };
        self.out.write_slice(header.as_slice())?;
        self.out.write_slice(data)?;
        self.memoize(part, holding)?;
        Ok(true)
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
}

/// Whether a part is no leaf, told without a look at the memo.
#[inline(always)]
pub fn is_to_be_opened(part: View<'_>, container: Container) -> bool {
    !container.holding(part, 0).is_shared() && has_parts(part.kind())
}

/// Whether an object of this kind is no leaf, unless it is in the memo.
#[inline(always)]
fn has_parts(kind: Kind<'_>) -> bool {
    match kind {
        Kind::Dict(dict) => dict.len() > 0,
        Kind::List(list) => list.len() > 0,
        Kind::Tuple(tuple) => tuple.len() > 0,
        Kind::Other => true,
        _ => false,
    }
}
