//! How often each opcode stands in a pickle, and how many bytes it takes with its argument.

use crate::error::{FormatError, FormatErrorKind};
use crate::layout::Layout;
use crate::opcode::{OPCODES, Opcode};
use crate::span;

/// How a scan gets past an opcode.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Step {
    /// So many bytes in all, the opcode included.
    Fixed(u8),
    /// A size in one byte, and so many bytes.
    Short,
    /// Any other argument.
    Long,
    Stop,
    Unknown,
}

static STEPS: [Step; 256] = {
    let mut steps = [Step::Unknown; 256];
    let mut row = 0;
    while row < OPCODES.len() {
        let info = &OPCODES[row];
        steps[info.code as usize] = match info.argument {
            None => Step::Fixed(1),
            Some(kind) => match kind.layout() {
                Layout::Fixed(n) => Step::Fixed(n as u8 + 1),
                Layout::Counted(1) => Step::Short,
                _ => Step::Long,
            },
        };
        row += 1;
    }
    steps[Opcode::STOP as usize] = Step::Stop;
    steps
};

/// Opcodes of a pickle, counted by their bytes.
#[derive(Clone, Debug)]
pub struct Census {
    counts: [usize; 256],
    /// Bytes of arguments whose sizes differ, their sizes and newlines included.
    arguments: [usize; 256],
    /// The offset behind STOP.
    pub end: usize,
}

impl Census {
    /// Counts from an offset up to STOP. What arguments mean is not looked at.
    ///
    /// # Errors
    /// At a byte that is no opcode, and where an argument is not there.
    pub fn take(data: &[u8], start: usize) -> Result<Self, FormatError> {
        let mut census = Self {
            counts: [0; 256],
            arguments: [0; 256],
            end: start,
        };
        let mut at = start;
        while let Some(&code) = data.get(at) {
            let row = usize::from(code);
            let next = match STEPS[row] {
                Step::Fixed(size) => at + usize::from(size),
                Step::Short if at + 1 < data.len() => {
                    let size = usize::from(data[at + 1]) + 1;
                    census.arguments[row] += size;
                    at + 1 + size
                }
                Step::Stop => {
                    census.counts[row] += 1;
                    census.end = at + 1;
                    return Ok(census);
                }
                Step::Short | Step::Long | Step::Unknown => {
                    let next = after(data, at)?;
                    census.arguments[row] += next - at - 1;
                    next
                }
            };
            if next > data.len() {
                after(data, at)?;
            }
            census.counts[row] += 1;
            at = next;
        }
        Err(FormatError {
            kind: FormatErrorKind::Truncated(None),
            offset: at,
        })
    }

    /// The opcodes that are there, in the order of the table: how many, and their bytes.
    pub fn rows(&self) -> impl Iterator<Item = (Opcode, usize, usize)> {
        OPCODES.iter().filter_map(|info| {
            let row = usize::from(info.code);
            let (opcode, count) = (Opcode::from_byte(info.code)?, self.counts[row]);
            let fixed = match STEPS[row] {
                Step::Fixed(size) => usize::from(size),
                _ => 1,
            };
            (count > 0).then(|| (opcode, count, count * fixed + self.arguments[row]))
        })
    }
}

/// Where the next opcode stands.
#[inline(never)]
fn after(data: &[u8], at: usize) -> Result<usize, FormatError> {
    let fail = |kind, offset| Err(FormatError { kind, offset });
    let code = data.get(at).copied().unwrap_or_default();
    let Some(opcode) = Opcode::from_byte(code) else {
        return fail(FormatErrorKind::UnknownOpcode(code), at);
    };
    let Some(kind) = opcode.info().argument else {
        return Ok(at + 1);
    };
    match span::find(data, at + 1, kind) {
        Ok(found) => Ok(found.next),
        Err(span::Missing::Negative(_)) => fail(FormatErrorKind::BadArgument(opcode), at),
        Err(_) => fail(FormatErrorKind::Truncated(Some(opcode)), at),
    }
}

#[cfg(test)]
mod tests {
    use super::Census;
    use crate::error::FormatErrorKind;
    use crate::opcode::{OPCODES, Opcode};

    #[test]
    fn bytes_add_up() {
        let pickle = b"junk\x80\x04]\x94(K\x01X\x03\0\0\0abc\x8c\x02de\x94I12\ncos\npath\ne.rest";
        let census = Census::take(pickle, 4).unwrap();
        assert_eq!(census.end, pickle.len() - 4);
        let total: usize = census.rows().map(|(_, _, bytes)| bytes).sum();
        assert_eq!(total, pickle.len() - 8);
        let memoized = census.rows().find(|row| row.0 == Opcode::MEMOIZE);
        assert_eq!(memoized, Some((Opcode::MEMOIZE, 2, 2)));
        let global = census.rows().find(|row| row.0 == Opcode::GLOBAL);
        assert_eq!(global, Some((Opcode::GLOBAL, 1, 9)));
    }

    #[test]
    fn every_cut_is_noticed() {
        let pickle = b"\x80\x04]\x94(K\x01X\x03\0\0\0abc\x8c\x02deJ\0\0\0\0I12\ncos\npath\ne.";
        for end in 0..pickle.len() {
            let error = Census::take(&pickle[..end], 0).unwrap_err();
            assert!(matches!(error.kind, FormatErrorKind::Truncated(_)), "{end}");
        }
        let error = Census::take(b"N\xff", 0).unwrap_err();
        assert_eq!(
            (error.kind, error.offset),
            (FormatErrorKind::UnknownOpcode(0xff), 1)
        );
    }

    #[test]
    fn an_opcode_at_the_end_is_read_no_further() {
        for info in OPCODES.iter().filter(|info| info.code != b'.') {
            assert!(Census::take(&[info.code], 0).is_err(), "{}", info.name);
        }
    }
}
