//! An unpickler's memo as Python sees it.

use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::faces::hookable::unpickler::HookableUnpickler;
use crate::faces::unpickler::Unpickler;
use crate::gate::home::Home;
use crate::load::session::{assign_memo, clear_memo, copy_memo};
use crate::load::state::State;

/// Whose memo it is.
pub enum Owner {
    Lean(Py<Unpickler>),
    Hookable(Py<HookableUnpickler>),
}

/// A live view of an unpickler's memo, as C's class of that name.
#[pyclass(frozen, module = "oxipickle._oxipickle")]
pub struct UnpicklerMemoProxy {
    owner: Owner,
}

impl UnpicklerMemoProxy {
    pub fn new(owner: Owner) -> Self {
        Self { owner }
    }

    fn home(&self) -> &Home<State> {
        match &self.owner {
            Owner::Lean(unpickler) => unpickler.get().home(),
            Owner::Hookable(unpickler) => unpickler.get().home(),
        }
    }
}

#[pymethods]
impl UnpicklerMemoProxy {
    /// Forgets every object that was memoized.
    fn clear(&self) -> PyResult<()> {
        clear_memo(self.home())
    }

    /// A dict `{index: obj}`.
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        copy_memo(py, self.home())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let contents = self.copy(py)?;
        let args = PyTuple::new(py, [contents])?;
        PyTuple::new(py, [py.get_type::<PyDict>().into_any(), args.into_any()])
    }

    // A cycle through the proxy ends where the unpickler lets go of it.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match &self.owner {
            Owner::Lean(unpickler) => visit.call(unpickler),
            Owner::Hookable(unpickler) => visit.call(unpickler),
        }
    }
}

/// Puts the contents of another memo, or of a dict, in place of what is there.
pub fn assign(home: &Home<State>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let contents = match value.cast::<UnpicklerMemoProxy>() {
        Ok(proxy) => proxy.get().copy(value.py())?,
        Err(_) => match value.cast::<PyDict>() {
            Ok(dict) => dict.copy()?,
            Err(_) => {
                let name = value.get_type().name()?;
                return Err(PyTypeError::new_err(format!(
                    "'memo' attribute must be an UnpicklerMemoProxy object or dict, not {name}"
                )));
            }
        },
    };
    assign_memo(home, &contents)
}
