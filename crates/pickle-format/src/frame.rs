//! Output in frames, as protocol 4 asks (PEP 3154).
//!
//! A frame's header is reserved when the frame opens and filled in when it is committed. CPython
//! opens frames lazily; opening them at once gives the same bytes, since an empty frame vanishes.

use std::mem::MaybeUninit;

use crate::cursor::{Cursor, LEAF_ROOM, LeafSink, copy_around};
use crate::opcode::Opcode;
use crate::sink::Sink;
use crate::unfilled::{copy, copy_short, fill, fill_front};

/// Bytes of payload at which a frame is committed, at the start of the next object.
pub const FRAME_SIZE_TARGET: usize = 64 * 1024;
/// Bytes of payload below which a frame has no header.
pub const FRAME_SIZE_MIN: usize = 4;
/// Bytes of a frame's header: the opcode and the payload's size in eight bytes.
pub const FRAME_HEADER_SIZE: usize = 9;

/// Where a [`FrameWriter`] puts its bytes.
pub trait Output {
    /// What a failed growth gives.
    type Error;

    /// The whole capacity, the filled part included.
    fn space(&mut self) -> &mut [MaybeUninit<u8>];

    /// As `space`, up to the end that was set last, as far as there is capacity: one look at its length tells of
    /// both the room and the open frame.
    fn leaf_space(&mut self) -> &mut [MaybeUninit<u8>];

    /// Sets where `leaf_space` ends. Whoever changes the capacity sets it anew.
    fn end_leaf_space(&mut self, end: usize);

    /// Makes `space().len() >= needed` and keeps the first `filled` bytes. Growing by a factor is
    /// the implementer's business.
    ///
    /// # Errors
    /// When there is no memory.
    fn grow(&mut self, filled: usize, needed: usize) -> Result<(), Self::Error>;

    /// The error for an argument that this opcode, the last to choose from, can't say. `filled` is
    /// as for `grow`; nothing of the instruction was written.
    fn too_large(&mut self, filled: usize, opcode: Opcode) -> Self::Error;
}

