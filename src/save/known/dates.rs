//! Values of `datetime`: a call of the class with the value's own bytes, or with three numbers.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pickle_format::sink::Sink;

use crate::fast::memo::Holding;
use crate::fast::view::{Dated, View};
use crate::save::fault::Fault;
use crate::save::known::parts::{end_object, get, has_room};
use crate::save::write::writer::Writer;

/// Bytes of what is written at the most, but for the class: ten bytes with their opcodes, a time zone, and the ends.
const ROOM: usize = 32;

/// Writes a date, time, datetime or timedelta; false, with nothing written, where its time zone is not in the memo.
///
/// # Errors
/// What writing fails with.
pub fn write_date(
    obj: View<'_>,
    class: usize,
    holding: Holding,
    writer: &mut Writer,
) -> Result<bool, Fault> {
    let Some(dated) = obj
        .dated(writer.protocol.is_framed())
        .filter(|_| has_room(ROOM, writer))
    else {
        return Ok(false);
    };
    let tuple = match dated {
        Dated::Packed { data, len, zone } => {
            let zone = match zone {
                None => None,
                Some(zone) => {
                    let Some(index) = writer.memo.get(zone)? else {
                        return Ok(false);
                    };
                    Some(index)
                }
            };
            if !writer.protocol.has_native_bytes() {
                return Ok(false);
            }
            get(class, writer)?;
            // The bytes are made anew each time, and so take an index and no more.
            let header = [Opcode::SHORT_BINBYTES.code(), len as u8];
            let packed = data.get(..len).unwrap_or_default();
            let index = writer.memo.memoize(obj, Holding::Temporary)?;
            if writer.protocol.is_framed() {
                writer.out.write_around(header, packed, Opcode::MEMOIZE)?;
            } else {
                writer.out.write(header)?;
                writer.out.write_slice(packed)?;
                writer.put(index)?;
            }
            match zone {
                None => Opcode::TUPLE1,
                Some(index) => {
                    get(index, writer)?;
                    Opcode::TUPLE2
                }
            }
        }
        Dated::Delta(parts) => {
            get(class, writer)?;
            for part in parts {
                encode::encode_i64(&mut writer.out, writer.protocol, i64::from(part))?;
            }
            Opcode::TUPLE3
        }
    };
    end_object(obj, [tuple, Opcode::REDUCE], holding, writer)?;
    Ok(true)
}
