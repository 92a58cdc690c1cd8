//! The run over the instructions of a pickle, each of which is told and followed.

use crate::check::Check;
use crate::error::FormatError;
use crate::survey::follow::{Followed, Memo};
use crate::survey::listener::Listener;

/// Why a survey ended before STOP.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Ended<E> {
    /// The pickle is not well-formed.
    Malformed(FormatError),
    /// Nothing more is to be told.
    Stopped(E),
}

/// Follows the pickle that begins at an offset up to STOP, and gives the offset behind it.
///
/// # Errors
/// At the first fault: what was met before has been told.
pub fn survey<L: Listener>(
    data: &[u8],
    start: usize,
    memo: &mut Memo,
    listener: &mut L,
) -> Result<usize, Ended<L::Error>> {
    let mut check = Check::new(data, start, std::mem::take(&mut memo.checked)).without_frames();
    let mut followed = Followed::new(memo, listener);
    let mut ended = None;
    while let Some(line) = check.next() {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                ended = Some(Ended::Malformed(error));
                break;
            }
        };
        if let Err(error) = followed.follow(&line, check.offset()) {
            ended = Some(Ended::Stopped(error));
            break;
        }
    }
    let end = check.offset();
    memo.checked = check.into_memo();
    ended.map_or(Ok(end), Err)
}

#[cfg(test)]
mod tests {
    use std::collections::TryReserveError;

    use super::survey;
    use crate::dis::Line;
    use crate::survey::follow::Memo;
    use crate::survey::listener::{Listener, Named, Naming};

    #[derive(Default)]
    struct Heard {
        named: Vec<Named>,
        made: Vec<(u32, usize, usize)>,
        instructions: usize,
    }

    impl Listener for Heard {
        type Error = TryReserveError;

        fn number(&mut self, naming: Naming) -> Result<u32, TryReserveError> {
            self.named.push(naming.named);
            Ok(self.named.len() as u32 - 1)
        }

        fn made(&mut self, number: u32, objects: usize, bytes: usize) {
            self.made.push((number, objects, bytes));
        }

        fn met(&mut self, _: &Line<'_>, _: usize) -> Result<(), TryReserveError> {
            self.instructions += 1;
            Ok(())
        }
    }

    fn heard(pickle: &[u8]) -> (Heard, Memo) {
        let (mut heard, mut memo) = (Heard::default(), Memo::default());
        assert_eq!(survey(pickle, 0, &mut memo, &mut heard), Ok(pickle.len()));
        (heard, memo)
    }

    #[test]
    fn names_are_found_on_the_stack_and_in_the_memo() {
        let pickle = b"\x8c\x01a\x94\x8c\x01b\x94\x93h\0h\x01\x93\x86\x94.";
        let (heard, memo) = heard(pickle);
        assert_eq!(heard.named, [Named::Texts(0, 4); 2]);
        assert_eq!((memo.stored, memo.fetched), (3, 2));
    }

    #[test]
    fn what_is_made_when_it_is_loaded_is_not_told() {
        let (heard, _) = heard(b"\x8c\x01a\x8c\x01b)R\x93.");
        assert_eq!(heard.named, [Named::Untold]);
        let (heard, _) = self::heard(b"\x8c\x01a2\x93\x82\x07(ia\nb\n\x87.");
        assert_eq!(
            heard.named,
            [Named::Texts(0, 0), Named::Code(7), Named::Inline]
        );
    }

    #[test]
    fn bytes_belong_to_what_is_called() {
        // The object is made, and then filled.
        let (heard, _) = heard(b"ca\nb\n)R}b]a.");
        assert_eq!(heard.made, [(0, 1, 7), (0, 0, 2), (0, 0, 2)]);
        let (heard, _) = self::heard(b"(ca\nb\nNNo.");
        assert_eq!(heard.made, [(0, 1, 8)]);
        let (heard, _) = self::heard(b"(Nia\nb\n.");
        assert_eq!(heard.made, [(0, 1, 5)]);
    }

    #[test]
    fn every_opcode_keeps_the_stack_in_step() {
        let (heard, _) =
            heard(b"((NI1\nt(Nl(NNd\x8f(N\x90(N\x91]Na(NNeN2\x86N\x85}NNs(NNu0(N1(N00NQ(01N.");
        assert_eq!(heard.named, []);
    }
}
