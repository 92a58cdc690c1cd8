//! UUIDs: NEWOBJ of the class, and a dict with the number.

use pickle_format::encode;
use pickle_format::opcode::Opcode;

use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Int, Kind, LONG_BYTES, View};
use crate::save::fault::Fault;
use crate::save::known::facts::Uuid;
use crate::save::known::parts::{get, has_room, memoized};
use crate::save::standing::Container;
use crate::save::write::writer::Writer;

/// Bytes of all opcodes with their indices, of the key, and of the number.
const ROOM: usize = 24 + LONG_BYTES;

/// Writes a UUID of which it is not known whether it was made safely, as is so of most; false, with nothing written,
/// for any other.
///
/// # Errors
/// What writing fails with.
pub fn write_uuid(
    obj: View<'_>,
    uuid: &Uuid,
    class: usize,
    holding: Holding,
    writer: &mut Writer,
    quiet: &Quiet,
) -> Result<bool, Fault> {
    let Some(int) = number_of(obj, uuid, quiet).filter(|_| has_room(ROOM, writer)) else {
        return Ok(false);
    };
    let short = int.positive_short_value();
    let long = if short.is_none() {
        int.long_bytes()
    } else {
        None
    };
    if short.is_none() && long.is_none() {
        return Ok(false);
    }
    get(class, writer)?;
    let opcodes = [Opcode::EMPTY_TUPLE, Opcode::NEWOBJ];
    memoized(opcodes, obj, holding, writer)?;
    // The dict is made anew each time, and so takes an index and no more.
    memoized([Opcode::EMPTY_DICT], obj, Holding::Temporary, writer)?;
    let written = writer.write_if_leaf(uuid.int.view(quiet), Container::Open, 0)?;
    debug_assert!(written, "a short name is a leaf");
    match (short, long) {
        (Some(value), _) => encode::encode_i64(&mut writer.out, writer.protocol, value)?,
        (None, Some((bytes, n))) => encode::encode_long_bytes(&mut writer.out, &bytes[..n])?,
        (None, None) => {}
    }
    writer.opcodes([Opcode::SETITEM, Opcode::BUILD])?;
    Ok(true)
}

/// The number of a UUID of whose state it is all: `__getstate__` compares `is_safe` with `SafeUUID.unknown`, which
/// says that they are equal where they are the same, as long as `SafeUUID` is as it was.
fn number_of<'q>(obj: View<'q>, uuid: &Uuid, quiet: &Quiet) -> Option<Int<'q>> {
    if !uuid.newobj.stands(quiet) || uuid.safe_now(obj.class(), quiet)? != uuid.safe {
        return None;
    }
    let unknown = uuid.unknown?;
    let mut values = obj.slot_values(&uuid.slots);
    let (int, is_safe) = (values.next()??, values.next()??);
    if is_safe.address() != unknown {
        return None;
    }
    match int.kind() {
        Kind::Int(int) => Some(int),
        _ => None,
    }
}
