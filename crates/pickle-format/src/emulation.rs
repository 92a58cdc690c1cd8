//! The stack as `pickletools.dis` follows it: kinds of objects, with the MARKs among them.
//!
//! It is less strict than [`dis`](crate::dis), which an unpickler's stack is like: an opcode that needs two objects
//! may take a MARK for one of them here.

use std::collections::TryReserveError;

use crate::opcode::{Opcode, StackObject};

/// What becomes of a MARK.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Mark {
    /// The opcode has nothing to do with one.
    None,
    /// The opcode takes this one, which has a position where it is known.
    Taken(Option<i64>),
    /// The opcode needs one, and none is open.
    Missing,
    /// The opcode takes one that something else took off the stack already.
    Lost,
}

/// An opcode takes so many objects off a stack that has so many.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Underflow {
    /// What the opcode takes.
    pub needed: usize,
    /// What is there.
    pub there: usize,
}

/// The stack, and the positions of the MARKs that are open.
#[derive(Clone, Default, Debug)]
pub struct Emulation {
    stack: Vec<StackObject>,
    marks: Vec<Option<i64>>,
}

impl Emulation {
    /// How many MARKs are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.marks.len()
    }

    /// The top of the stack.
    #[must_use]
    pub fn top(&self) -> Option<StackObject> {
        self.stack.last().copied()
    }

    /// What lies on the stack, the topmost last.
    #[must_use]
    pub fn stack(&self) -> &[StackObject] {
        &self.stack
    }

    /// Takes the MARK that the opcode takes, with all above it, and tells how many objects it takes besides.
    pub fn take_mark(&mut self, opcode: Opcode) -> (Mark, usize) {
        let before = opcode.info().stack_before;
        let below = before.iter().position(|&o| o == StackObject::Mark);
        let pops_mark = opcode == Opcode::POP && self.top() == Some(StackObject::Mark);
        if below.is_none() && !pops_mark {
            return (Mark::None, before.len());
        }
        let Some(position) = self.marks.pop() else {
            return (Mark::Missing, before.len());
        };
        match self.stack.iter().rposition(|&o| o == StackObject::Mark) {
            Some(place) => self.stack.truncate(place),
            None => {
                self.stack.clear();
                return (Mark::Lost, 0);
            }
        }
        (Mark::Taken(position), below.unwrap_or(0))
    }

    /// Takes so many objects off.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn take(&mut self, needed: usize) -> Result<(), Underflow> {
        let there = self.stack.len();
        let left = there
            .checked_sub(needed)
            .ok_or(Underflow { needed, there })?;
        self.stack.truncate(left);
        Ok(())
    }

    /// Puts on the stack what the opcode does, a MARK with its position.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn push(
        &mut self,
        objects: &[StackObject],
        position: Option<i64>,
    ) -> Result<(), TryReserveError> {
        if objects.contains(&StackObject::Mark) {
            self.marks.try_reserve(1)?;
            self.marks.push(position);
        }
        self.stack.try_reserve(objects.len())?;
        self.stack.extend_from_slice(objects);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Emulation, Mark, Underflow};
    use crate::opcode::{Opcode, StackObject};

    /// Does what each opcode does, and gives what becomes of MARKs.
    fn follow(opcodes: &[Opcode]) -> Result<Vec<Mark>, Underflow> {
        let mut emulation = Emulation::default();
        let mut marks = Vec::new();
        for (&opcode, position) in opcodes.iter().zip(0..) {
            let (mark, needed) = emulation.take_mark(opcode);
            marks.push(mark);
            emulation.take(needed)?;
            let after = opcode.info().stack_after;
            emulation.push(after, Some(position)).unwrap();
        }
        assert_eq!(
            emulation.depth() > 0,
            emulation.stack().contains(&StackObject::Mark)
        );
        Ok(marks)
    }

    #[test]
    fn a_mark_is_taken_with_all_above() {
        use Opcode::{MARK, NONE, POP, STOP, TUPLE};
        let marks = follow(&[MARK, MARK, NONE, NONE, TUPLE, POP, POP, NONE, STOP]).unwrap();
        assert_eq!(marks[4], Mark::Taken(Some(1)));
        assert_eq!(marks[5], Mark::None);
        assert_eq!(marks[6], Mark::Taken(Some(0)));
    }

    #[test]
    fn what_is_not_there_is_told() {
        use Opcode::{APPEND, MARK, NONE, TUPLE};
        assert_eq!(
            follow(&[TUPLE]),
            Err(Underflow {
                needed: 2,
                there: 0
            })
        );
        assert_eq!(
            follow(&[NONE, APPEND]),
            Err(Underflow {
                needed: 2,
                there: 1
            })
        );
        assert_eq!(follow(&[NONE, MARK, APPEND, TUPLE]).unwrap()[3], Mark::Lost);
    }
}
