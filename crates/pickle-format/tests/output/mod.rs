//! An output in memory, for tests that look at the bytes written.

use std::mem::MaybeUninit;

use pickle_format::error::{FormatError, FormatErrorKind};
use pickle_format::frame::{FrameWriter, Output};
use pickle_format::opcode::Opcode;

/// Room that no output has more of, far above what any test writes on purpose.
pub const LARGEST: usize = 1 << 20;

/// Grows by exactly what is asked for, so that every missing request for room shows.
pub struct VecOutput {
    space: Vec<MaybeUninit<u8>>,
    leaf_end: usize,
}

impl VecOutput {
    /// No room at all.
    pub fn new() -> Self {
        Self {
            space: Vec::new(),
            leaf_end: 0,
        }
    }
}

impl Output for VecOutput {
    type Error = FormatError;

    fn space(&mut self) -> &mut [MaybeUninit<u8>] {
        &mut self.space
    }

    fn leaf_space(&mut self) -> &mut [MaybeUninit<u8>] {
        let end = self.leaf_end.min(self.space.len());
        &mut self.space[..end]
    }

    fn end_leaf_space(&mut self, end: usize) {
        self.leaf_end = end;
    }

    fn grow(&mut self, filled: usize, needed: usize) -> Result<(), FormatError> {
        if needed > LARGEST {
            return Err(FormatError {
                kind: FormatErrorKind::NoMemory,
                offset: filled,
            });
        }
        self.space.resize(needed, MaybeUninit::new(0));
        Ok(())
    }

    fn expect(&mut self, filled: usize, most: usize) -> Result<(), FormatError> {
        match filled + most {
            end if end > self.space.len() => self.grow(filled, end),
            _ => Ok(()),
        }
    }

    fn too_large(&mut self, filled: usize, opcode: Opcode) -> FormatError {
        FormatError {
            kind: FormatErrorKind::BadArgument(opcode),
            offset: filled,
        }
    }
}

/// A writer into an empty output.
pub fn writer() -> FrameWriter<VecOutput> {
    FrameWriter::new(VecOutput::new())
}

/// What a writer has written.
pub fn bytes(mut writer: FrameWriter<VecOutput>) -> Vec<u8> {
    let (output, filled) = writer.replace_output(VecOutput::new());
    // SAFETY: `grow`, the only way to any room, sets every byte of it.
    output.space[..filled]
        .iter()
        .map(|byte| unsafe { byte.assume_init() })
        .collect()
}
