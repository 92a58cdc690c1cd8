//! Colours of a disassembly: what is written before each part, nothing where there are no colours.

use pickle_format::opcode::Opcode;
use pyo3::prelude::*;

/// The sequences that begin a part, and the one that ends each.
#[derive(Default, FromPyObject)]
#[pyo3(from_item_all)]
pub struct Palette {
    /// The offset.
    pub position: String,
    /// An opcode that names what is called, or calls it.
    pub call: String,
    /// Any other opcode.
    pub opcode: String,
    pub argument: String,
    /// What is said of MARK and memo.
    pub note: String,
    /// What ends a part.
    pub reset: String,
}

impl Palette {
    /// What begins the name of an opcode.
    pub fn name(&self, opcode: Opcode) -> &str {
        use Opcode::{
            BUILD, EXT1, EXT2, EXT4, GLOBAL, INST, NEWOBJ, NEWOBJ_EX, OBJ, REDUCE, STACK_GLOBAL,
        };
        match opcode {
            GLOBAL | STACK_GLOBAL | INST | EXT1 | EXT2 | EXT4 | REDUCE | BUILD | OBJ | NEWOBJ
            | NEWOBJ_EX => &self.call,
            _ => &self.opcode,
        }
    }
}
