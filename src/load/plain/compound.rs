//! Plain opcodes that make or fill what other values are in: lists, tuples, dicts, and instances.
//!
//! Each looks first whether it can be carried out, and runs no Python code. One that can't be carried out whole leaves
//! the rest on the stack, as if the pickle had done so much in an opcode before.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};

use crate::fast::build::{self, Maker};
use crate::load::key::hashes_natively;
use crate::load::stack::Stack;

/// Where the values begin that go into what lies below them: the topmost ones, so many, or those above the last mark,
/// where no number is told. And where the fence is once they and the mark are gone. None if nothing lies below.
#[inline(always)]
fn part(stack: &Stack<'_>, topmost: Option<usize>) -> Option<(usize, usize)> {
    let (start, fence) = match topmost {
        Some(n) => (stack.values.len().checked_sub(n)?, stack.fence),
        None => above_mark(stack)?,
    };
    (start > fence && start <= stack.values.len()).then_some((start, fence))
}

/// Where the last mark is, and where the fence is once it is gone.
#[inline(always)]
fn above_mark(stack: &Stack<'_>) -> Option<(usize, usize)> {
    match stack.marks.as_slice() {
        [.., below, last] => Some((*last, *below)),
        [last] => Some((*last, 0)),
        [] => None,
    }
}

/// Takes the last mark off, with what was above it gone.
#[inline(always)]
fn unmark(stack: &mut Stack<'_>, fence: usize) {
    stack.marks.pop();
    stack.fence = fence;
}

/// Carries out an APPEND, of one value, or an APPENDS; false if there is no exact list, or no memory, and without the
/// GIL, where values are moved one by one and some of them would be when memory ends.
#[inline(always)]
pub(super) fn append(stack: &mut Stack<'_>, is_one: bool) -> bool {
    let Some((start, fence)) = part(stack, is_one.then_some(1)) else {
        return false;
    };
    let Ok(list) = stack.values[start - 1].cast_exact::<PyList>() else {
        return false;
    };
    if cfg!(Py_GIL_DISABLED) {
        return false;
    }
    let list = list.clone();
    if build::extend_list(&list, &mut stack.values, start).is_err() {
        return false;
    }
    if !is_one {
        unmark(stack, fence);
    }
    true
}

/// Carries out a SETITEM, of one pair, or a SETITEMS; false if there is no exact dict without entries, or not only keys
/// whose hashing and comparing run no Python code.
///
/// A value that is replaced may have a finaliser, which may look at the unpickler: here the loop has it at hand. So false
/// too from the first key on that comes again: its pair and all behind it are left above the mark.
#[inline(never)]
pub(super) fn set_items(stack: &mut Stack<'_>, is_one: bool) -> bool {
    let Some((start, fence)) = part(stack, is_one.then_some(2)) else {
        return false;
    };
    let Ok(dict) = stack.values[start - 1].cast_exact::<PyDict>() else {
        return false;
    };
    let pairs = &stack.values[start..];
    if !dict.is_empty()
        || !pairs.len().is_multiple_of(2)
        || !pairs.iter().step_by(2).all(hashes_natively)
    {
        return false;
    }
    let new = build::set_new_items(dict, pairs);
    let is_whole = 2 * new == pairs.len();
    // The dict holds them: no reference is the last.
    stack.values.drain(start..start + 2 * new);
    if is_whole && !is_one {
        unmark(stack, fence);
    }
    is_whole
}

/// A tuple of the topmost values, which are taken off, if there are so many above the last mark.
#[inline(always)]
pub(super) fn tuple_of_last<'py>(
    length: usize,
    stack: &mut Stack<'py>,
    py: Python<'py>,
) -> Option<Bound<'py, PyAny>> {
    let start = stack.values.len().checked_sub(length)?;
    if start < stack.fence {
        return None;
    }
    let tuple = build::tuple(py, &mut stack.values, start).ok()?;
    Some(tuple.into_any())
}

/// A tuple of the values above the last mark, which are taken off with it.
#[inline(always)]
pub(super) fn tuple_above_mark<'py>(
    stack: &mut Stack<'py>,
    py: Python<'py>,
) -> Option<Bound<'py, PyAny>> {
    let (start, fence) = above_mark(stack)?;
    // An empty one makes no room for itself.
    if start >= stack.values.len() {
        return None;
    }
    let tuple = build::tuple(py, &mut stack.values, start).ok()?;
    unmark(stack, fence);
    Some(tuple.into_any())
}

/// An instance of the class on top, below an empty tuple, which both are taken off: if `object.__new__` makes it, which
/// runs no Python code and fails where there is no memory.
#[inline(never)]
pub(super) fn instance<'py>(stack: &mut Stack<'py>) -> Option<Bound<'py, PyAny>> {
    let values = stack.values.get(stack.fence..)?;
    let [.., class, args] = values else {
        return None;
    };
    let class = class.cast::<PyType>().ok()?;
    let args = args.cast_exact::<PyTuple>().ok()?;
    if !args.is_empty() || build::maker(class) != Maker::Object {
        return None;
    }
    let object = build::new_instance(class, args, None).ok()?;
    // The instance keeps its class, and the empty tuple is the interpreter's.
    stack.truncate(stack.values.len() - 2);
    Some(object)
}
