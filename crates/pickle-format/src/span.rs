//! Where the argument of an opcode lies, or what is missing of it.

use crate::layout::{ArgumentKind, Layout};

/// The bytes of an argument, by their offsets.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Span {
    /// The first byte: behind a size, where there is one.
    pub start: usize,
    /// Behind the last byte: before a line's last newline.
    pub end: usize,
    /// The next opcode.
    pub next: usize,
}

/// Why an argument is not there.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Missing {
    /// The data ends within a number of fixed width: the argument, or its size.
    Number,
    /// The size has a sign, and is negative.
    Negative(i64),
    /// The size is larger than any object.
    Vast(u64),
    /// The size says more bytes than the data has.
    Bytes {
        /// The size.
        claimed: u64,
        /// Where the bytes would begin.
        start: usize,
        /// Bytes from there to the end of the data.
        left: usize,
    },
    /// The data ends within a line.
    Newline,
}

/// Finds the argument that begins at an offset. Looks at no byte of a counted argument.
///
/// # Errors
/// Where the data ends before, or a size can't be.
#[inline]
pub fn find(data: &[u8], at: usize, kind: ArgumentKind) -> Result<Span, Missing> {
    let rest = data.get(at..).unwrap_or(&[]);
    match kind.layout() {
        Layout::Fixed(width) => match rest.len() >= width {
            true => Ok(Span {
                start: at,
                end: at + width,
                next: at + width,
            }),
            false => Err(Missing::Number),
        },
        Layout::Counted(width) => {
            let size = rest.get(..width).ok_or(Missing::Number)?;
            let size = size.iter().rev().fold(0, |v, &b| v << 8 | u64::from(b));
            let (start, left) = (at + width, rest.len() - width);
            match usize::try_from(size) {
                Ok(size) if size <= left && !is_negative(kind, size as u64) => Ok(Span {
                    start,
                    end: start + size,
                    next: start + size,
                }),
                _ => Err(refused(kind, size, start, left)),
            }
        }
        Layout::Lines(lines) => {
            let mut end = at;
            for _ in 0..lines {
                let line = data.get(end..).unwrap_or(&[]);
                let newline = line.iter().position(|&byte| byte == b'\n');
                end += newline.ok_or(Missing::Newline)? + 1;
            }
            Ok(Span {
                start: at,
                end: end - 1,
                next: end,
            })
        }
    }
}

#[inline]
fn is_negative(kind: ArgumentKind, size: u64) -> bool {
    kind.largest_size().is_some_and(|largest| size > largest)
}

#[cold]
fn refused(kind: ArgumentKind, size: u64, start: usize, left: usize) -> Missing {
    if is_negative(kind, size) {
        return Missing::Negative((size as u32).cast_signed().into());
    }
    if size > isize::MAX as u64 {
        return Missing::Vast(size);
    }
    Missing::Bytes {
        claimed: size,
        start,
        left,
    }
}
