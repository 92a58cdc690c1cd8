//! An unpickler's memo as Python sees it.

use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::fast::thread_end::Frames;
use crate::gate::home::Home;
use crate::load::session::{assign_memo, clear_memo, copy_memo};
use crate::load::state::State;

/// Where an unpickler of this class has its state.
pub type FindHome = for<'a> fn(&'a Bound<'_, PyAny>) -> PyResult<&'a Home<State>>;

/// A live view of an unpickler's memo, as C's class of that name.
#[pyclass(frozen, module = "oxipickle._oxipickle")]
pub struct UnpicklerMemoProxy {
    unpickler: Py<PyAny>,
    home: FindHome,
}

impl UnpicklerMemoProxy {
    pub fn new(unpickler: Py<PyAny>, home: FindHome) -> Self {
        Self { unpickler, home }
    }
}

#[pymethods]
impl UnpicklerMemoProxy {
    /// Forgets every object that was memoized.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        let _frames = Frames::enter();
        clear_memo((self.home)(self.unpickler.bind(py))?)
    }

    /// A dict `{index: obj}`.
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        copy_memo(py, (self.home)(self.unpickler.bind(py))?)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let contents = self.copy(py)?;
        let args = PyTuple::new(py, [contents])?;
        PyTuple::new(py, [py.get_type::<PyDict>().into_any(), args.into_any()])
    }

    // A cycle through the proxy ends where the unpickler lets go of it.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.unpickler)
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
