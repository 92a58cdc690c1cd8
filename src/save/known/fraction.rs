//! Fractions: a call of the class with two numbers.

use pickle_format::opcode::Opcode;

use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::save::fault::Fault;
use crate::save::instances::plan::OPCODE_FUNCTIONS;
use crate::save::known::facts::Fraction;
use crate::save::known::flat::{flat_size, write_flat};
use crate::save::known::parts::{end_object, get, has_room};
use crate::save::standing::Container;
use crate::save::write::writer::Writer;

/// Bytes of what ends the object.
const AROUND: usize = 8;

/// Writes a fraction of two flat parts: numbers of no more than 64 bits.
///
/// # Errors
/// What writing fails with.
pub fn write_fraction(
    obj: View<'_>,
    fraction: &Fraction,
    class: usize,
    holding: Holding,
    writer: &mut Writer,
    quiet: &Quiet,
) -> Result<bool, Fault> {
    if fraction.reduce.found(obj.class(), quiet).is_none()
        || obj.class().may_be_named(OPCODE_FUNCTIONS)
    {
        return Ok(false);
    }
    let mut size = AROUND;
    let mut count = 0;
    for number in obj.slot_values(&fraction.slots) {
        let number = match number {
            Some(number) => flat_size(number, writer)?,
            None => None,
        };
        let Some(number) = number else {
            return Ok(false);
        };
        size += number;
        count += 1;
    }
    if count != 2 || !has_room(size, writer) {
        return Ok(false);
    }
    get(class, writer)?;
    for number in obj.slot_values(&fraction.slots).flatten() {
        write_flat(number, Container::memoized_first(holding), writer)?;
    }
    end_object(obj, [Opcode::TUPLE2, Opcode::REDUCE], holding, writer)?;
    Ok(true)
}
