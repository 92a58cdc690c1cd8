//! Flat parts: leaves, what is in the memo, and short lists and tuples of such.

use pickle_format::opcode::Opcode;

use crate::fast::view::{Kind, View};
use crate::save::fault::Fault;
use crate::save::hooks::builtin::Builtin;
use crate::save::standing::Container;
use crate::save::write::writer::Writer;

/// Items of a list or tuple that counts as flat.
const FEW: usize = 16;

/// Bytes of the opcodes of a list or tuple, and of a GET, and of short bytes beside their contents.
const AROUND: usize = 8;

/// At most how many bytes a part takes; None where it is not flat.
///
/// # Errors
/// Where there is no memory.
#[inline(always)]
pub fn flat_size(part: View<'_>, writer: &mut Writer) -> Result<Option<usize>, Fault> {
    match writer.leaf_size(part) {
        Some(size) => Ok(Some(size)),
        None => rarer_size(part, true, writer),
    }
}

#[inline(never)]
fn rarer_size(
    part: View<'_>,
    may_have_items: bool,
    writer: &mut Writer,
) -> Result<Option<usize>, Fault> {
    let items = match part.kind() {
        Kind::Tuple(tuple) => tuple.items(),
        Kind::List(list) if writer.opened.has(Builtin::List) => list.items(),
        Kind::Other | Kind::Type(_) if part.has_others(1) => {
            return Ok(writer.memo.get(part)?.map(|_| AROUND));
        }
        _ => return Ok(None),
    };
    if items.len() > if may_have_items { FEW } else { 0 } {
        return Ok(None);
    }
    let mut size = AROUND;
    for item in items {
        let Some(item) = *item else {
            return Ok(None);
        };
        let of_item = match writer.leaf_size(item) {
            Some(size) => Some(size),
            None => rarer_size(item, false, writer)?,
        };
        let Some(of_item) = of_item else {
            return Ok(None);
        };
        size += of_item;
    }
    Ok(Some(size))
}

/// Writes a flat part, where there is room for it in the frame. To be called where the writer is `direct`.
///
/// # Errors
/// What writing fails with.
#[inline(always)]
pub fn write_flat(part: View<'_>, container: Container, writer: &mut Writer) -> Result<(), Fault> {
    if writer.write_if_leaf(part, container, 0)? {
        return Ok(());
    }
    write_items(part, container, writer)
}

#[inline(never)]
fn write_items(part: View<'_>, container: Container, writer: &mut Writer) -> Result<(), Fault> {
    let holding = container.holding(part, 0);
    let (items, inside) = match part.kind() {
        Kind::List(list) => {
            let marks = list.len() > 1;
            writer.begin_container([Opcode::EMPTY_LIST, Opcode::LIST], part, holding, marks)?;
            (list.items(), Container::memoized_first(holding))
        }
        Kind::Tuple(tuple) => {
            if tuple.len() > 3 {
                writer.opcode(Opcode::MARK)?;
            }
            (tuple.items(), Container::memoized_last(holding))
        }
        _ => {
            debug_assert!(false, "`flat_size` promised it");
            return Ok(());
        }
    };
    for item in items.iter().flatten() {
        let written = writer.write_if_leaf(*item, inside, 0)?;
        debug_assert!(written, "`flat_size` promised it");
    }
    if part.as_list().is_some() {
        return writer.opcode(if items.len() > 1 {
            Opcode::APPENDS
        } else {
            Opcode::APPEND
        });
    }
    writer.opcode(tuple_of(items.len()))?;
    writer.memoize(part, holding)
}

/// What makes a tuple of so many items, of which there is at least one.
pub fn tuple_of(len: usize) -> Opcode {
    match len {
        1 => Opcode::TUPLE1,
        2 => Opcode::TUPLE2,
        3 => Opcode::TUPLE3,
        _ => Opcode::TUPLE,
    }
}
