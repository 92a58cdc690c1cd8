//! numpy's arrays: an empty one, and its shape, the type of its items, and their bytes.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pickle_format::sink::Sink;

use crate::fast::memo::Holding;
use crate::fast::quiet::Quiet;
use crate::fast::view::{ArrayBytes, View};
use crate::save::fault::Fault;
use crate::save::known::facts::Arrays;
use crate::save::known::flat::tuple_of;
use crate::save::known::parts::{end_object, get, has_room, memoized};
use crate::save::standing::Container;
use crate::save::write::writer::Writer;

/// Bytes of all opcodes but those of dimensions, and of one dimension at the most.
const AROUND: usize = 64;
const DIMENSION: usize = 10;

/// Protocols below this one have an array's bytes in its state.
const FIRST_WITH_BUFFERS: u8 = 5;

/// Writes an array whose items lie one behind the other in C's order, and the type of whose items is in the memo.
///
/// # Errors
/// What writing fails with.
pub fn write_array(
    obj: View<'_>,
    arrays: &Arrays,
    class: usize,
    holding: Holding,
    writer: &mut Writer,
    quiet: &Quiet,
) -> Result<bool, Fault> {
    let Some(array) = obj
        .as_array()
        .filter(|_| writer.protocol.number() < FIRST_WITH_BUFFERS)
        .filter(|_| writer.protocol.has_native_bytes())
    else {
        return Ok(false);
    };
    let reconstruct = arrays.reconstruct.view(quiet);
    let contents = arrays.contents.view(quiet).as_dict();
    let present = contents.and_then(|contents| contents.get_named(arrays.name.view(quiet)));
    if !present.is_some_and(|present| present.is(reconstruct)) {
        return Ok(false);
    }
    let indices = (
        writer.memo.get(reconstruct)?,
        writer.memo.get(arrays.code.view(quiet))?,
        writer.memo.get(array.dtype())?,
    );
    let (Some(reconstruct), Some(code), Some(dtype)) = indices else {
        return Ok(false);
    };
    let shape = array.shape();
    let around = AROUND + shape.len() * DIMENSION;
    let bytes = array.bytes(arrays.flags.view(quiet), arrays.nbytes.view(quiet));
    let Some(bytes) = bytes.filter(|bytes| has_room(around.saturating_add(bytes.len()), writer))
    else {
        return Ok(false);
    };
    get(reconstruct, writer)?;
    get(class, writer)?;
    encode::encode_i64(&mut writer.out, writer.protocol, 0)?;
    // The tuples, and more than one byte, are made anew each time, and so take an index and no more.
    memoized([Opcode::TUPLE1], obj, Holding::Temporary, writer)?;
    get(code, writer)?;
    end_object(obj, [Opcode::TUPLE3, Opcode::REDUCE], holding, writer)?;
    writer.opcode(Opcode::MARK)?;
    encode::encode_i64(&mut writer.out, writer.protocol, 1)?;
    write_shape(obj, shape, writer)?;
    get(dtype, writer)?;
    writer.opcode(Opcode::NEWFALSE)?;
    write_bytes(obj, bytes, writer)?;
    memoized([Opcode::TUPLE], obj, Holding::Temporary, writer)?;
    writer.opcode(Opcode::BUILD)?;
    Ok(true)
}

fn write_shape(obj: View<'_>, shape: &[isize], writer: &mut Writer) -> Result<(), Fault> {
    if shape.is_empty() {
        return writer.opcode(Opcode::EMPTY_TUPLE);
    }
    if shape.len() > 3 {
        writer.opcode(Opcode::MARK)?;
    }
    for length in shape {
        encode::encode_i64(&mut writer.out, writer.protocol, *length as i64)?;
    }
    memoized([tuple_of(shape.len())], obj, Holding::Temporary, writer)
}

fn write_bytes(obj: View<'_>, bytes: ArrayBytes<'_>, writer: &mut Writer) -> Result<(), Fault> {
    if let Some(singleton) = bytes.singleton() {
        let written = writer.write_if_leaf(singleton, Container::Open, 0)?;
        debug_assert!(written, "short bytes are a leaf");
        return Ok(());
    }
    let Some(header) = encode::bytes_header(bytes.len(), writer.protocol) else {
        return Ok(());
    };
    writer.out.write_slice(header.as_slice())?;
    let (mut piece, mut at) = ([0; 512], 0);
    while at < bytes.len() {
        let n = bytes.copy(at, &mut piece);
        writer.out.write_slice(&piece[..n])?;
        at += n;
    }
    let index = writer.memo.memoize(obj, Holding::Temporary)?;
    writer.put(index)
}
