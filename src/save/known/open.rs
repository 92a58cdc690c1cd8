//! Instances of known types, written on the spot.

use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::save::fault::Fault;
use crate::save::known::collections::{
    write_counter, write_defaultdict, write_deque, write_ordered_dict,
};
use crate::save::known::dates::write_date;
use crate::save::known::decimal::write_decimal;
use crate::save::known::known::Known;
use crate::save::known::named_tuple::write_named_tuple;
use crate::save::known::uuid::write_uuid;
use crate::save::write::writer::Writer;
use pickle_format::encode;
use pickle_format::opcode::Opcode;

/// Writes an instance of a known type, whole; false, with nothing written, where it goes by its class's plan. To be
/// called where the writer is `direct`, and nobody has anything to say of the instance.
///
/// # Errors
/// What writing fails with.
#[inline(always)]
pub fn write_known(
    obj: View<'_>,
    known: &Known,
    holding: Holding,
    writer: &mut Writer,
    quiet: &Quiet,
) -> Result<bool, Fault> {
    if writer.fast || writer.minds_met || writer.skips_text || writer.skips_bytes {
        return Ok(false);
    }
    if !writer.protocol.is_framed() {
        return Ok(false);
    }
    let Some(class) = writer.memo.get(obj.class().object())? else {
        return Ok(false);
    };
    match known {
        Known::Date => write_date(obj, class, holding, writer),
        Known::NamedTuple(getnewargs) => {
            write_named_tuple(obj, getnewargs, class, holding, writer, quiet)
        }
        Known::Uuid(uuid) => write_uuid(obj, uuid, class, holding, writer, quiet),
        Known::Counter(counter) => write_counter(obj, counter, class, holding, writer, quiet),
        Known::DefaultDict => write_defaultdict(obj, class, holding, writer),
        Known::OrderedDict => write_ordered_dict(obj, class, holding, writer),
        Known::Decimal => write_decimal(obj, class, holding, writer, quiet),
        Known::Deque => write_deque(obj, class, holding, writer),
        Known::Node(_) => Ok(false),
    }
}

/// Writes what ends a rebuilt object: the opcode for the tuple of arguments, which takes an index and no more since
/// nobody else could get hold of it, and the one that makes the object, which gets the next index.
///
/// # Errors
/// What writing fails with.
#[inline(always)]
pub fn end_object(
    obj: View<'_>,
    [tuple, make]: [Opcode; 2],
    holding: Holding,
    writer: &mut Writer,
) -> Result<(), Fault> {
    writer.memo.memoize(obj, Holding::Temporary)?;
    writer.memo.memoize(obj, holding)?;
    let memoize = Opcode::MEMOIZE;
    writer.opcodes([tuple, memoize, make, memoize])
}

/// Whether so many bytes, and a GET of the class, neither fill the frame nor end it: then no object that begins among
/// them is the first of the next frame.
#[inline(always)]
pub fn has_room(bytes: usize, writer: &Writer) -> bool {
    writer.out.has_room_in_frame(bytes + LONGEST_GET)
}

/// Bytes of LONG_BINGET.
const LONGEST_GET: usize = 5;

/// Writes the GET of a class.
///
/// # Errors
/// What writing fails with.
#[inline(always)]
pub fn get(index: usize, writer: &mut Writer) -> Result<(), Fault> {
    Ok(encode::encode_binget(&mut writer.out, index)?)
}
