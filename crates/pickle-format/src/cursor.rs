//! A run of short instructions, written with one look at the room for each.

use std::mem::MaybeUninit;

use crate::opcode::Opcode;
use crate::sink::Sink;

/// Bytes that an object without parts takes at most, strings and bytes apart: LONG1 with eight bytes,
/// and LONG_BINPUT.
pub const LEAF_ROOM: usize = 16;

/// There is no room left before the end of the output, or of the frame.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Full;

/// A place in the output that moves on as instructions are written, and the room behind it.
///
/// An object may begin where [`Cursor::has_room`]: then the open frame is not full, and [`LEAF_ROOM`]
/// bytes are at hand. What was written counts once the cursor is dropped.
pub struct Cursor<'a> {
    rest: &'a mut [MaybeUninit<u8>],
    position: &'a mut usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor at `position` of `space`, which stops at `limit`.
    #[inline(always)]
    pub(crate) fn new(
        space: &'a mut [MaybeUninit<u8>],
        position: &'a mut usize,
        limit: usize,
    ) -> Self {
        let end = limit.min(space.len()).max(*position);
        let rest = space.get_mut(*position..end).unwrap_or_default();
        Self {
            rest,
            position,
            end,
        }
    }

    /// Whether the next object may begin here.
    #[inline(always)]
    pub fn has_room(&self) -> bool {
        self.rest.len() >= LEAF_ROOM
    }

    #[inline(always)]
    fn advance(&mut self, n: usize) {
        let rest = std::mem::take(&mut self.rest);
        self.rest = rest.get_mut(n..).unwrap_or_default();
    }
}

/// Copies bytes whose number is small, and not known beforehand, by pieces of fixed size.
#[inline(always)]
fn copy_short(to: &mut [MaybeUninit<u8>], from: &[u8]) {
    if from.len() > 32 {
        to.write_copy_of_slice(from);
    } else if let (Some(first), Some(last)) = (from.first_chunk::<16>(), from.last_chunk::<16>()) {
        copy_ends(to, first, last);
    } else if let (Some(first), Some(last)) = (from.first_chunk::<8>(), from.last_chunk::<8>()) {
        copy_ends(to, first, last);
    } else if let (Some(first), Some(last)) = (from.first_chunk::<4>(), from.last_chunk::<4>()) {
        copy_ends(to, first, last);
    } else {
        for (to, from) in to.iter_mut().zip(from) {
            to.write(*from);
        }
    }
}

/// Writes the first bytes and the last, which may overlap.
#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [MaybeUninit<u8>], first: &[u8; N], last: &[u8; N]) {
    if let Some(place) = to.first_chunk_mut::<N>() {
        place.write_copy_of_slice(first);
    }
    if let Some(place) = to.last_chunk_mut::<N>() {
        place.write_copy_of_slice(last);
    }
}

impl Sink for Cursor<'_> {
    type Error = Full;

    #[inline(always)]
    fn write<const N: usize>(&mut self, bytes: [u8; N]) -> Result<(), Full> {
        let Some(place) = self.rest.first_chunk_mut::<N>() else {
            return Err(Full);
        };
        place.write_copy_of_slice(&bytes);
        self.advance(N);
        Ok(())
    }

    #[inline(always)]
    fn write_slice(&mut self, bytes: &[u8]) -> Result<(), Full> {
        let Some(place) = self.rest.get_mut(..bytes.len()) else {
            return Err(Full);
        };
        copy_short(place, bytes);
        self.advance(bytes.len());
        Ok(())
    }

    #[inline(always)]
    fn write_with<const N: usize>(&mut self, header: [u8; N], payload: &[u8]) -> Result<(), Full> {
        let n = N + payload.len();
        let Some(place) = self.rest.get_mut(..n) else {
            return Err(Full);
        };
        let (front, back) = place.split_at_mut(N);
        front.write_copy_of_slice(&header);
        copy_short(back, payload);
        self.advance(n);
        Ok(())
    }

    #[inline(always)]
    fn has_room_for(&self, payload: usize) -> bool {
        self.rest.len() >= payload + LEAF_ROOM
    }

    #[cold]
    fn too_large(&mut self, _opcode: Opcode) -> Full {
        Full
    }
}

impl Drop for Cursor<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        *self.position = self.end - self.rest.len();
    }
}