/// Writes opcodes and their arguments, in frames or without.
#[derive(Debug)]
pub struct FrameWriter<O> {
    output: O,
    position: usize,
    /// The position at which the open frame is full; `usize::MAX` where none is open.
    frame_limit: usize,
    framing: bool,
}

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
    /// Begins at the output's start, without framing.
    pub fn new(output: O) -> Self {
        let mut writer = Self {
            output,
            position: 0,
            frame_limit: usize::MAX,
            framing: false,
        };
        writer.find_leaf_end();
        writer
    }

    /// To be called when the frame or the room has changed.
    fn find_leaf_end(&mut self) {
        // An object may begin at any place before the frame's limit.
        let end = self.frame_limit.saturating_add(LEAF_ROOM - 1);
        self.output.end_leaf_space(end);
    }

    /// Bytes written so far, the reserved header of an open frame included.
    #[inline(always)]
    pub fn position(&self) -> usize {
        self.position
    }

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

    /// Makes room for `n` bytes more, which are expected.
    ///
    /// # Errors
    /// When the output can't grow.
    #[inline(always)]
    pub fn make_room(&mut self, n: usize) -> Result<(), O::Error> {
        self.room(n).map(|_| ())
    }

    /// Writes a run of leaves, as far as the open frame and the room at hand go; None where there is no room.
    #[inline(always)]
    pub fn cursor(&mut self) -> Option<Cursor<'_>> {
        Cursor::new(self.output.leaf_space(), &mut self.position)
    }

    /// Begins framing and opens the first frame.
    ///
    /// # Errors
    /// When the output can't grow.
    pub fn start_framing(&mut self) -> Result<(), O::Error> {
        self.framing = true;
        self.open_frame()
    }

    /// Commits the open frame and ends framing.
    ///
    /// # Errors
    /// Never with the outputs known; the signature leaves room for those that flush.
    pub fn end_framing(&mut self) -> Result<(), O::Error> {
        self.commit_frame();
        self.framing = false;
        Ok(())
    }

    /// Whether what is written goes into frames.
    #[inline(always)]
    pub fn is_framing(&self) -> bool {
        self.framing
    }

    /// Bytes in the open frame; None where none is open.
    pub fn frame_size(&self) -> Option<usize> {
        let start = self.frame_limit.checked_sub(FRAME_SIZE_TARGET)?;
        (self.frame_limit != usize::MAX).then(|| self.position - start)
    }

    /// The bytes of the open frame, each of which was written; none where no frame is open.
    pub fn frame_contents(&mut self) -> &[MaybeUninit<u8>] {
        let start = self.position - self.frame_size().unwrap_or(0);
        &self.output.space()[start..self.position]
    }

    /// Whether the open frame is to be committed before the next object is saved.
    #[inline(always)]
    pub fn is_frame_full(&self) -> bool {
        self.position >= self.frame_limit
    }

    /// Whether `n` bytes more leave the open frame short of full, so that no object that begins
    /// among them would commit it.
    #[inline(always)]
    pub fn has_room_in_frame(&self, n: usize) -> bool {
        self.position + n < self.frame_limit
    }

    /// Closes the open frame, if there is one.
    pub fn commit_frame(&mut self) {
        if self.frame_limit == usize::MAX {
            return;
        }
        let start = self.frame_limit - FRAME_SIZE_TARGET;
        let size = self.position - start;
        let space = self.output.space();
        if size >= FRAME_SIZE_MIN {
            let mut header = [Opcode::FRAME.code(); FRAME_HEADER_SIZE];
            header[1..].copy_from_slice(&(size as u64).to_le_bytes());
            fill_front(&mut space[start - FRAME_HEADER_SIZE..start], header);
        } else {
            space.copy_within(start..self.position, start - FRAME_HEADER_SIZE);
            self.position -= FRAME_HEADER_SIZE;
        }
        self.frame_limit = usize::MAX;
        self.find_leaf_end();
    }

    /// Opens the next frame, if framing and none is open.
    ///
    /// # Errors
    /// When the output can't grow.
    pub fn open_frame(&mut self) -> Result<(), O::Error> {
        if self.framing && self.frame_limit == usize::MAX {
            self.write([0; FRAME_HEADER_SIZE])?;
            self.frame_limit = self.position + FRAME_SIZE_TARGET;
            self.find_leaf_end();
        }
        Ok(())
    }

    /// Forgets what was written, and ends framing; the output's room stays.
    #[inline(always)]
    pub fn begin_anew(&mut self) {
        self.position = 0;
        self.frame_limit = usize::MAX;
        self.framing = false;
        self.find_leaf_end();
    }

    /// Hands out the first `n` bytes, which whole frames take, and goes on in `fresh` with what stands behind them: the
    /// open frame.
    ///
    /// # Errors
    /// When `fresh` can't grow; nothing is handed out then.
    pub fn replace_closed_output(&mut self, n: usize, mut fresh: O) -> Result<O, O::Error> {
        let rest = self.position - n;
        fresh.grow(0, rest)?;
        let open = &self.output.space()[n..self.position];
        fresh.space()[..rest].copy_from_slice(open);
        self.position = rest;
        if self.frame_limit != usize::MAX {
            self.frame_limit -= n;
        }
        let closed = std::mem::replace(&mut self.output, fresh);
        self.find_leaf_end();
        Ok(closed)
    }

    /// Hands out what was written and goes on in `fresh`. No frame may be open.
    pub fn replace_output(&mut self, fresh: O) -> (O, usize) {
        debug_assert_eq!(self.frame_limit, usize::MAX);
        let filled = std::mem::take(&mut self.position);
        let written = std::mem::replace(&mut self.output, fresh);
        self.find_leaf_end();
        (written, filled)
    }
}
