//! How instructions are written: to the room at hand, or to more of it.

use std::mem::MaybeUninit;

use super::{FrameWriter, Output};
use crate::cursor::{LEAF_ROOM, LeafSink, copy_around};
use crate::opcode::Opcode;
use crate::sink::Sink;
use crate::unfilled::{copy, copy_short, fill, fill_front};

impl<O: Output> Sink for FrameWriter<O> {
    type Error = O::Error;

    #[inline(always)]
    fn write<const N: usize>(&mut self, bytes: [u8; N]) -> Result<(), O::Error> {
        if !self.write_at_hand(bytes) {
            self.grow(self.position + N)?;
            self.write_at_hand(bytes);
        }
        Ok(())
    }

    #[inline(always)]
    fn write_slice(&mut self, bytes: &[u8]) -> Result<(), O::Error> {
        copy(self.room(bytes.len())?, bytes);
        self.position += bytes.len();
        Ok(())
    }

    #[inline(always)]
    fn write_with<const N: usize>(
        &mut self,
        header: [u8; N],
        payload: &[u8],
    ) -> Result<(), O::Error> {
        let room = self.room(N + payload.len())?;
        copy_short(fill_front(room, header), payload);
        self.position += N + payload.len();
        Ok(())
    }

    #[inline(always)]
    fn write_around<const N: usize>(
        &mut self,
        header: [u8; N],
        payload: &[u8],
        opcode: Opcode,
    ) -> Result<(), O::Error> {
        let room = self.room(N + payload.len() + 1)?;
        let (middle, last) = fill_front(room, header).split_at_mut(payload.len());
        copy_short(middle, payload);
        fill_front(last, [opcode.code()]);
        self.position += N + payload.len() + 1;
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn too_large(&mut self, opcode: Opcode) -> O::Error {
        self.output.too_large(self.position, opcode)
    }
}

impl<O: Output> LeafSink for FrameWriter<O> {
    #[inline(always)]
    fn write_leaf<const N: usize>(&mut self, (bytes, n): ([u8; N], usize)) -> bool {
        const { assert!(N <= LEAF_ROOM) };
        debug_assert!(n <= N && n < LEAF_ROOM);
        let rest = self.output.leaf_space().get_mut(self.position..);
        let Some(room) = rest.and_then(|rest| rest.first_chunk_mut::<LEAF_ROOM>()) else {
            return false;
        };
        let Some(place) = room.first_chunk_mut::<N>() else {
            return false;
        };
        fill(place, bytes);
        self.position += n;
        true
    }

    #[inline(always)]
    fn has_room(&mut self, n: usize) -> bool {
        self.position + LEAF_ROOM + n <= self.output.leaf_space().len()
    }

    #[inline(always)]
    fn write_leaf_around<const N: usize>(
        &mut self,
        header: [u8; N],
        payload: &[u8],
        opcode: Opcode,
    ) -> bool {
        let rest = self.output.leaf_space().get_mut(self.position..);
        let room = rest.unwrap_or_default();
        let written = copy_around(room, header, payload, opcode);
        self.position += written;
        written > 0
    }
}

impl<O: Output> FrameWriter<O> {
    /// Writes bytes where the room at hand is enough.
    #[inline(always)]
    fn write_at_hand<const N: usize>(&mut self, bytes: [u8; N]) -> bool {
        let Some(rest) = self.output.space().get_mut(self.position..) else {
            return false;
        };
        let Some(place) = rest.first_chunk_mut::<N>() else {
            return false;
        };
        fill(place, bytes);
        self.position += N;
        true
    }

    #[inline(always)]
    fn room(&mut self, n: usize) -> Result<&mut [MaybeUninit<u8>], O::Error> {
        let end = self.position + n;
        if self.output.space().len() < end {
            self.grow(end)?;
        }
        Ok(&mut self.output.space()[self.position..end])
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, needed: usize) -> Result<(), O::Error> {
        self.output.grow(self.position, needed)?;
        self.find_leaf_end();
        Ok(())
    }

    /// Makes room for what comes next: `most` bytes at the most, or as many of them as the output takes for likely.
    ///
    /// # Errors
    /// When the output can't grow.
    pub fn expect(&mut self, most: usize) -> Result<(), O::Error> {
        self.output.expect(self.position, most)?;
        self.find_leaf_end();
        Ok(())
    }
}
