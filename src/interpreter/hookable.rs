//! What the hookable classes need beside: how upstream's classes in Python behave, and functions that only their
//! picklers call. It is found when somebody first needs those classes, since most programs never do.

use std::sync::OnceLock;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::interpreter::behaviour::{self, Hookable};

/// What was found.
pub struct Found {
    pub facts: Hookable,
    /// Finds what somebody has declared of a pickler's methods.
    pub predicate_of: Py<PyAny>,
    /// Whether a class of `dispatch` mappings is known to be like a dict.
    pub is_known_mapping: Py<PyAny>,
    /// What upstream's class makes of a code that `copyreg.add_extension` would refuse.
    pub extension_opcode: Py<PyAny>,
}

static FOUND: OnceLock<Found> = OnceLock::new();

/// Finds all of it, if that was not done before. Runs Python code.
///
/// # Errors
/// What importing raises; KeyError for a fact that was not told.
pub fn observe(py: Python<'_>) -> PyResult<()> {
    if FOUND.get().is_some() {
        return Ok(());
    }
    let facts = behaviour::of_python(py)?;
    let declared = py.import("oxipickle._declared")?;
    let answers = py.import("oxipickle._hookable_answers")?;
    let found = Found {
        facts,
        predicate_of: declared.getattr("predicate_of")?.unbind(),
        is_known_mapping: declared.getattr("is_known_mapping")?.unbind(),
        extension_opcode: answers.getattr("extension_opcode")?.unbind(),
    };
    // Another thread, which was at it too, found the same.
    let _ = FOUND.set(found);
    Ok(())
}

/// What was found. Runs no Python code, and takes no lock.
///
/// # Errors
/// RuntimeError before it was looked for: there is no hookable class by then.
#[inline]
pub fn found() -> PyResult<&'static Found> {
    FOUND.get().ok_or_else(too_early)
}

/// Whether something is so of upstream's classes; no, before they were looked at.
#[inline]
pub fn does(fact: impl FnOnce(&Hookable) -> bool) -> bool {
    FOUND.get().is_some_and(|found| fact(&found.facts))
}

#[cold]
fn too_early() -> PyErr {
    PyRuntimeError::new_err("the hookable classes are still being made")
}
