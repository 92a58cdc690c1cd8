//! Which instructions name the globals of a pickle: each GLOBAL, and each STACK_GLOBAL with the two strings that
//! were pushed last before it.
//!
//! Strings are followed as tools do that read a pickle without a stack: one that MEMOIZE counts has the place of
//! the count in the memo, and a GET of that place pushes it again.

use crate::instruction::Instruction;
use crate::layout::Layout;
use crate::opcode::Opcode;
use crate::reader::Reader;
use crate::text;

/// A global as it is named.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Naming<'a> {
    /// GLOBAL, which has both names in its argument: ASCII, without a backslash.
    Global(Instruction<'a>),
    /// STACK_GLOBAL, and the instructions that have the two names.
    StackGlobal {
        /// The string that names the module.
        module: Instruction<'a>,
        /// The string that names the object in it.
        name: Instruction<'a>,
        /// STACK_GLOBAL itself.
        instruction: Instruction<'a>,
    },
}

/// Why nothing more is told.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Unnamed {
    /// The pickle is malformed, or written as no binary pickler writes: lines of text other than GLOBAL's, and
    /// names that are no strings of the pickle.
    Unclear,
    /// No memory for the places of strings in the memo.
    NoMemory,
}

/// Gives each naming in the order of the pickle. Every string is looked at, so that what was given is right only
/// where the last item is no `Unclear`.
pub struct NamedGlobals<'a> {
    data: &'a [u8],
    reader: Reader<'a>,
    /// Where the string at each place of the memo begins, as far as it is a string.
    strings: Vec<Option<usize>>,
    /// The entries that were counted.
    entries: usize,
    /// Where the two strings begin that were pushed last, the last one behind.
    pushed: [Option<usize>; 2],
}

impl<'a> NamedGlobals<'a> {
    /// Begins at the first byte.
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        Self {
            data,
            reader: Reader::new(data),
            strings: Vec::new(),
            entries: 0,
            pushed: [None; 2],
        }
    }

    fn push(&mut self, string: Option<usize>) {
        self.pushed = [self.pushed[1], string];
    }

    /// Notes a string that is about to be memoized, if it is.
    fn keep(&mut self, offset: usize) -> Result<(), Unnamed> {
        let missing = (self.entries + 1).saturating_sub(self.strings.len());
        let reserved = self.strings.try_reserve(missing);
        reserved.map_err(|_| Unnamed::NoMemory)?;
        self.strings.resize(self.entries + 1, None);
        self.strings[self.entries] = Some(offset);
        Ok(())
    }

    /// The instruction that begins at an offset where one was read before.
    fn read_again(&self, offset: usize) -> Result<Instruction<'a>, Unnamed> {
        let rest = self.data.get(offset..).ok_or(Unnamed::Unclear)?;
        let instruction = Reader::new(rest).next().and_then(Result::ok);
        let instruction = instruction.ok_or(Unnamed::Unclear)?;
        Ok(Instruction {
            offset,
            ..instruction
        })
    }

    fn look_at(&mut self, instruction: Instruction<'a>) -> Result<Option<Naming<'a>>, Unnamed> {
        let (opcode, argument) = (instruction.opcode, instruction.argument);
        match opcode {
            Opcode::SHORT_BINUNICODE | Opcode::BINUNICODE | Opcode::BINUNICODE8 => {
                if !text::is_utf8_with_surrogates(argument) {
                    return Err(Unnamed::Unclear);
                }
                self.push(Some(instruction.offset));
                self.keep(instruction.offset)?;
                Ok(None)
            }
            Opcode::BINGET | Opcode::LONG_BINGET => {
                let index = instruction.value().ok();
                let index = index.and_then(|value| value.to_index());
                let index = index.ok_or(Unnamed::Unclear)?;
                let string = self.strings.get(index).copied().flatten();
                self.push(string);
                Ok(None)
            }
            Opcode::MEMOIZE => {
                self.entries += 1;
                Ok(None)
            }
            Opcode::STACK_GLOBAL => match self.pushed {
                [Some(module), Some(name)] => Ok(Some(Naming::StackGlobal {
                    module: self.read_again(module)?,
                    name: self.read_again(name)?,
                    instruction,
                })),
                _ => Err(Unnamed::Unclear),
            },
            Opcode::GLOBAL if argument.is_ascii() && !argument.contains(&b'\\') => {
                Ok(Some(Naming::Global(instruction)))
            }
            _ => match opcode.info().argument.map(|kind| kind.layout()) {
                Some(Layout::Lines(_)) => Err(Unnamed::Unclear),
                _ => Ok(None),
            },
        }
    }
}

impl<'a> Iterator for NamedGlobals<'a> {
    type Item = Result<Naming<'a>, Unnamed>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let looked = match self.reader.next()? {
                Ok(instruction) => self.look_at(instruction),
                Err(_) => Err(Unnamed::Unclear),
            };
            if let Some(item) = looked.transpose() {
                return Some(item);
            }
        }
    }
}
