//! Parts that objects of several known types are written by.

use pickle_format::encode;
use pickle_format::opcode::Opcode;

use crate::fast::memo::Holding;
use crate::fast::view::View;
use crate::save::fault::Fault;
use crate::save::write::writer::Writer;

/// Writes what ends a rebuilt object: the opcode for the tuple of arguments, which takes an index and no more since
/// nobody else could get hold of it, and the one that makes the object, which gets the next index.
///
/// # Errors
/// What writing fails with.
#[inline(always)]
pub fn end_object(
    obj: View<'_>,
    [tuple, make]: [Opcode; 2],
    holding: Holding,
    writer: &mut Writer,
) -> Result<(), Fault> {
    if !writer.protocol.is_framed() {
        memoized([tuple], obj, Holding::Temporary, writer)?;
        return memoized([make], obj, holding, writer);
    }
    writer.memo.memoize(obj, Holding::Temporary)?;
    writer.memo.memoize(obj, holding)?;
    let memoize = Opcode::MEMOIZE;
    writer.opcodes([tuple, memoize, make, memoize])
}

/// Writes opcodes that make an object, and gives it the next index.
///
/// # Errors
/// What writing fails with.
#[inline(always)]
pub fn memoized<const N: usize>(
    opcodes: [Opcode; N],
    obj: View<'_>,
    holding: Holding,
    writer: &mut Writer,
) -> Result<(), Fault> {
    writer.opcodes(opcodes)?;
    let index = writer.memo.memoize(obj, holding)?;
    writer.put(index)
}

/// Whether so many bytes, and a GET of the class, neither fill the frame nor end it: then no object that begins among
/// them is the first of the next frame.
#[inline(always)]
pub fn has_room(bytes: usize, writer: &Writer) -> bool {
    writer.out.has_room_in_frame(bytes + LONGEST_GET)
}

/// Bytes of LONG_BINGET.
const LONGEST_GET: usize = 5;

/// Writes the GET of a class.
///
/// # Errors
/// What writing fails with.
#[inline(always)]
pub fn get(index: usize, writer: &mut Writer) -> Result<(), Fault> {
    Ok(encode::encode_binget(&mut writer.out, index)?)
}
