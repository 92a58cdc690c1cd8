//! Output in frames, as protocol 4 asks (PEP 3154).
//!
//! A frame's header is reserved when the frame opens and filled in when it is committed. CPython
//! opens frames lazily; opening them at once gives the same bytes, since an empty frame vanishes.

mod sink;

use std::mem::MaybeUninit;

use crate::cursor::{Cursor, LEAF_ROOM};
use crate::opcode::Opcode;
use crate::sink::Sink;
use crate::unfilled::fill_front;

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

    /// Makes room for what comes behind the first `filled` bytes, `most` bytes at the most: for fewer where so many are
    /// not likely.
    ///
    /// # Errors
    /// When there is no memory.
    fn expect(&mut self, filled: usize, most: usize) -> Result<(), Self::Error>;

    /// The error for an argument that this opcode, the last to choose from, can't say. `filled` is
    /// as for `grow`; nothing of the instruction was written.
    fn too_large(&mut self, filled: usize, opcode: Opcode) -> Self::Error;
}

/// Writes opcodes and their arguments, in frames or without.
#[derive(Debug)]
pub struct FrameWriter<O> {
    output: O,
    position: usize,
    /// The position at which the open frame is full, or that of the milestone; `usize::MAX` where there is neither.
    frame_limit: usize,
    framing: bool,
    /// Bytes that were handed out.
    handed_out: u64,
}

impl<O: Output> FrameWriter<O> {
    /// Begins at the output's start, without framing.
    pub fn new(output: O) -> Self {
        let mut writer = Self {
            output,
            position: 0,
            frame_limit: usize::MAX,
            framing: false,
            handed_out: 0,
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

    /// Where the bytes are put.
    #[inline(always)]
    pub fn output(&self) -> &O {
        &self.output
    }

    /// Bytes written so far, the reserved header of an open frame included.
    #[inline(always)]
    pub fn position(&self) -> usize {
        self.position
    }

    /// Writes a run of leaves, as far as the open frame and the room at hand go; None where there is no room.
    #[inline(always)]
    pub fn cursor(&mut self) -> Option<Cursor<'_>> {
        Cursor::new(self.output.leaf_space(), &mut self.position)
    }

    /// Bytes written so far that are there whatever comes next, those that were handed out included.
    pub fn written(&self) -> u64 {
        // The header of a frame that stays small vanishes.
        let vanishing = match self.frame_size() {
            Some(size) if size < FRAME_SIZE_MIN => FRAME_HEADER_SIZE,
            _ => 0,
        };
        self.handed_out + (self.position - vanishing) as u64
    }

    /// Counts bytes that were handed out for good, of what was written here before, or beside it.
    pub fn count_handed_out(&mut self, n: usize) {
        self.handed_out += n as u64;
        if !self.framing {
            self.move_limit(n);
        }
    }

    /// Sets a milestone, where there are no frames, as many bytes on as a full frame has: an object that begins behind
    /// it finds `is_frame_full`.
    pub fn set_milestone(&mut self) {
        debug_assert!(!self.framing);
        self.frame_limit = self.position.saturating_add(FRAME_SIZE_TARGET);
        self.find_leaf_end();
    }

    /// Begins framing and opens the first frame.
    ///
    /// # Errors
    /// When the output can't grow.
    pub fn start_framing(&mut self) -> Result<(), O::Error> {
        if !self.framing {
            self.frame_limit = usize::MAX;
        }
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
        let is_open = self.framing && self.frame_limit != usize::MAX;
        is_open.then(|| self.position - (self.frame_limit - FRAME_SIZE_TARGET))
    }

    /// The bytes of the open frame, each of which was written; none where no frame is open.
    pub fn frame_contents(&mut self) -> &[MaybeUninit<u8>] {
        let start = self.position - self.frame_size().unwrap_or(0);
        &self.output.space()[start..self.position]
    }

    /// Whether the open frame is to be committed before the next object is saved, or the milestone was passed.
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
        if self.frame_limit == usize::MAX || !self.framing {
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
        self.handed_out = 0;
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
        self.handed_out += n as u64;
        self.move_limit(n);
        let closed = std::mem::replace(&mut self.output, fresh);
        self.find_leaf_end();
        Ok(closed)
    }

    /// Hands out what was written and goes on in `fresh`. No frame may be open. What is handed out for good is to be
    /// counted.
    pub fn replace_output(&mut self, fresh: O) -> (O, usize) {
        debug_assert_eq!(self.frame_size(), None);
        let filled = std::mem::take(&mut self.position);
        let written = std::mem::replace(&mut self.output, fresh);
        self.find_leaf_end();
        (written, filled)
    }

    /// So many bytes less stand before the frame's limit, or before the milestone.
    #[inline(always)]
    fn move_limit(&mut self, n: usize) {
        if self.frame_limit != usize::MAX {
            self.frame_limit = self.frame_limit.saturating_sub(n);
        }
    }
}
