//! The stack and the memo of a survey, with what is known of each object.
//!
//! An object may be a text, which may name a global, or a global, or was made by calling one; all else is of no interest.
//! Memory is taken for each object on the stack and in the memo, [`Object`]'s size.

use crate::argument::Argument;
use crate::dis::Line;
use crate::memo::UnpicklerMemo;
use crate::opcode::{Opcode, StackObject};
use crate::survey::listener::{Listener, Named, Naming};

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

/// What is known of the memo, for a pickle that follows, and of its use.
#[derive(Default)]
pub struct Memo {
    /// What the check knows of it.
    pub(super) checked: UnpicklerMemo<()>,
    objects: UnpicklerMemo<(Object, bool)>,
    /// Values that were stored.
    pub stored: usize,
    /// Those of them that were fetched at least once.
    pub fetched: usize,
}

/// The stack, and the heights at which MARKs are open.
pub struct Followed<'a, L> {
    stack: Vec<Object>,
    marks: Vec<usize>,
    memo: &'a mut Memo,
    listener: &'a mut L,
    /// The offset behind the instruction.
    next: usize,
}

impl<'a, L: Listener> Followed<'a, L> {
    pub fn new(memo: &'a mut Memo, listener: &'a mut L) -> Self {
        Self {
            stack: Vec::new(),
            marks: Vec::new(),
            memo,
            listener,
            next: 0,
        }
    }

    /// Tells the listener of an instruction, the offset behind it being `next`, and does what its opcode does, of
    /// which `Check` says that it can be done.
    pub fn follow(&mut self, line: &Line<'_>, next: usize) -> Result<(), L::Error> {
        self.next = next;
        self.listener.met(line, next)?;
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
