//! A pickle, shown line by line, with its use of stack and memo checked.
//!
//! What each opcode takes off the stack and leaves there comes from the table. The kinds of objects
//! are not checked, since most opcodes give `any`: only that there are enough of them, above the
//! right MARK, and that GET names an index at which something was put.

mod line;

pub use line::Line;

use crate::argument::Argument;
use crate::error::{FormatError, FormatErrorKind};
use crate::instruction::Instruction;
use crate::memo::UnpicklerMemo;
use crate::opcode::{Opcode, StackObject};
use crate::reader::Reader;

/// The lines of a pickle, up to STOP or to the first fault.
#[derive(Clone, Debug)]
pub struct Disassembler<'a> {
    reader: Reader<'a>,
    /// Objects on the stack, MARKs not counted.
    height: usize,
    /// The open MARKs: their offsets, and the stack's height below each.
    marks: Vec<(usize, usize)>,
    memo: UnpicklerMemo<()>,
    protocol: u8,
    failed: bool,
}

impl<'a> Disassembler<'a> {
    /// Begins at the first byte, with an empty memo.
    #[must_use]
    pub fn new(pickle: &'a [u8]) -> Self {
        Self::with_memo(pickle, UnpicklerMemo::new())
    }

    /// Begins with the memo that the pickles before left, when one pickler wrote them all.
    #[must_use]
    pub fn with_memo(pickle: &'a [u8], memo: UnpicklerMemo<()>) -> Self {
        Self {
            reader: Reader::new(pickle),
            height: 0,
            marks: Vec::new(),
            memo,
            protocol: 0,
            failed: false,
        }
    }

    /// The indices at which something was put.
    #[must_use]
    pub fn into_memo(self) -> UnpicklerMemo<()> {
        self.memo
    }

    /// Bytes read so far.
    #[must_use]
    pub fn position(&self) -> usize {
        self.reader.position()
    }

    /// The highest protocol among the opcodes so far.
    #[must_use]
    pub fn protocol(&self) -> u8 {
        self.protocol
    }

    fn line(&mut self, instruction: Instruction<'a>) -> Result<Line<'a>, FormatError> {
        let Instruction { offset, opcode, .. } = instruction;
        let argument = instruction.value()?;
        self.protocol = self.protocol.max(opcode.info().protocol);
        let depth = self.marks.len();
        let done = self.act(opcode, &argument, offset);
        let (mark, index) = done.map_err(|kind| FormatError { kind, offset })?;
        Ok(Line {
            instruction,
            argument,
            depth: depth - usize::from(mark.is_some()),
            mark,
            index,
        })
    }

    /// Does to the stack and the memo what the opcode does, and gives the offset of the MARK that
    /// it took and the memo index that it chose.
    fn act(
        &mut self,
        opcode: Opcode,
        argument: &Argument<'_>,
        offset: usize,
    ) -> Result<(Option<usize>, Option<usize>), FormatErrorKind> {
        let underflow = FormatErrorKind::StackUnderflow(opcode);
        let (before, after) = (opcode.info().stack_before, opcode.info().stack_after);
        let mut needed = before.len();
        let mut mark = None;
        if let Some(below) = before.iter().position(|&o| o == StackObject::Mark) {
            let (start, height) = self.marks.pop().ok_or(FormatErrorKind::NoMark(opcode))?;
            let slice = |&&o: &&StackObject| o != StackObject::Stackslice;
            if self.height - height < before[below + 1..].iter().filter(slice).count() {
                return Err(underflow);
            }
            (self.height, mark, needed) = (height, Some(start), below);
        } else if opcode == Opcode::POP
            && let Some((start, _)) = self.marks.pop_if(|mark| mark.1 == self.height)
        {
            (mark, needed) = (Some(start), 0);
        }
        let there = self.height - self.marks.last().map_or(0, |mark| mark.1);
        if there < needed.max(usize::from(opcode.is_put())) {
            return Err(underflow);
        }
        let mut chosen = None;
        if opcode == Opcode::MEMOIZE {
            chosen = Some(self.memo.len());
        }
        if let Some(index) = chosen.or(argument.to_index().filter(|_| opcode.is_put())) {
            self.memo
                .put(index, ())
                .map_err(|_| FormatErrorKind::NoMemory)?;
        }
        if opcode.is_get()
            && let Some(index) = argument.to_index()
            && self.memo.get(index).is_none()
        {
            return Err(FormatErrorKind::UnknownIndex(opcode, index));
        }
        self.height -= needed;
        if after.contains(&StackObject::Mark) {
            self.marks
                .try_reserve(1)
                .map_err(|_| FormatErrorKind::NoMemory)?;
            self.marks.push((offset, self.height));
        } else {
            self.height += after.len();
        }
        if opcode == Opcode::STOP && (self.height > 0 || !self.marks.is_empty()) {
            return Err(FormatErrorKind::StackNotEmpty);
        }
        Ok((mark, chosen))
    }
}

impl<'a> Iterator for Disassembler<'a> {
    type Item = Result<Line<'a>, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let read = self.reader.next()?;
        let line = read.and_then(|instruction| self.line(instruction));
        self.failed = line.is_err();
        Some(line)
    }
}
