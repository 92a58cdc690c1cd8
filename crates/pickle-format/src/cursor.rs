//! A run of leaves, written with one look at the room for each.

use std::mem::MaybeUninit;

use crate::opcode::Opcode;
use crate::unfilled::{copy_short, fill, fill_front};

/// Bytes that an object without parts takes at most, strings and bytes apart: LONG1 with eight bytes,
/// and LONG_BINPUT.
pub const LEAF_ROOM: usize = 16;

/// Takes leaves, each with one look at the room.
pub trait LeafSink {
    /// Writes the first `n` of these bytes, fewer than [`LEAF_ROOM`]; false, with nothing written, where no
    /// object may begin, or where the room at hand may not do.
    fn write_leaf<const N: usize>(&mut self, leaf: ([u8; N], usize)) -> bool;

    /// Whether an object may begin here that takes so many bytes beside a leaf's.
    fn has_room(&mut self, n: usize) -> bool;

    /// Writes a header, its payload, and an opcode, as `write_leaf` does.
    fn write_leaf_around<const N: usize>(
        &mut self,
        header: [u8; N],
        payload: &[u8],
        opcode: Opcode,
    ) -> bool;
}

/// A place in the output that moves on as instructions are written, and the room behind it.
///
/// What was written counts once the cursor is dropped.
pub struct Cursor<'a> {
    rest: &'a mut [MaybeUninit<u8>],
    position: &'a mut usize,
    end: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor at `position` of `space`; None behind its end.
    #[inline(always)]
    pub(crate) fn new(space: &'a mut [MaybeUninit<u8>], position: &'a mut usize) -> Option<Self> {
        let end = space.len();
        let rest = space.get_mut(*position..)?;
        Some(Self {
            rest,
            position,
            end,
        })
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
            fill(place, bytes);
            rest = &mut rest[n % LEAF_ROOM..];
        }
        self.rest = rest;
    }
}

impl<S: LeafSink> LeafSink for &mut S {
    #[inline(always)]
    fn write_leaf<const N: usize>(&mut self, leaf: ([u8; N], usize)) -> bool {
        (**self).write_leaf(leaf)
    }

    #[inline(always)]
    fn has_room(&mut self, n: usize) -> bool {
        (**self).has_room(n)
    }

    #[inline(always)]
    fn write_leaf_around<const N: usize>(
        &mut self,
        header: [u8; N],
        payload: &[u8],
        opcode: Opcode,
    ) -> bool {
        (**self).write_leaf_around(header, payload, opcode)
    }
}

impl LeafSink for Cursor<'_> {
    #[inline(always)]
    fn write_leaf<const N: usize>(&mut self, (bytes, n): ([u8; N], usize)) -> bool {
        const { assert!(N <= LEAF_ROOM) };
        debug_assert!(n <= N && n < LEAF_ROOM);
        let rest = std::mem::take(&mut self.rest);
        if rest.len() < LEAF_ROOM {
            self.rest = rest;
            return false;
        }
        if let Some(place) = rest.first_chunk_mut::<N>() {
            fill(place, bytes);
        }
        self.rest = &mut rest[n % LEAF_ROOM..];
        true
    }

    #[inline(always)]
    fn has_room(&mut self, n: usize) -> bool {
        self.rest.len() >= LEAF_ROOM + n
    }

    #[inline(always)]
    fn write_leaf_around<const N: usize>(
        &mut self,
        header: [u8; N],
        payload: &[u8],
        opcode: Opcode,
    ) -> bool {
        let rest = std::mem::take(&mut self.rest);
        let written = copy_around(rest, header, payload, opcode);
        self.rest = &mut rest[written..];
        written > 0
    }
}

/// Writes a header, its payload, and an opcode; gives their number of bytes, or 0, with nothing written, where a
/// leaf's room beside the payload's is not there.
#[inline(always)]
pub(crate) fn copy_around<const N: usize>(
    room: &mut [MaybeUninit<u8>],
    header: [u8; N],
    payload: &[u8],
    opcode: Opcode,
) -> usize {
    const { assert!(N < LEAF_ROOM) };
    if room.len() < LEAF_ROOM + payload.len() {
        return 0;
    }
    let (middle, rest) = fill_front(room, header).split_at_mut(payload.len());
    copy_short(middle, payload);
    if let Some(last) = rest.first_chunk_mut::<1>() {
        fill(last, [opcode.code()]);
    }
    N + payload.len() + 1
}

impl Drop for Cursor<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        *self.position = self.end - self.rest.len();
    }
}
