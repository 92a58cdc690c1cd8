//! A run of numbers, written with one look at the room for each.

use std::mem::MaybeUninit;

/// Bytes that an object without parts takes at most, strings and bytes apart: LONG1 with eight bytes,
/// and LONG_BINPUT.
pub const LEAF_ROOM: usize = 16;

/// A place in the output that moves on as instructions are written, and the room behind it.
///
/// What was written counts once the cursor is dropped.
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

    /// Writes a run of instructions of at most `N` bytes each, told with their lengths, until `next` gives
    /// none or the next object may not begin here.
    #[inline(always)]
    pub fn write_run<const N: usize>(
        &mut self,
        mut next: impl FnMut() -> Option<([u8; N], usize)>,
    ) {
        const { assert!(N <= LEAF_ROOM) };
        let mut rest = std::mem::take(&mut self.rest);
        while rest.len() >= LEAF_ROOM
            && let Some((bytes, n)) = next()
            && let Some(place) = rest.first_chunk_mut::<N>()
        {
            debug_assert!(n <= N && n < LEAF_ROOM);
            place.write_copy_of_slice(&bytes);
            rest = &mut rest[n % LEAF_ROOM..];
        }
        self.rest = rest;
    }
}

impl Drop for Cursor<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        *self.position = self.end - self.rest.len();
    }
}
