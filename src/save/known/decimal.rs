//! Decimal numbers: a call of the class with the number's text.

use pickle_format::opcode::Opcode;

use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::save::fault::Fault;
use crate::save::known::parts::{end_object, get, has_room};
use crate::save::standing::Container;
use crate::save::write::writer::Writer;

/// Bytes of what ends the object.
const AROUND: usize = 8;

/// Writes a decimal number.
///
/// # Errors
/// What writing fails with.
pub fn write_decimal(
    obj: View<'_>,
    class: usize,
    holding: Holding,
    writer: &mut Writer,
    quiet: &Quiet,
) -> Result<bool, Fault> {
    let Some(text) = obj.decimal_text() else {
        return Ok(false);
    };
    let text = text.view(quiet);
    let Some(size) = writer.leaf_size(text).map(|size| size + AROUND) else {
        return Ok(false);
    };
    if !has_room(size, writer) {
        return Ok(false);
    }
    get(class, writer)?;
    // A text that the interpreter has once and for all can be met again.
    let written = writer.write_if_leaf(text, Container::Temporary, 0)?;
    debug_assert!(written, "`leaf_size` promised it");
    end_object(obj, [Opcode::TUPLE1, Opcode::REDUCE], holding, writer)?;
    Ok(true)
}
