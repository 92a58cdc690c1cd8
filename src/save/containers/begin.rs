//! Lists and dicts of which somebody is asked about each part: nothing of them is written when they are begun.

use pickle_format::opcode::Opcode;

use crate::fast::quiet::Quiet;
use crate::fast::view::{Dict, List};
use crate::interpreter::face::Face;
use crate::save::containers::batch::{BATCH_SIZE, Batched};
use crate::save::containers::dict::{self, DictEntries};
use crate::save::containers::dict_place::Place;
use crate::save::containers::list::{self, ListItems};
use crate::save::fault::Fault;
use crate::save::standing::Standing;
use crate::save::write::writer::Writer;

/// Begins a list, in batches, of which somebody is asked about each item: where it is one batch, that is begun too. None
/// where there is nothing left to do.
///
/// # Errors
/// As for `list::open_list`.
pub fn begin_list(
    list: List<'_>,
    standing: Standing,
    writer: &mut Writer,
    quiet: &Quiet,
) -> Result<Option<Batched<ListItems>>, Fault> {
    let standing = standing.deepen()?;
    let (obj, size) = (list.object(), list.len());
    let batch = (1..BATCH_SIZE).contains(&size).then_some(size > 1);
    let opcodes = [Opcode::EMPTY_LIST, Opcode::LIST];
    writer.begin_container(opcodes, obj, standing.holding, batch == Some(true))?;
    if size == 0 {
        writer.leave_fast(obj);
        return Ok(None);
    }
    let mut items = list::rest_of(list, standing, 0, batch, writer);
    if writer.face == Face::Hookable {
        items.take_batch(&mut writer.rooms, quiet);
    }
    Ok(Some(items))
}

/// Begins a dict, in batches, of which somebody is asked about each key and value: where it is one batch, that is begun
/// too. None where there is nothing left to do.
///
/// # Errors
/// As for `dict::open_dict`.
pub fn begin_dict(
    dict: Dict<'_>,
    standing: Standing,
    writer: &mut Writer,
    quiet: &Quiet,
) -> Result<Option<Batched<DictEntries>>, Fault> {
    let standing = standing.deepen()?;
    let (obj, size) = (dict.object(), dict.len());
    let batch = (1..BATCH_SIZE).contains(&size).then_some(size > 1);
    let opcodes = [Opcode::EMPTY_DICT, Opcode::DICT];
    writer.begin_container(opcodes, obj, standing.holding, batch == Some(true))?;
    if size == 0 {
        writer.leave_fast(obj);
        return Ok(None);
    }
    let place = Place::new(dict, standing);
    let mut entries = dict::rest_of(dict, place, batch, writer);
    if writer.face == Face::Hookable {
        entries.take_batch(&mut writer.rooms, quiet);
    }
    Ok(Some(entries))
}
