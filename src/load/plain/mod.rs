//! The plain opcodes: leaves, marks, what puts them into lists and tuples, what goes to the memo and comes from it,
//! and NEWOBJ of most classes. What fills dicts is none of them: a value that is replaced there may have a
//! finaliser, and here the stack and the memo are borrowed.
//!
//! They are most of a pickle, and few of them can fail. So here they are carried out in a loop of their own,
//! which has at hand all that it works on. An opcode that is another, or whose bytes are not all there, or for
//! which there is no room, no memory or nothing on the stack, is left unread for the loop in `run.rs`, which
//! knows all of them. That of a class that was called can't be left to it.

mod compound;

use pickle_format::fetched::Fetched;
use pickle_format::opcode::Opcode;
use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::fast::build::push_within_capacity;
use crate::fast::fresh;
use crate::fast::leaf;
use crate::load::machine::{ENTRIES_BEFORE_LOOKING_AHEAD, Machine};
use crate::load::plain::compound::{append_from, instance, part, tuple_of_last};
use crate::load::state::Memo;
use crate::load::unfilled::Unfilled;

const NONE: u8 = Opcode::NONE.code();
const NEWTRUE: u8 = Opcode::NEWTRUE.code();
const NEWFALSE: u8 = Opcode::NEWFALSE.code();
const BININT: u8 = Opcode::BININT.code();
const BININT1: u8 = Opcode::BININT1.code();
const BININT2: u8 = Opcode::BININT2.code();
const BINFLOAT: u8 = Opcode::BINFLOAT.code();
const SHORT_BINUNICODE: u8 = Opcode::SHORT_BINUNICODE.code();
const EMPTY_LIST: u8 = Opcode::EMPTY_LIST.code();
const EMPTY_DICT: u8 = Opcode::EMPTY_DICT.code();
const EMPTY_TUPLE: u8 = Opcode::EMPTY_TUPLE.code();
const TUPLE1: u8 = Opcode::TUPLE1.code();
const TUPLE2: u8 = Opcode::TUPLE2.code();
const TUPLE3: u8 = Opcode::TUPLE3.code();
const APPEND: u8 = Opcode::APPEND.code();
const APPENDS: u8 = Opcode::APPENDS.code();
const MARK: u8 = Opcode::MARK.code();
const MEMOIZE: u8 = Opcode::MEMOIZE.code();
const BINGET: u8 = Opcode::BINGET.code();
const NEWOBJ: u8 = Opcode::NEWOBJ.code();
const LONG_BINGET: u8 = Opcode::LONG_BINGET.code();

