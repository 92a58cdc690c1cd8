//! Nodes of syntax trees, whose classes are called with None for each field, so that none is missing.

use pickle_format::opcode::Opcode;

use crate::fast::memo::Holding;
use crate::fast::view::View;
use crate::save::fault::Fault;
use crate::save::known::flat::tuple_of;
use crate::save::known::parts::{end_object, get, has_room};
use crate::save::write::writer::Writer;

/// Bytes of MARK and of what ends the object.
const AROUND: usize = 8;

/// Writes what makes a node, up to its state; false, with nothing written, where the frame may not have room for
/// it. To be called where the writer is `plain`, with at least one None.
///
/// # Errors
/// What writing fails with.
#[inline(never)]
pub fn begin_node(
    obj: View<'_>,
    class: usize,
    nones: usize,
    holding: Holding,
    writer: &mut Writer,
) -> Result<bool, Fault> {
    if !has_room(AROUND + nones, writer) {
        return Ok(false);
    }
    get(class, writer)?;
    if nones > 3 {
        writer.opcode(Opcode::MARK)?;
    }
    for _ in 0..nones {
        writer.opcode(Opcode::NONE)?;
    }
    end_object(obj, [tuple_of(nones), Opcode::REDUCE], holding, writer)?;
    Ok(true)
}
