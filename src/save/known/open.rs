//! Instances of known types, written on the spot.

use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::save::fault::Fault;
use crate::save::hooks::builtin::Builtin;
use crate::save::known::array::write_array;
use crate::save::known::collections::{
    write_counter, write_defaultdict, write_deque, write_ordered_dict,
};
use crate::save::known::dates::write_date;
use crate::save::known::decimal::write_decimal;
use crate::save::known::facts::Known;
use crate::save::known::fraction::write_fraction;
use crate::save::known::named_tuple::write_named_tuple;
use crate::save::known::uuid::write_uuid;
use crate::save::write::writer::Writer;

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
    // Somebody's `_batch_appends` and `_batch_setitems` are called for the items of reduce values too.
    let opens_all = writer.opened.has(Builtin::List) && writer.opened.has(Builtin::Dict);
    if !opens_all || !writer.protocol.has_proto_opcode() {
        return Ok(false);
    }
    let Some(class) = writer.memo.get(obj.class().object())? else {
        return Ok(false);
    };
    match known {
        Known::Date => write_date(obj, class, holding, writer),
        Known::NamedTuple(known) => write_named_tuple(obj, known, class, holding, writer, quiet),
        Known::Uuid(uuid) => write_uuid(obj, uuid, class, holding, writer, quiet),
        Known::Counter(counter) => write_counter(obj, counter, class, holding, writer, quiet),
        Known::DefaultDict => write_defaultdict(obj, class, holding, writer),
        Known::Fraction(fraction) => write_fraction(obj, fraction, class, holding, writer, quiet),
        Known::Array(arrays) => write_array(obj, arrays, class, holding, writer, quiet),
        Known::OrderedDict => write_ordered_dict(obj, class, holding, writer),
        Known::Decimal => write_decimal(obj, class, holding, writer, quiet),
        Known::Deque => write_deque(obj, class, holding, writer),
        Known::Node(_) => Ok(false),
    }
}
