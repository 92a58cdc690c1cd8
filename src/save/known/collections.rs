//! Collections: a call of the class, and their items, or a dict of them for its argument.

use pickle_format::encode;
use pickle_format::opcode::Opcode;

use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Dict, View};
use crate::save::containers::elements::BATCH_SIZE;
use crate::save::fault::Fault;
use crate::save::instances::plan::OPCODE_FUNCTIONS;
use crate::save::known::facts::Counter;
use crate::save::known::flat::{flat_size, write_flat};
use crate::save::known::parts::{end_object, get, has_room, memoized};
use crate::save::standing::Container;
use crate::save::write::writer::Writer;

/// Bytes of all opcodes besides those of the items, with what a factory or a limit takes.
const AROUND: usize = 40;

/// Writes a `Counter` of flat parts: its class is called with an exact dict of them, which is made anew each time.
///
/// # Errors
/// What writing fails with.
pub fn write_counter(
    obj: View<'_>,
    counter: &Counter,
    class: usize,
    holding: Holding,
    writer: &mut Writer,
    quiet: &Quiet,
) -> Result<bool, Fault> {
    let dict = obj.as_any_dict().filter(|_| {
        obj.has_no_attributes()
            && !obj.class().may_be_named(OPCODE_FUNCTIONS)
            && counter.makes_dict(obj.class(), quiet)
    });
    let Some(dict) = dict else {
        return Ok(false);
    };
    if !are_flat(dict, writer)? {
        return Ok(false);
    }
    get(class, writer)?;
    memoized([Opcode::EMPTY_DICT], obj, Holding::Temporary, writer)?;
    write_entries(dict, holding, writer)?;
    end_object(obj, [Opcode::TUPLE1, Opcode::REDUCE], holding, writer)?;
    Ok(true)
}

/// Writes a `defaultdict` of flat parts, whose factory is in the memo.
///
/// # Errors
/// What writing fails with.
pub fn write_defaultdict(
    obj: View<'_>,
    class: usize,
    holding: Holding,
    writer: &mut Writer,
) -> Result<bool, Fault> {
    let Some((dict, factory)) = obj.as_defaultdict() else {
        return Ok(false);
    };
    let factory = match factory {
        None => None,
        Some(factory) => {
            let Some(index) = writer.memo.get(factory)? else {
                return Ok(false);
            };
            Some(index)
        }
    };
    if !are_flat(dict, writer)? {
        return Ok(false);
    }
    get(class, writer)?;
    match factory {
        None => make_without_arguments(obj, holding, writer)?,
        Some(index) => {
            get(index, writer)?;
            end_object(obj, [Opcode::TUPLE1, Opcode::REDUCE], holding, writer)?;
        }
    }
    write_entries(dict, holding, writer)?;
    Ok(true)
}

/// Writes an `OrderedDict` of flat parts, with a few texts for keys.
///
/// # Errors
/// What writing fails with.
pub fn write_ordered_dict(
    obj: View<'_>,
    class: usize,
    holding: Holding,
    writer: &mut Writer,
) -> Result<bool, Fault> {
    // Attributes are its state.
    let dict = obj.as_ordered_dict().filter(|_| obj.has_no_attributes());
    let Some(dict) = dict else {
        return Ok(false);
    };
    if !are_flat(dict, writer)? {
        return Ok(false);
    }
    let Some(entries) = obj.ordered_entries() else {
        return Ok(false);
    };
    get(class, writer)?;
    make_without_arguments(obj, holding, writer)?;
    if dict.len() > 1 {
        writer.opcode(Opcode::MARK)?;
    }
    let container = Container::memoized_first(holding);
    for (key, value) in entries.iter().map_while(|entry| *entry) {
        write_flat(key, container, writer)?;
        write_flat(value, container, writer)?;
    }
    end_items(dict.len(), [Opcode::SETITEM, Opcode::SETITEMS], writer)?;
    Ok(true)
}

/// Writes a `deque` of flat parts.
///
/// # Errors
/// What writing fails with.
pub fn write_deque(
    obj: View<'_>,
    class: usize,
    holding: Holding,
    writer: &mut Writer,
) -> Result<bool, Fault> {
    let Some((deque, limit)) = obj
        .as_deque()
        .and_then(|deque| Some((deque, deque.limit()?)))
    else {
        return Ok(false);
    };
    let len = deque.len();
    if len >= BATCH_SIZE {
        return Ok(false);
    }
    let mut size = AROUND;
    for i in 0..len {
        let item = match deque.item(i) {
            Some(item) => flat_size(item, writer)?,
            None => None,
        };
        let Some(item) = item else {
            return Ok(false);
        };
        size += item;
    }
    if !has_room(size, writer) {
        return Ok(false);
    }
    get(class, writer)?;
    match limit {
        None => make_without_arguments(obj, holding, writer)?,
        Some(limit) => {
            writer.opcode(Opcode::EMPTY_TUPLE)?;
            encode::encode_i64(&mut writer.out, writer.protocol, limit)?;
            end_object(obj, [Opcode::TUPLE2, Opcode::REDUCE], holding, writer)?;
        }
    }
    if len > 1 {
        writer.opcode(Opcode::MARK)?;
    }
    let container = Container::memoized_first(holding);
    for item in (0..len).filter_map(|i| deque.item(i)) {
        write_flat(item, container, writer)?;
    }
    end_items(len, [Opcode::APPEND, Opcode::APPENDS], writer)?;
    Ok(true)
}

/// Ends a batch of so many items, if there are any.
fn end_items(len: usize, [one, more]: [Opcode; 2], writer: &mut Writer) -> Result<(), Fault> {
    match len {
        0 => Ok(()),
        1 => writer.opcode(one),
        _ => writer.opcode(more),
    }
}

fn make_without_arguments(
    obj: View<'_>,
    holding: Holding,
    writer: &mut Writer,
) -> Result<(), Fault> {
    let opcodes = [Opcode::EMPTY_TUPLE, Opcode::REDUCE];
    memoized(opcodes, obj, holding, writer)
}

/// Whether the entries are flat, go in one batch, and have room in the frame.
fn are_flat(dict: Dict<'_>, writer: &mut Writer) -> Result<bool, Fault> {
    if dict.len() >= BATCH_SIZE {
        return Ok(false);
    }
    let mut size = AROUND;
    let mut position = 0;
    while let Some((key, value)) = dict.next(&mut position) {
        let (Some(key), Some(value)) = (flat_size(key, writer)?, flat_size(value, writer)?) else {
            return Ok(false);
        };
        size += key + value;
    }
    Ok(has_room(size, writer))
}

/// Writes the entries of a dict in one batch. None of them leads back to the object, so each part that this alone
/// holds is met once.
fn write_entries(dict: Dict<'_>, holding: Holding, writer: &mut Writer) -> Result<(), Fault> {
    if dict.len() > 1 {
        writer.opcode(Opcode::MARK)?;
    }
    let values = Container::memoized_first(holding);
    let keys = if dict.shares_keys() {
        Container::Open
    } else {
        values
    };
    let mut position = 0;
    while let Some((key, value)) = dict.next(&mut position) {
        write_flat(key, keys, writer)?;
        write_flat(value, values, writer)?;
    }
    end_items(dict.len(), [Opcode::SETITEM, Opcode::SETITEMS], writer)
}
