//! Lists and dicts of which somebody is asked about each part: nothing of them is written when they are begun.

use pickle_format::opcode::Opcode;

use crate::fast::view::View;
use crate::save::containers::elements::BATCH_SIZE;
use crate::save::fault::Fault;
use crate::save::standing::Standing;
use crate::save::write::writer::Writer;

/// Begins a list or dict of so many elements, in batches, of which somebody is asked about each part: where it is one
/// batch, that is begun too. Its standing, and whether the first batch is begun, and with MARK; None where there is nothing
/// left to do.
///
/// # Errors
/// What writing fails with; `Endless` and `Cyclic`.
#[inline(always)]
pub fn begin(
    opcodes: [Opcode; 2],
    (obj, size): (View<'_>, usize),
    standing: Standing,
    writer: &mut Writer,
) -> Result<Option<(Standing, Option<bool>)>, Fault> {
    let standing = standing.deepen()?;
    let batch = (1..BATCH_SIZE).contains(&size).then_some(size > 1);
    writer.begin_container(opcodes, obj, standing.holding, batch == Some(true))?;
    if size == 0 {
        writer.leave_fast(obj);
        return Ok(None);
    }
    Ok(Some((standing, batch)))
}
