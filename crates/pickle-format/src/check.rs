//! Whether a pickle is well-formed: what [`dis`](crate::dis) checks, and that frames are what they claim to be.

use crate::dis::{Disassembler, Line};
use crate::error::{FormatError, FormatErrorKind};
use crate::memo::UnpicklerMemo;
use crate::opcode::Opcode;
use crate::protocol::Protocol;

/// The lines of a pickle, up to STOP or to the first fault. Offsets are those of the data.
pub struct Check<'a> {
    data: &'a [u8],
    start: usize,
    disassembler: Disassembler<'a>,
    /// Where the open frame ends.
    frame: Option<usize>,
    minds_frames: bool,
    failed: bool,
}

impl<'a> Check<'a> {
    /// Begins at an offset, with the memo that the pickles before left, if one unpickler reads them all.
    #[must_use]
    pub fn new(data: &'a [u8], start: usize, memo: UnpicklerMemo<()>) -> Self {
        let pickle = data.get(start..).unwrap_or_default();
        Self {
            data,
            start,
            disassembler: Disassembler::with_memo(pickle, memo),
            frame: None,
            minds_frames: true,
            failed: false,
        }
    }

    /// The same, but that frames mean nothing: a pickle that was cut off is followed as far as it goes.
    #[must_use]
    pub fn without_frames(mut self) -> Self {
        self.minds_frames = false;
        self
    }

    /// The offset of what was not read yet.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.start + self.disassembler.position()
    }

    /// The highest protocol among the opcodes so far.
    #[must_use]
    pub fn protocol(&self) -> u8 {
        self.disassembler.protocol()
    }

    /// What is known of the memo, for the next pickle.
    #[must_use]
    pub fn into_memo(self) -> UnpicklerMemo<()> {
        self.disassembler.into_memo()
    }

    /// Looks at frames and protocols.
    fn check(&mut self, line: &Line<'_>) -> Result<(), FormatErrorKind> {
        let (opcode, next) = (line.instruction.opcode, self.offset());
        if let Some(end) = self.frame {
            if next > end {
                return Err(FormatErrorKind::AcrossFrame(opcode));
            }
            if opcode == Opcode::FRAME {
                return Err(FormatErrorKind::FrameInFrame);
            }
            self.frame = (next < end).then_some(end);
        }
        match (opcode, line.argument.to_i64(), line.instruction.argument) {
            (Opcode::PROTO, Some(number), _) => {
                let number = u8::try_from(number).unwrap_or(u8::MAX);
                if Protocol::new(number).is_none() {
                    return Err(FormatErrorKind::UnknownProtocol(number));
                }
            }
            (Opcode::FRAME, _, size) if self.minds_frames => {
                let claimed = size.iter().rev().fold(0, |v, &b| v << 8 | u64::from(b));
                let left = self.data.len() - next;
                match usize::try_from(claimed) {
                    Ok(size) if size <= left => self.frame = (size > 0).then(|| next + size),
                    _ => return Err(FormatErrorKind::FrameTooLong { claimed, left }),
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl<'a> Iterator for Check<'a> {
    type Item = Result<Line<'a>, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let start = self.start;
        let moved = |offset: usize| offset + start;
        let line = match self.disassembler.next()? {
            Ok(mut line) => {
                line.instruction.offset = moved(line.instruction.offset);
                line.mark = line.mark.map(moved);
                let checked = self.check(&line);
                checked.map(|()| line).map_err(|kind| FormatError {
                    kind,
                    offset: line.instruction.offset,
                })
            }
            Err(error) => Err(FormatError {
                offset: moved(error.offset),
                ..error
            }),
        };
        self.failed = line.is_err();
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::Check;
    use crate::error::{FormatError, FormatErrorKind};
    use crate::memo::UnpicklerMemo;
    use crate::opcode::Opcode;

    fn fault(data: &[u8], start: usize) -> Option<FormatError> {
        Check::new(data, start, UnpicklerMemo::new()).find_map(Result::err)
    }

    #[test]
    fn frames_are_what_they_claim_to_be() {
        let size = |n: u8| [b"\x95".as_slice(), &[n, 0, 0, 0, 0, 0, 0, 0]].concat();
        let frame = |n, rest: &[u8]| [b"xx\x80\x04".as_slice(), &size(n), rest].concat();
        assert_eq!(fault(&frame(2, b"N."), 2), None);
        assert_eq!(fault(&frame(4, b"NN0.next"), 2), None);
        let too_long = FormatErrorKind::FrameTooLong {
            claimed: 3,
            left: 2,
        };
        let found = fault(&frame(3, b"N."), 2).unwrap();
        assert_eq!((found.kind, found.offset), (too_long, 4));
        let cut = frame(3, b"N");
        let mut lenient = Check::new(&cut, 2, UnpicklerMemo::new()).without_frames();
        let found = lenient.find_map(Result::err).unwrap();
        assert_eq!(
            (found.kind, found.offset),
            (FormatErrorKind::Truncated(None), 14)
        );
        let found = fault(&frame(2, b"NK\x01."), 2).unwrap();
        let across = FormatErrorKind::AcrossFrame(Opcode::BININT1);
        assert_eq!((found.kind, found.offset), (across, 14));
        let nested = [frame(11, &size(2)), b"N.".to_vec()].concat();
        assert_eq!(
            fault(&nested, 2).unwrap().kind,
            FormatErrorKind::FrameInFrame
        );
    }

    #[test]
    fn offsets_are_those_of_the_data() {
        let found = fault(b"N.\xff", 2).unwrap();
        assert_eq!(
            (found.kind, found.offset),
            (FormatErrorKind::UnknownOpcode(0xff), 2)
        );
        assert_eq!(fault(b"N.N.", 2), None);
        assert!(fault(b"N.", 7).is_some());
    }

    #[test]
    fn protocols_are_known_ones() {
        let found = fault(b"\x80\x06N.", 0).unwrap();
        assert_eq!(found.kind, FormatErrorKind::UnknownProtocol(6));
    }

    #[test]
    fn the_memo_goes_on_to_the_next_pickle() {
        let data = b"Nq\x05.h\x05.";
        let mut first = Check::new(data, 0, UnpicklerMemo::new());
        assert!(first.by_ref().all(|line| line.is_ok()));
        let at = first.offset();
        assert!(Check::new(data, at, first.into_memo()).all(|line| line.is_ok()));
        assert!(fault(data, at).is_some());
    }
}