impl<'py> Machine<'py, '_> {
    /// Carries out opcodes as long as they are plain.
    ///
    /// # Errors
    /// What `object.__new__` raises.
    #[inline(never)]
    pub fn run_plain(&mut self) -> PyResult<()> {
        // What Python code sees of the memo is not at hand here.
        if self.memo_is_shown {
            return Ok(());
        }
        let py = self.py;
        let Self {
            input,
            stack,
            state,
            fetched,
            ticks,
            ..
        } = self;
        let Some(state) = &mut state.0 else {
            return Ok(());
        };
        let (memo, unfilled) = (&mut state.memo, &state.unfilled);
        let fetched = fetched.as_ref();
        let before = input.window.within_limit();
        let mut rest = before;
        let mut failed = None;
        // What is due at an opcode is due before it is carried out.
        while *ticks > 1
            && let Some((&code, after)) = rest.split_first()
        {
            let (value, after, is_memoized) = match code {
                BININT1 => match after.split_first() {
                    Some((&value, after)) => (leaf::int_of_byte(py, value), after, false),
                    None => break,
                },
                BININT2 => match after.split_first_chunk() {
                    Some((&bytes, after)) => {
                        let value = u16::from_le_bytes(bytes);
                        (leaf::shared_int(py, value.into()), after, false)
                    }
                    None => break,
                },
                BININT => match after.split_first_chunk() {
                    Some((&bytes, after)) => {
                        (leaf::int(py, i32::from_le_bytes(bytes)), after, false)
                    }
                    None => break,
                },
                BINFLOAT => match after.split_first_chunk() {
                    Some((&bytes, after)) => {
                        (leaf::float(py, f64::from_be_bytes(bytes)), after, false)
                    }
                    None => break,
                },
                BINGET => match after.split_first() {
                    Some((&index, after)) => {
                        (copy_of(memo, unfilled, index.into(), py), after, false)
                    }
                    None => break,
                },
                LONG_BINGET => match after.split_first_chunk() {
                    Some((&bytes, after)) => {
                        let index = u32::from_le_bytes(bytes) as usize;
                        (copy_of(memo, unfilled, index, py), after, false)
                    }
                    None => break,
                },
                NONE => (Some(py.None().into_bound(py)), after, false),
                NEWTRUE => (Some(boolean(py, true)), after, false),
                NEWFALSE => (Some(boolean(py, false)), after, false),
                EMPTY_TUPLE => (tuple_of_last(0, stack, py), after, false),
                SHORT_BINUNICODE => {
                    let Some((&size, after)) = after.split_first() else {
                        break;
                    };
                    match after.split_at_checked(size.into()) {
                        Some((text, after)) => (leaf::ascii(py, text), after, true),
                        None => break,
                    }
                }
                EMPTY_LIST => (fresh::list(py).ok().map(Bound::into_any), after, true),
                EMPTY_DICT => (fresh::dict(py).ok().map(Bound::into_any), after, true),
                NEWOBJ => {
                    let object = instance(stack, &mut failed);
                    if failed.is_some() {
                        rest = after;
                    }
                    (object, after, true)
                }
                TUPLE1 => (tuple_of_last(1, stack, py), after, true),
                TUPLE2 => (tuple_of_last(2, stack, py), after, true),
                TUPLE3 => (tuple_of_last(3, stack, py), after, true),
                MARK => {
                    let place = stack.values.len();
                    if push_within_capacity(&mut stack.marks, place).is_err() {
                        break;
                    }
                    stack.fence = place;
                    rest = after;
                    *ticks -= 1;
                    continue;
                }
                MEMOIZE => match stack.values.last() {
                    Some(value)
                        if stack.values.len() > stack.fence && memoize(memo, fetched, value) =>
                    {
                        rest = after;
                        *ticks -= 1;
                        continue;
                    }
                    _ => break,
                },
                APPEND | APPENDS => {
                    let Some((start, fence)) = part(stack, code == APPEND) else {
                        break;
                    };
                    if !append_from(stack, start) {
                        break;
                    }
                    if code == APPENDS {
                        stack.marks.pop();
                        stack.fence = fence;
                    }
                    rest = after;
                    *ticks -= 1;
                    continue;
                }
                _ => break,
            };
            let Some(value) = value else { break };
            // A tuple has made room for itself, so what is given up here is a leaf or an empty container.
            if push_within_capacity(&mut stack.values, value).is_err() {
                break;
            }
            rest = after;
            *ticks -= 1;
            // What is memoized at once need not wait for its turn.
            if is_memoized
                && let Some((&MEMOIZE, behind)) = after.split_first()
                && let Some(value) = stack.values.last()
                && memoize(memo, fetched, value)
            {
                rest = behind;
            }
        }
        let read = before.len() - rest.len();
        // What fails once it was read has no argument.
        let last = before.get(read.wrapping_sub(1)).copied();
        input.window.skip(read);
        match failed {
            None => Ok(()),
            Some(error) => {
                self.opcode_at = self.input.offset() - 1;
                self.opcode = last.and_then(Opcode::from_byte);
                Err(error)
            }
        }
    }
}

/// Carries out a MEMOIZE, if the entry is the memo's next place, or is never fetched.
#[inline(always)]
fn memoize(memo: &mut Memo, fetched: Option<&Fetched>, value: &Bound<'_, PyAny>) -> bool {
    if fetched.is_some_and(|fetched| !fetched.contains(memo.len())) {
        memo.skip();
        return true;
    }
    memo.len() + 1 != ENTRIES_BEFORE_LOOKING_AHEAD && memo.put_next(|| value.clone().unbind())
}

/// Another reference to a value of the memo, if it is near at hand.
#[inline(always)]
fn copy_of<'py>(
    memo: &Memo,
    unfilled: &Unfilled,
    index: usize,
    py: Python<'py>,
) -> Option<Bound<'py, PyAny>> {
    let value = memo.get_near(index)?.bind(py);
    (!unfilled.may_be_within(value)).then(|| value.clone())
}

#[inline(always)]
fn boolean(py: Python<'_>, value: bool) -> Bound<'_, PyAny> {
    PyBool::new(py, value).to_owned().into_any()
}
