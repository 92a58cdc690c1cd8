//! Which globals were emitted.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use crate::fast::fresh;
use crate::fast::held::Held;

/// Every global that was emitted, first seen first.
#[derive(Default)]
pub struct GlobalReferences {
    /// Pairs (module, qualified name) as the keys of a dict, which keeps their order.
    pairs: Option<Held>,
}

impl GlobalReferences {
    /// The dict, if anything was recorded.
    pub fn held(&self) -> Option<&Held> {
        self.pairs.as_ref()
    }

    /// Keeps the dict.
    pub fn keep(&mut self, pairs: Held) {
        self.pairs = Some(pairs);
    }

    /// For the collector.
    ///
    /// # Errors
    /// What `visit` gives.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.pairs {
            Some(pairs) => pairs.traverse(visit),
            None => Ok(()),
        }
    }
}

/// Records a global. To be called in a passage of the gate.
///
/// # Errors
/// MemoryError.
pub fn record(
    pairs: &Bound<'_, PyDict>,
    module: &Bound<'_, PyString>,
    qualname: &Bound<'_, PyString>,
) -> PyResult<()> {
    let pair = fresh::tuple(
        pairs.py(),
        [plain(module)?.into_any(), plain(qualname)?.into_any()],
    )?;
    pairs.set_item(pair, pairs.py().None())
}

/// The pairs recorded in a dict, as a new list.
///
/// # Errors
/// MemoryError.
pub fn list(py: Python<'_>, pairs: Option<Bound<'_, PyAny>>) -> PyResult<Py<PyList>> {
    let pairs = match pairs {
        Some(pairs) => pairs.cast_into::<PyDict>()?.keys(),
        None => fresh::list(py)?,
    };
    Ok(pairs.unbind())
}

/// The text as an exact str: the hash of a subclass may be anybody's.
pub fn plain<'py>(text: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
    match text.to_str() {
        Ok(exact) => fresh::text(text.py(), exact),
        Err(_) => Ok(text.clone()),
    }
}
