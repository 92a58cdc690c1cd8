//! A look at a value before it becomes a key. Hashing a tuple hashes its items by native recursion, and up
//! to CPython 3.13 nothing stops that before the native stack ends: a crash.

use pyo3::exceptions::PyRecursionError;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::fast::object::{Exact, exact};
use crate::interpreter::imports::Imports;

/// Levels of tuples within tuples that a key may have. Each takes some 130 bytes of native stack
/// to hash; half a megabyte is what the smallest stacks of threads have.
const DEEPEST_KEY: usize = 4_000;

/// Tuples that are looked at in one key, at the most. A tuple that is an item of several others counts each
/// time, since it is hashed each time: 64 tuples, each of which holds the one before twice, would take for
/// ever. A fuzzer finds such keys again and again, and has a lower limit so as to get on.
const MOST_TUPLES_IN_KEY: usize = if cfg!(fuzzing) { 1 << 12 } else { 1 << 24 };

/// Checks a value that is about to be hashed, or handed to what is likely to hash it.
///
/// # Errors
/// RecursionError for a tuple nested too deep.
#[inline(always)]
pub fn check_key(key: &Bound<'_, PyAny>, imports: &Imports) -> PyResult<()> {
    if key.is_exact_instance_of::<PyString>() || !imports.lean.hash_recurses {
        return Ok(());
    }
    match key.cast::<PyTuple>() {
        Ok(tuple) => check_tuple(tuple),
        Err(_) => Ok(()),
    }
}

/// Whether hashing a key runs no Python code, nor comparing it with keys for which this holds too.
#[inline(always)]
pub fn hashes_natively(key: &Bound<'_, PyAny>) -> bool {
    matches!(
        exact(key.as_borrowed()),
        Exact::Str | Exact::Int | Exact::Float | Exact::None | Exact::Bool | Exact::Bytes
    )
}

fn too_deep() -> PyErr {
    PyRecursionError::new_err("maximum recursion depth exceeded while hashing a tuple")
}

/// Walks the tuples within a tuple without recursing.
#[inline(never)]
fn check_tuple(tuple: &Bound<'_, PyTuple>) -> PyResult<()> {
    let mut path = vec![(tuple.clone(), 0)];
    let mut seen = 0;
    while let Some((tuple, index)) = path.last_mut() {
        if *index >= tuple.len() {
            path.pop();
            continue;
        }
        let item = tuple.get_item(*index)?;
        *index += 1;
        if let Ok(inner) = item.cast_into::<PyTuple>() {
            seen += 1;
            if path.len() >= DEEPEST_KEY || seen > MOST_TUPLES_IN_KEY {
                return Err(too_deep());
            }
            path.push((inner, 0));
        }
    }
    Ok(())
}
