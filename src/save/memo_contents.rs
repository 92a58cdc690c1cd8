//! A pickler's memo as Python code sees it and changes it.

use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyTuple};

use crate::fast::count::count_of;
use crate::fast::fresh;
use crate::fast::instance::instance_dict;
use crate::gate::home::Home;
use crate::save::state::State;

/// Empties the memo; what it held is released after.
///
/// # Errors
/// RuntimeError while a dump runs natively.
pub fn clear_memo(home: &Home<State>) -> PyResult<()> {
    drop(home.with(|state| state.writer.memo.clear())?);
    Ok(())
}

/// The memo's contents: `{id(obj): (index, obj)}`.
///
/// # Errors
/// RuntimeError while a dump runs natively; MemoryError.
pub fn copy_memo<'py>(py: Python<'py>, home: &Home<State>) -> PyResult<Bound<'py, PyDict>> {
    let entries = home.with(|state| state.writer.memo.entries(py))??;
    let contents = fresh::dict(py)?;
    let object_type = py.get_type::<PyAny>();
    for (index, object) in entries {
        let object = match object {
            Some(object) => object.into_bound(py),
            None => object_type.call0()?,
        };
        let identity = fresh::int(py, object.as_ptr() as usize)?;
        let entry = fresh::tuple(py, [fresh::int(py, index)?, object])?;
        contents.set_item(identity, entry)?;
    }
    Ok(contents)
}

/// The number of indices that a pickler has given.
///
/// # Errors
/// RuntimeError while a dump runs natively.
pub fn memo_len(home: &Home<State>) -> PyResult<usize> {
    home.with(|state| state.writer.memo.len())
}

/// The memo's entry for an identity, `(index, obj)`.
///
/// # Errors
/// RuntimeError while a dump runs natively; MemoryError.
pub fn memo_entry<'py>(
    py: Python<'py>,
    home: &Home<State>,
    identity: usize,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    match home.with(|state| state.writer.memo.entry_at(py, identity))?? {
        Some((index, object)) => {
            let entry = [fresh::int(py, index)?, object.into_bound(py)];
            Ok(Some(fresh::tuple(py, entry)?.into_any()))
        }
        None => Ok(None),
    }
}

/// Enters an object in the memo, with an index that somebody chose.
///
/// # Errors
/// RuntimeError while a dump runs natively; MemoryError.
pub fn put_in_memo(home: &Home<State>, index: usize, obj: &Bound<'_, PyAny>) -> PyResult<()> {
    let is_atom = is_atom(obj);
    let obj = obj.clone().unbind();
    Ok(home.with(|state| {
        if is_atom {
            state.writer.expect_memoized_atoms();
        }
        state.writer.memo.put(index, obj)
    })??)
}

/// Puts the contents of a dict, `{anything: (index, obj)}`, in place of the memo's.
///
/// # Errors
/// TypeError for what is no such dict; RuntimeError while a dump runs natively; MemoryError.
pub fn assign_memo(home: &Home<State>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let dict = value.cast::<PyDict>().map_err(|_| {
        let name = value.get_type().name();
        let name = name.map_or_else(|_| String::new(), |n| n.to_string());
        PyTypeError::new_err(format!(
            "'memo' attribute must be a PicklerMemoProxy object or dict, not {name}"
        ))
    })?;
    // Reading an index may run code that changes the dict.
    let items = dict.copy()?;
    let items = items
        .iter()
        .map(|(_, entry)| match entry.cast::<PyTuple>() {
            Ok(pair) if pair.len() == 2 => Ok((
                pair.get_item(0)?.extract::<usize>()?,
                pair.get_item(1)?.unbind(),
            )),
            _ => Err(PyTypeError::new_err("'memo' values must be 2-item tuples")),
        });
    let items = items.collect::<PyResult<Vec<_>>>()?;
    let has_atoms = items.iter().any(|(_, obj)| is_atom(obj.bind(value.py())));
    let replaced = home.with(|state| {
        if has_atoms {
            state.writer.expect_memoized_atoms();
        }
        state.writer.memo.assign(items)
    });
    drop(replaced??);
    Ok(())
}

/// Whether an object is written without being looked up in the memo, unless one like it was entered there.
fn is_atom(obj: &Bound<'_, PyAny>) -> bool {
    obj.is_none()
        || obj.is_exact_instance_of::<PyBool>()
        || obj.is_exact_instance_of::<PyInt>()
        || obj.is_exact_instance_of::<PyFloat>()
        || obj
            .cast_exact::<PyTuple>()
            .is_ok_and(|tuple| tuple.is_empty())
}

/// Puts the contents of a dict that stands as `memo` in the pickler's `__dict__` into the native memo, if nobody
/// else holds that dict and its keys are the identities of its objects. Any other memo stays, and is upstream's to
/// work with.
///
/// # Errors
/// RuntimeError while a dump runs natively; MemoryError.
pub fn take_memo(pickler: &Bound<'_, PyAny>, home: &Home<State>) -> PyResult<()> {
    let py = pickler.py();
    if home.is_working() {
        return Ok(());
    }
    let own = instance_dict(pickler.as_borrowed())?;
    let name = intern!(py, "memo");
    let Some(memo) = own.get_item(name)? else {
        return Ok(());
    };
    // One reference is the pickler's, the other this function's. Where counts prove nothing the dict is taken over all
    // the same: upstream's functions ask no `resolve_global`.
    if count_of(memo.as_borrowed()).is_some_and(|count| count > 2) {
        return Ok(());
    }
    let Ok(memo) = memo.cast_into_exact::<PyDict>() else {
        return Ok(());
    };
    // Exact types alone, since others may run code that changes the dict.
    let is_of_objects = memo.iter().all(|(key, value)| {
        let key = key.cast_exact::<PyInt>().ok();
        let identity = key.and_then(|key| key.extract::<usize>().ok());
        let pair = value.cast_exact::<PyTuple>();
        let object = pair.ok().and_then(|pair| pair.get_item(1).ok());
        identity.is_some() && identity == object.map(|object| object.as_ptr() as usize)
    });
    if is_of_objects && assign_memo(home, memo.as_any()).is_ok() {
        own.del_item(name)?;
    }
    Ok(())
}
