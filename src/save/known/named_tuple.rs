//! Tuples with names: NEWOBJ of the class with a tuple of the items.

use pickle_format::opcode::Opcode;

use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::save::fault::Fault;
use crate::save::known::facts::NamedTuple;
use crate::save::known::flat::{flat_size, tuple_of, write_flat};
use crate::save::known::parts::{end_object, get, has_room};
use crate::save::standing::Container;
use crate::save::write::writer::Writer;

/// Bytes of MARK and of what ends the object.
const AROUND: usize = 8;

/// Writes a tuple with names whose items are flat; false, with nothing written, for any other.
///
/// # Errors
/// What writing fails with.
pub fn write_named_tuple(
    obj: View<'_>,
    known: &NamedTuple,
    class: usize,
    holding: Holding,
    writer: &mut Writer,
    quiet: &Quiet,
) -> Result<bool, Fault> {
    let function = known.getnewargs.found(obj.class(), quiet);
    let makes_tuple = function.and_then(|function| function.first_of_closure());
    let Some(tuple) = obj.as_tuple() else {
        return Ok(false);
    };
    if !makes_tuple.is_some_and(View::is_tuple_type) || !known.newobj.stands(quiet) {
        return Ok(false);
    }
    let mut size = AROUND;
    for item in tuple.items() {
        let item = match item {
            Some(item) => flat_size(*item, writer)?,
            None => None,
        };
        let Some(item) = item else {
            return Ok(false);
        };
        size += item;
    }
    if tuple.len() == 0 || !has_room(size, writer) {
        return Ok(false);
    }
    get(class, writer)?;
    if tuple.len() > 3 {
        writer.opcode(Opcode::MARK)?;
    }
    // None of the items leads back to the object, so each is met once, unless others hold it too.
    let container = Container::memoized_first(holding);
    for item in tuple.items().iter().flatten() {
        write_flat(*item, container, writer)?;
    }
    end_object(
        obj,
        [tuple_of(tuple.len()), Opcode::NEWOBJ],
        holding,
        writer,
    )?;
    Ok(true)
}
