//! How a line of a disassembly looks: offset, opcode, name, argument, and what it does to MARK and memo.

use std::fmt;

use crate::argument::Argument;
use crate::instruction::Instruction;
use crate::long;

/// Bytes of an argument that a line shows.
const SHOWN: usize = 72;
/// Levels of MARK that a line is indented by: deeper ones would push it out of sight.
const DEEPEST_INDENT: usize = 32;

/// One instruction, and where it stands among the MARKs.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Line<'a> {
    /// The instruction.
    pub instruction: Instruction<'a>,
    /// Its argument.
    pub argument: Argument<'a>,
    /// How many MARKs are open around it; the opcode that takes a MARK stands as deep as it.
    pub depth: usize,
    /// The offset of the MARK that it takes.
    pub mark: Option<usize>,
    /// The memo index that MEMOIZE gives.
    pub index: Option<usize>,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Instruction { offset, opcode, .. } = self.instruction;
        write!(f, "{offset:>6}  ")?;
        match opcode.code() {
            code @ b'!'..=b'~' => write!(f, "{:<4}  ", char::from(code))?,
            code => write!(f, "\\x{code:02x}  ")?,
        }
        let indent = 2 * self.depth.min(DEEPEST_INDENT);
        write!(f, "{:indent$}{}", "", opcode.name())?;
        if self.argument != Argument::None {
            write!(f, " {}", self.argument)?;
        }
        if let Some(mark) = self.mark {
            write!(f, "  # from MARK at {mark}")?;
        }
        if let Some(index) = self.index {
            write!(f, "  # memo {index}")?;
        }
        Ok(())
    }
}

/// Bytes in quotes, in whole characters if they are UTF-8.
fn show(f: &mut fmt::Formatter<'_>, prefix: &str, bytes: &[u8], is_utf8: bool) -> fmt::Result {
    let mut end = bytes.len().min(SHOWN);
    while is_utf8 && end > 0 && bytes.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    write!(f, "{prefix}\"")?;
    if is_utf8 {
        for chunk in bytes[..end].utf8_chunks() {
            let (valid, invalid) = (chunk.valid(), chunk.invalid());
            write!(f, "{}{}", valid.escape_debug(), invalid.escape_ascii())?;
        }
    } else {
        write!(f, "{}", bytes[..end].escape_ascii())?;
    }
    write!(f, "\"")?;
    show_rest(f, bytes, end)
}

/// A line of text as it stands in the pickle, but for bytes that are not printable.
fn show_line(f: &mut fmt::Formatter<'_>, line: &[u8]) -> fmt::Result {
    let end = line.len().min(SHOWN);
    for &byte in &line[..end] {
        match byte {
            b' '..=b'~' => write!(f, "{}", char::from(byte))?,
            _ => write!(f, "\\x{byte:02x}")?,
        }
    }
    show_rest(f, line, end)
}

fn show_rest(f: &mut fmt::Formatter<'_>, bytes: &[u8], end: usize) -> fmt::Result {
    if end < bytes.len() {
        write!(f, "... ({} bytes)", bytes.len())?;
    }
    Ok(())
}

/// As a line of a disassembly shows it: cut to a length, and without control characters.
impl fmt::Display for Argument<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Argument::None => Ok(()),
            Argument::Bool(value) => write!(f, "{value}"),
            Argument::Int(value) => write!(f, "{value}"),
            Argument::Index(index) => write!(f, "{index}"),
            Argument::Size(size) => write!(f, "{size}"),
            Argument::Float(value) => write!(f, "{value:?}"),
            Argument::Long(bytes) => match long::from_bytes(bytes) {
                Some(value) => write!(f, "{value}"),
                None => show(f, "int ", bytes, false),
            },
            Argument::Decimal(line) | Argument::FloatText(line) | Argument::Line(line) => {
                show_line(f, line.as_bytes())
            }
            Argument::Quoted(line) | Argument::Escaped(line) => show_line(f, line),
            Argument::String(bytes) | Argument::Bytes(bytes) => show(f, "b", bytes, false),
            Argument::Str(bytes) => show(f, "", bytes, true),
            Argument::Pair(module, name) => {
                show(f, "", module.as_bytes(), true)?;
                show(f, " ", name.as_bytes(), true)
            }
        }
    }
}
