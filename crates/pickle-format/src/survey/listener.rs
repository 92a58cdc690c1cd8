//! Who is told what a pickle has.

use std::collections::TryReserveError;

use crate::dis::Line;
use crate::opcode::Opcode;

/// What a global is named by.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Named {
    /// GLOBAL or INST, which has both names in its argument.
    Inline,
    /// STACK_GLOBAL, with the offsets of the instructions that push the two texts.
    Texts(usize, usize),
    /// EXT1, EXT2 or EXT4, with its code.
    Code(i64),
    /// STACK_GLOBAL, for what is no text of the pickle, but made when it is loaded.
    Untold,
}

/// A global where a pickle names it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Naming {
    /// The opcode that names it.
    pub opcode: Opcode,
    /// The offset of that.
    pub offset: usize,
    /// What it is named by.
    pub named: Named,
}

/// Who is told what a pickle has, as it is met.
pub trait Listener {
    /// Why nothing more is to be told.
    type Error: From<TryReserveError>;

    /// A global is named: gives its number. Equal ones may have one number.
    ///
    /// # Errors
    /// When nothing more is to be told.
    fn number(&mut self, naming: Naming) -> Result<u32, Self::Error>;

    /// So many objects were made by calling the global of this number, or have got so many bytes more.
    fn made(&mut self, number: u32, objects: usize, bytes: usize);

    /// An instruction was met, and the next one stands at this offset.
    ///
    /// # Errors
    /// When nothing more is to be told.
    fn met(&mut self, line: &Line<'_>, next: usize) -> Result<(), Self::Error>;
}
