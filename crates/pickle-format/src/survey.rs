//! What a pickle needs to be loaded, and what takes its bytes, told without loading it.
//!
//! The stack is followed with what is known of each object on it: that it is a text, which may name a global, that
//! it is a global, or that it was made by calling one. All else is of no interest. Memory is taken for each object on the
//! stack and in the memo, [`Object`]'s size.

use std::collections::TryReserveError;

use crate::argument::Argument;
use crate::check::Check;
use crate::dis::Line;
use crate::error::FormatError;
use crate::memo::UnpicklerMemo;
use crate::opcode::{Opcode, StackObject};

/// What is known of an object.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Object {
    Other,
    /// A text, pushed by the instruction at this offset.
    Text(usize),
    /// The global of this number, named from this offset on.
    Global(u32, usize),
    /// Made by calling this global; its bytes up to this offset are counted.
    Made(u32, usize),
}

/// What a global is named by.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Named {
    /// GLOBAL or INST, which has both names in its argument.
    Inline,
    /// STACK_GLOBAL, with the offsets of the instructions that push the two texts.
    Texts(usize, usize),
    /// EXT1, EXT2 or EXT4, with its code.
    Code(i64),
    /// STACK_GLOBAL, for what is no text of the pickle, but made when it is loaded.
    Untold,
}

/// A global where a pickle names it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Naming {
    /// The opcode that names it.
    pub opcode: Opcode,
    /// The offset of that.
    pub offset: usize,
    /// What it is named by.
    pub named: Named,
}

/// Who is told what a pickle has, as it is met.
pub trait Listener {
    /// Why nothing more is to be told.
    type Error: From<TryReserveError>;

    /// A global is named: gives its number. Equal ones may have one number.
    ///
    /// # Errors
    /// When nothing more is to be told.
    fn number(&mut self, naming: Naming) -> Result<u32, Self::Error>;

    /// So many objects were made by calling the global of this number, or have got so many bytes more.
    fn made(&mut self, number: u32, objects: usize, bytes: usize);

    /// An instruction was met, and the next one stands at this offset.
    ///
    /// # Errors
    /// When nothing more is to be told.
    fn met(&mut self, line: &Line<'_>, next: usize) -> Result<(), Self::Error>;
}

/// Why a survey ended before STOP.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Ended<E> {
    /// The pickle is not well-formed.
    Malformed(FormatError),
    /// Nothing more is to be told.
    Stopped(E),
}

/// What is known of the memo, for a pickle that follows, and of its use.
#[derive(Default)]
pub struct Memo {
    checked: UnpicklerMemo<()>,
    objects: UnpicklerMemo<(Object, bool)>,
    /// Values that were stored.
    pub stored: usize,
    /// Those of them that were fetched at least once.
    pub fetched: usize,
}

/// The stack, and the heights at which MARKs are open.
struct Followed<'a, L> {
    stack: Vec<Object>,
    marks: Vec<usize>,
    memo: &'a mut Memo,
    listener: &'a mut L,
    /// The offset behind the instruction.
    next: usize,
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
    let mut followed = Followed {
        stack: Vec::new(),
        marks: Vec::new(),
        memo,
        listener,
        next: start,
    };
    let mut ended = None;
    while let Some(line) = check.next() {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                ended = Some(Ended::Malformed(error));
                break;
            }
        };
        followed.next = check.offset();
        let told = followed.listener.met(&line, followed.next);
        if let Err(error) = told.and_then(|()| followed.follow(&line)) {
            ended = Some(Ended::Stopped(error));
            break;
        }
    }
    let end = check.offset();
    memo.checked = check.into_memo();
    ended.map_or(Ok(end), Err)
}

