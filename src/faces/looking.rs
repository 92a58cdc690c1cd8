//! The functions that look at pickles: `pickletools`' by name, and what the commands ask.

use pyo3::prelude::*;

use crate::look::instructions::Instructions;

/// An iterator over the instructions of `pickle`, which is bytes, a bytearray, or a file with `read(n)` and
/// `readline()`: tuples (opcode, argument, position), up to STOP. Nothing is loaded.
///
/// The opcode is a `pickletools.OpcodeInfo`, the argument an object, or None where the opcode takes none. The
/// position is the offset in bytes, or what the file's `tell()` gives, or None where it has none. A file is read
/// no further than the instruction.
///
/// Same as `pickletools.genops`. Raises ValueError where the pickle can't be read on, with a note that tells the
/// place, and what the file raises.
#[pyfunction]
pub fn genops(pickle: &Bound<'_, PyAny>) -> Instructions {
    Instructions::of(pickle)
}
