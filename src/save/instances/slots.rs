//! The state of plain instances with slots: `(dict or None, {name: value})`.

use pickle_format::encode;
use pickle_format::opcode::Opcode;

use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::save::fault::Fault;
use crate::save::instances::plain::Plain;
use crate::save::standing::Container;
use crate::save::write::writer::Writer;

/// Bytes of NONE, the dict's opcodes with two PUTs, SETITEMS, TUPLE2 and BUILD.
const AROUND: usize = 32;

/// Whether an instance's slots can be written on the spot: all their values are leaves, and what is written
/// does not fill the frame where a full one has to go to the file.
pub fn slots_are_leaves(obj: View<'_>, plain: &Plain, writer: &Writer, quiet: &Quiet) -> bool {
    let mut size = AROUND;
    for (name, value) in plain.names.iter().zip(obj.slot_values(&plain.slots)) {
        let Some(value) = value else {
            continue;
        };
        let sizes = (writer.leaf_size(name.view(quiet)), writer.leaf_size(value));
        let (Some(name), Some(value)) = sizes else {
            return false;
        };
        size += name + value;
    }
    !writer.has_file || writer.out.has_room_in_frame(size)
}

/// Writes the state and BUILD on the spot, without making the tuple and the dict, where
/// `slots_are_leaves` and the instance has no `__dict__`.
///
/// Nobody could get hold of that tuple and that dict, so each takes an index and no more.
///
/// # Errors
/// What writing fails with.
pub fn write_slots(
    obj: View<'_>,
    plain: &Plain,
    held: Holding,
    writer: &mut Writer,
    quiet: &Quiet,
) -> Result<(), Fault> {
    let count = obj.slot_values(&plain.slots).flatten().count();
    if count == 0 {
        return Ok(());
    }
    writer.begin_object()?;
    encode::encode_none(&mut writer.out)?;
    writer.begin_object()?;
    writer.opcode(Opcode::EMPTY_DICT)?;
    writer.memoize(obj, Holding::Temporary)?;
    if count > 1 {
        writer.opcode(Opcode::MARK)?;
    }
    let container = Container::memoized_first(held);
    for (name, value) in plain.names.iter().zip(obj.slot_values(&plain.slots)) {
        if let Some(value) = value {
            let written = writer.write_leaf(name.view(quiet), Container::Open, 0)?
                && writer.write_leaf(value, container, 0)?;
            debug_assert!(written, "`leaf_size` promised it");
        }
    }
    let close = if count > 1 {
        Opcode::SETITEMS
    } else {
        Opcode::SETITEM
    };
    writer.opcodes([close, Opcode::TUPLE2])?;
    writer.memoize(obj, Holding::Temporary)?;
    writer.opcode(Opcode::BUILD)
}
