//! What encoded instructions are written to.

use crate::opcode::Opcode;

/// Takes bytes, a whole instruction's or a part of one's at a time.
pub trait Sink {
    /// Why bytes were not taken.
    type Error;

    /// Writes a few bytes.
    ///
    /// # Errors
    /// When there is no room; nothing is written then.
    fn write<const N: usize>(&mut self, bytes: [u8; N]) -> Result<(), Self::Error>;

    /// Writes any number of bytes.
    ///
    /// # Errors
    /// When there is no room; nothing is written then.
    fn write_slice(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;

    /// Writes a header and its payload with one look at the room.
    ///
    /// # Errors
    /// When there is no room; nothing is written then.
    fn write_with<const N: usize>(
        &mut self,
        header: [u8; N],
        payload: &[u8],
    ) -> Result<(), Self::Error>;

    /// Writes a header, its payload, and an opcode, with one look at the room.
    ///
    /// # Errors
    /// When there is no room; nothing is written then.
    fn write_around<const N: usize>(
        &mut self,
        header: [u8; N],
        payload: &[u8],
        opcode: Opcode,
    ) -> Result<(), Self::Error>;

    /// The error for an argument that this opcode, the last to choose from, can't say. Nothing of the
    /// instruction was written.
    fn too_large(&mut self, opcode: Opcode) -> Self::Error;
}
