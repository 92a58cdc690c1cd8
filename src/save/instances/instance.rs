//! Plain instances, written by their class's plan without being asked.

use pickle_format::opcode::Opcode;

use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Dict, View};
use crate::save::fault::Fault;
use crate::save::hooks::builtin::Builtin;
use crate::save::instances::plain::{Making, Plain};
use crate::save::instances::plan::is_shadowed;
use crate::save::instances::slots::{slots_are_leaves, write_slots};
use crate::save::standing::Standing;
use crate::save::write::writer::Writer;

/// What is left to do of a plain instance.
pub enum Planned<'q> {
    /// Nothing is written: the instance has to be asked after all.
    NotOpened,
    /// It is written whole.
    Whole,
    /// The state is to be written, and BUILD after it. The holding is that of the instance.
    State(View<'q>, Standing, Holding),
}

/// The standing of the parts of an instance's state.
#[inline(always)]
pub fn inside(standing: Standing) -> Standing {
    Standing {
        within_made: standing.made,
        ..Standing::new(
            Holding::Shared,
            if standing.made { standing.chain + 1 } else { 0 },
        )
    }
}

/// Writes a plain instance as far as nobody has to be asked. To be called where the writer is `direct`.
///
/// # Errors
/// What writing fails with.
#[inline(always)]
pub fn open_instance<'q>(
    obj: View<'q>,
    plain: &Plain,
    standing: Standing,
    writer: &mut Writer,
    quiet: &'q Quiet,
) -> Result<Planned<'q>, Fault> {
    let Some((index, dict)) = look_at_instance(obj, plain, writer, quiet)? else {
        return Ok(Planned::NotOpened);
    };
    if !plain.slots.is_empty()
        && (dict.is_some()
            || !writer.opened.has(Builtin::Dict)
            || !slots_are_leaves(obj, plain, writer, quiet))
    {
        return Ok(Planned::NotOpened);
    }
    if !begin_instance(index, plain.making, writer)? {
        return Ok(Planned::NotOpened);
    }
    writer.memoize(obj, standing.holding)?;
    if !plain.slots.is_empty() {
        write_slots(obj, plain, standing.holding, writer, quiet)?;
        return Ok(Planned::Whole);
    }
    let Some(dict) = dict else {
        return Ok(Planned::Whole);
    };
    // One reference is the instance's.
    let holding = match standing.holding {
        _ if dict.object().has_others(1) => Holding::Shared,
        Holding::Temporary => Holding::Temporary,
        Holding::Shared | Holding::Deferred => Holding::Deferred,
    };
    let part = inside(standing).part(holding);
    Ok(Planned::State(dict.object(), part, standing.holding))
}

/// The memo's index of an instance's class, and its `__dict__` if there is something in it. None where the
/// instance has to be asked, since its class is not in the memo yet or it has hooks of its own.
///
/// # Errors
/// Where there is no memory.
pub fn look_at_instance<'q>(
    obj: View<'q>,
    plain: &Plain,
    writer: &mut Writer,
    quiet: &Quiet,
) -> Result<Option<(usize, Option<Dict<'q>>)>, Fault> {
    if writer.fast || !writer.protocol.has_proto_opcode() {
        return Ok(None);
    }
    let Some(index) = writer.memo.get(obj.class().object())? else {
        return Ok(None);
    };
    if !plain.has_dict {
        return Ok(Some((index, None)));
    }
    let Some(dict) = obj.instance_dict()? else {
        return Ok(None);
    };
    if is_shadowed(dict, quiet) {
        return Ok(None);
    }
    let is_state = dict.len() > 0 || plain.making.has_empty_state();
    Ok(Some((index, is_state.then_some(dict))))
}

/// Bytes of LONG_BINGET, EMPTY_TUPLE, NEWOBJ and LONG_BINPUT.
const BEGINNING: usize = 12;

/// Writes the class, no arguments, and what makes the instance; false, with nothing written, where the frame has
/// to go to the file first.
///
/// # Errors
/// What writing fails with.
pub fn begin_instance(index: usize, making: Making, writer: &mut Writer) -> Result<bool, Fault> {
    if writer.has_file && !writer.out.has_room_in_frame(BEGINNING) {
        return Ok(false);
    }
    writer.get(index)?;
    writer.begin_object()?;
    writer.opcodes([Opcode::EMPTY_TUPLE, making.opcode()])?;
    Ok(true)
}
