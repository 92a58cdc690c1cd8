//! The plain opcodes: leaves, marks, what puts them into lists, tuples and dicts, what goes to the memo and comes
//! from it, and NEWOBJ of most classes.
//!
//! They are most of a pickle, and few of them can fail. So here they are carried out in a loop of their own,
//! which has at hand all that it works on, and so can't show it to Python code. An opcode that is another, or whose
//! bytes are not all there, or for which there is no room, no memory or nothing on the stack, is left unread for the
//! loop in `run.rs`, which knows all of them.

mod compound;
mod prefetch;

use pickle_format::fetched::Fetched;
use pickle_format::opcode::Opcode;
use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::fast::build::push_within_capacity;
use crate::fast::fresh;
use crate::fast::leaf;
use crate::load::machine::{ENTRIES_BEFORE_LOOKING_AHEAD, Machine};
use crate::load::plain::compound::{append, instance, set_items, tuple_above_mark, tuple_of_last};
use crate::load::plain::prefetch::Prefetch;
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
const SHORT_BINBYTES: u8 = Opcode::SHORT_BINBYTES.code();
const EMPTY_LIST: u8 = Opcode::EMPTY_LIST.code();
const EMPTY_DICT: u8 = Opcode::EMPTY_DICT.code();
const EMPTY_TUPLE: u8 = Opcode::EMPTY_TUPLE.code();
const TUPLE1: u8 = Opcode::TUPLE1.code();
const TUPLE2: u8 = Opcode::TUPLE2.code();
const TUPLE3: u8 = Opcode::TUPLE3.code();
const TUPLE: u8 = Opcode::TUPLE.code();
const APPEND: u8 = Opcode::APPEND.code();
const APPENDS: u8 = Opcode::APPENDS.code();
const SETITEM: u8 = Opcode::SETITEM.code();
const SETITEMS: u8 = Opcode::SETITEMS.code();
const BUILD: u8 = Opcode::BUILD.code();
const MARK: u8 = Opcode::MARK.code();
const MEMOIZE: u8 = Opcode::MEMOIZE.code();
const BINGET: u8 = Opcode::BINGET.code();
const NEWOBJ: u8 = Opcode::NEWOBJ.code();
const LONG_BINGET: u8 = Opcode::LONG_BINGET.code();

impl<'py> Machine<'py, '_> {
    /// Carries out opcodes as long as they are plain.
    #[inline(never)]
    pub fn run_plain(&mut self) {
        // What Python code sees of the memo is not at hand here.
        if self.memo_is_shown {
            return;
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
            return;
        };
        let (memo, unfilled) = (&mut state.memo, &state.unfilled);
        let fetched = fetched.as_ref();
        let bytes = input.window.within_limit();
        // What is due comes after so many bytes, where none of them would be an opcode by itself.
        let most = bytes.len().min((*ticks as usize).saturating_sub(1));
        let bytes = &bytes[..most];
        let mut at = 0;
        let mut prefetch = Prefetch::default();
        while let Some(&code) = bytes.get(at) {
            let (value, next, is_memoized) = match code {
                BININT1 => match bytes.get(at + 1) {
                    Some(&value) => (leaf::int_of_byte(py, value), at + 2, false),
                    None => break,
                },
                BININT2 => match chunk(bytes, at + 1) {
                    Some(value) => {
                        let value = u16::from_le_bytes(value);
                        (leaf::int(py, value.into()), at + 3, false)
                    }
                    None => break,
                },
                BININT => match chunk(bytes, at + 1) {
                    Some(value) => (leaf::int(py, i32::from_le_bytes(value)), at + 5, false),
                    None => break,
                },
                BINFLOAT => match chunk(bytes, at + 1) {
                    Some(value) => (leaf::float(py, f64::from_be_bytes(value)), at + 9, false),
                    None => break,
                },
                BINGET => match bytes.get(at + 1) {
                    Some(&index) => (copy_of(memo, unfilled, index.into(), py), at + 2, false),
                    None => break,
                },
                LONG_BINGET => match chunk(bytes, at + 1) {
                    Some(index) => {
                        let index = u32::from_le_bytes(index) as usize;
                        prefetch.look_ahead(memo, bytes, at + 5);
                        (copy_of(memo, unfilled, index, py), at + 5, false)
                    }
                    None => break,
                },
                NONE => (Some(py.None().into_bound(py)), at + 1, false),
                NEWTRUE => (Some(boolean(py, true)), at + 1, false),
                NEWFALSE => (Some(boolean(py, false)), at + 1, false),
                EMPTY_TUPLE => (tuple_of_last(0, stack, py), at + 1, false),
                SHORT_BINUNICODE => match counted(bytes, at + 1) {
                    Some((text, next)) => (leaf::ascii(py, text), next, true),
                    None => break,
                },
                SHORT_BINBYTES => match counted(bytes, at + 1) {
                    Some((payload, next)) => (leaf::bytes(py, payload), next, true),
                    None => break,
                },
                EMPTY_LIST => (fresh::list(py).ok().map(Bound::into_any), at + 1, true),
                EMPTY_DICT => (fresh::dict(py).ok().map(Bound::into_any), at + 1, true),
                NEWOBJ => (instance(stack), at + 1, true),
                TUPLE1 => (tuple_of_last(1, stack, py), at + 1, true),
                TUPLE2 => (tuple_of_last(2, stack, py), at + 1, true),
                TUPLE3 => (tuple_of_last(3, stack, py), at + 1, true),
                TUPLE => (tuple_above_mark(stack, py), at + 1, true),
                MARK => {
                    let place = stack.values.len();
                    if push_within_capacity(&mut stack.marks, place).is_err() {
                        break;
                    }
                    stack.fence = place;
                    at += 1;
                    continue;
                }
                MEMOIZE => match stack.values.last() {
                    Some(value)
                        if stack.values.len() > stack.fence && memoize(memo, fetched, value) =>
                    {
                        at += 1;
                        continue;
                    }
                    _ => break,
                },
                APPEND | APPENDS => {
                    if !append(stack, code == APPEND) {
                        break;
                    }
                    at += 1;
                    continue;
                }
                SETITEM | SETITEMS => {
                    // What may be a state is none to be put into a dict.
                    let is_other = matches!(bytes.get(at + 1), None | Some(&(BUILD | TUPLE2)));
                    if is_other || !set_items(stack, code == SETITEM) {
                        break;
                    }
                    at += 1;
                    continue;
                }
                _ => break,
            };
            let Some(value) = value else { break };
            // A tuple has made room for itself, so what is given up here is a leaf or an empty container.
            if push_within_capacity(&mut stack.values, value).is_err() {
                break;
            }
            at = next;
            // What is memoized at once need not wait for its turn.
            if is_memoized
                && bytes.get(at) == Some(&MEMOIZE)
                && let Some(value) = stack.values.last()
                && memoize(memo, fetched, value)
            {
                at += 1;
            }
        }
        // As many as there are ticks at the most.
        *ticks -= at as u32;
        input.window.skip(at);
    }
}

/// So many bytes from a place on.
#[inline(always)]
fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

/// What is counted by the byte at a place, and where it ends.
#[inline(always)]
fn counted(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let start = at + 1;
    let end = start + usize::from(*bytes.get(at)?);
    Some((bytes.get(start..end)?, end))
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