impl<L: Listener> Followed<'_, L> {
    /// Does what the opcode does, of which `Check` says that it can be done.
    fn follow(&mut self, line: &Line<'_>) -> Result<(), L::Error> {
        let (opcode, offset) = (line.instruction.opcode, line.instruction.offset);
        match opcode {
            Opcode::PUT | Opcode::BINPUT | Opcode::LONG_BINPUT | Opcode::MEMOIZE => {
                return match line.index.or_else(|| line.argument.to_index()) {
                    Some(index) => self.store(index),
                    None => Ok(()),
                };
            }
            Opcode::GET | Opcode::BINGET | Opcode::LONG_BINGET => {
                let index = line.argument.to_index();
                let object = index.map_or(Object::Other, |index| self.fetch(index));
                return self.push(object);
            }
            Opcode::DUP => {
                let top = self.stack.last().copied();
                return self.push(top.unwrap_or(Object::Other));
            }
            Opcode::BUILD => self.fill(1),
            Opcode::APPEND => self.fill(1),
            Opcode::SETITEM => self.fill(2),
            Opcode::APPENDS | Opcode::SETITEMS | Opcode::ADDITEMS => {
                self.drop_to_mark();
                self.fill(0);
            }
            Opcode::REDUCE | Opcode::NEWOBJ => self.call(1)?,
            Opcode::NEWOBJ_EX => self.call(2)?,
            Opcode::OBJ => {
                let height = self.marks.pop().unwrap_or(0);
                self.stack.truncate(height + 1);
                self.call(0)?;
            }
            Opcode::INST => {
                self.drop_to_mark();
                let number = self.name(opcode, offset, Named::Inline)?;
                self.push(Object::Global(number, offset))?;
                self.call(0)?;
            }
            Opcode::STACK_GLOBAL => {
                let name = self.stack.pop();
                let module = self.stack.pop();
                let (named, begin) = match (module, name) {
                    (Some(Object::Text(module)), Some(Object::Text(name))) => {
                        (Named::Texts(module, name), module.min(offset))
                    }
                    _ => (Named::Untold, offset),
                };
                let number = self.name(opcode, offset, named)?;
                self.push(Object::Global(number, begin))?;
            }
            Opcode::GLOBAL => {
                let number = self.name(opcode, offset, Named::Inline)?;
                self.push(Object::Global(number, offset))?;
            }
            Opcode::EXT1 | Opcode::EXT2 | Opcode::EXT4 => {
                let code = line.argument.to_i64().unwrap_or(0);
                let number = self.name(opcode, offset, Named::Code(code))?;
                self.push(Object::Global(number, offset))?;
            }
            _ => return self.do_others(line),
        }
        Ok(())
    }

    /// What the table says: the objects that come of it are of no interest, unless they are texts.
    fn do_others(&mut self, line: &Line<'_>) -> Result<(), L::Error> {
        let (opcode, offset) = (line.instruction.opcode, line.instruction.offset);
        let (before, after) = (opcode.info().stack_before, opcode.info().stack_after);
        let below = before.iter().position(|&o| o == StackObject::Mark);
        if line.mark.is_some() {
            self.drop_to_mark();
        }
        let needed = match line.mark {
            Some(_) => below.unwrap_or(0),
            None => before.len(),
        };
        self.stack
            .truncate(self.stack.len() - needed.min(self.stack.len()));
        if after.contains(&StackObject::Mark) {
            self.marks.try_reserve(1)?;
            self.marks.push(self.stack.len());
            return Ok(());
        }
        let object = match line.argument {
            Argument::Str(_) | Argument::Escaped(_) | Argument::String(_) | Argument::Quoted(_) => {
                Object::Text(offset)
            }
            _ => Object::Other,
        };
        for _ in after {
            self.push(object)?;
        }
        Ok(())
    }

    fn name(&mut self, opcode: Opcode, offset: usize, named: Named) -> Result<u32, L::Error> {
        self.listener.number(Naming {
            opcode,
            offset,
            named,
        })
    }

    fn push(&mut self, object: Object) -> Result<(), L::Error> {
        self.stack.try_reserve(1)?;
        self.stack.push(object);
        Ok(())
    }

    fn drop_to_mark(&mut self) {
        let height = self.marks.pop().unwrap_or(0);
        self.stack.truncate(height);
    }

    fn store(&mut self, index: usize) -> Result<(), L::Error> {
        let object = self.stack.last().copied().unwrap_or(Object::Other);
        // What is fetched later on is counted where it is made.
        let object = match object {
            Object::Made(..) => Object::Other,
            _ => object,
        };
        self.memo.stored += 1;
        self.memo.objects.put(index, (object, false))?;
        Ok(())
    }

    fn fetch(&mut self, index: usize) -> Object {
        let Some(&(object, was_fetched)) = self.memo.objects.get(index) else {
            return Object::Other;
        };
        if !was_fetched {
            self.memo.fetched += 1;
            // The place is there, so that no memory is needed.
            let _ = self.memo.objects.put(index, (object, true));
        }
        match object {
            // Whatever is made of it begins at the GET.
            Object::Global(number, _) => Object::Global(number, self.next),
            _ => object,
        }
    }

    /// Takes so many operands off, and calls what lies below.
    fn call(&mut self, operands: usize) -> Result<(), L::Error> {
        self.stack
            .truncate(self.stack.len().saturating_sub(operands));
        let called = self.stack.pop();
        match called {
            Some(Object::Global(number, begin)) => {
                self.listener
                    .made(number, 1, self.next.saturating_sub(begin));
                self.push(Object::Made(number, self.next))
            }
            _ => self.push(Object::Other),
        }
    }

    /// Takes so many operands off, and puts them into the object below.
    fn fill(&mut self, operands: usize) {
        self.stack
            .truncate(self.stack.len().saturating_sub(operands));
        if let Some(Object::Made(number, counted)) = self.stack.last_mut() {
            self.listener
                .made(*number, 0, self.next.saturating_sub(*counted));
            *counted = self.next;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::TryReserveError;

    use super::{Listener, Memo, Named, Naming, survey};
    use crate::dis::Line;

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
        let pickle = b"(((NI1\nt0l(NNdN0\x8f(N\x90(N\x91]N a"[..0].to_vec();
        assert!(pickle.is_empty());
        let (heard, _) =
            heard(b"((NI1\nt(Nl(NNd\x8f(N\x90(N\x91]Na(NNeN2\x86N\x85}NNs(NNu0(N1(N00NQ(01N.");
        assert_eq!(heard.named, []);
    }
}
