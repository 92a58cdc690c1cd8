//! Plain opcodes that make or fill what other values are in: lists, tuples, and instances.
//!
//! Each looks first whether it can be carried out, and changes nothing where it can't.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple, PyType};

use crate::fast::build::{self, Maker};
use crate::load::stack::Stack;

/// Where the values begin that go into what lies below them: the topmost one, or those above the last mark. And
/// where the fence is once they and the mark are gone. None if nothing lies below.
#[inline(always)]
pub(super) fn part(stack: &Stack<'_>, is_one: bool) -> Option<(usize, usize)> {
    let (start, fence) = if is_one {
        (stack.values.len().checked_sub(1)?, stack.fence)
    } else {
        match stack.marks.as_slice() {
            [.., below, last] => (*last, *below),
            [last] => (*last, 0),
            [] => return None,
        }
    };
    (start > fence && start <= stack.values.len()).then_some((start, fence))
}

/// Moves the values from `start` on to the list below them; false if there is no exact list, or no memory, and
/// without the GIL, where values are moved one by one and some of them would be when memory ends.
#[inline(always)]
pub(super) fn append_from(stack: &mut Stack<'_>, start: usize) -> bool {
    let Ok(list) = stack.values[start - 1].cast_exact::<PyList>() else {
        return false;
    };
    if cfg!(Py_GIL_DISABLED) {
        return false;
    }
    let list = list.clone();
    build::extend_list(&list, &mut stack.values, start).is_ok()
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

/// An instance of the class on top, below an empty tuple, which both are taken off: if `object.__new__` makes it. That
/// runs no Python code unless it fails, and then `failed` says why.
#[inline(never)]
pub(super) fn instance<'py>(
    stack: &mut Stack<'py>,
    failed: &mut Option<PyErr>,
) -> Option<Bound<'py, PyAny>> {
    let values = stack.values.get(stack.fence..)?;
    let [.., class, args] = values else {
        return None;
    };
    let class = class.cast::<PyType>().ok()?;
    let args = args.cast_exact::<PyTuple>().ok()?;
    if !args.is_empty() || build::maker(class) != Maker::Object {
        return None;
    }
    let made = build::new_instance(class, args, None);
    stack.truncate(stack.values.len() - 2);
    match made {
        Ok(object) => Some(object),
        Err(error) => {
            *failed = Some(error);
            None
        }
    }
}
