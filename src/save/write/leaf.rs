//! Leaves: objects without parts, which a container's loop writes on the spot, without a work item and
//! without asking anybody.

use pickle_format::cursor::LEAF_ROOM;
use pickle_format::encode;
use pickle_format::frame::FRAME_SIZE_TARGET;
use pickle_format::opcode::Opcode;
use pickle_format::protocol::Protocol;
use pickle_format::sink::Sink;

use crate::fast::memo::{Holding, Memo};
use crate::fast::view::{Bytes, Kind, Text, View};
use crate::save::fault::{Fault, Stop};
use crate::save::standing::Container;
use crate::save::write::writer::Writer;

/// What leaves need beside the place they are written to.
pub(super) struct Leaves<'a> {
    pub(super) memo: &'a mut Memo,
    pub(super) protocol: Protocol,
    pub(super) fast: bool,
}

impl Leaves<'_> {
    /// Writes a leaf; false, with nothing written, for what is none. `W` has room for [`LEAF_ROOM`] bytes.
    #[inline(always)]
    pub(super) fn write<W>(
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
}
