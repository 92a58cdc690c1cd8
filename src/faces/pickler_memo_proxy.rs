//! The memo as Python sees it.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::faces::pickler::Pickler;
use crate::fast::thread_end::Frames;
use crate::gate::home::Home;
use crate::save::session;
use crate::save::state::State;

/// A live view of a pickler's memo, as C's class of that name.
#[pyclass(frozen, module = "oxipickle._oxipickle")]
pub struct PicklerMemoProxy {
    pickler: Py<Pickler>,
}

impl PicklerMemoProxy {
    pub fn new(pickler: Py<Pickler>) -> Self {
        Self { pickler }
    }
}

#[pymethods]
impl PicklerMemoProxy {
    /// Forgets every object that was pickled.
    fn clear(&self) -> PyResult<()> {
        let _frames = Frames::enter();
        session::clear_memo(self.pickler.get().home())
    }

    /// A dict `{id(obj): (index, obj)}`; placeholders stand for objects that only the pickler held.
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        session::copy_memo(py, self.pickler.get().home())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let contents = self.copy(py)?;
        let args = PyTuple::new(py, [contents])?;
        PyTuple::new(py, [py.get_type::<PyDict>().into_any(), args.into_any()])
    }

    // A cycle through the proxy ends where the pickler lets go of it.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.pickler)
    }
}

/// Puts the contents of another memo, or of a dict, in place of what is there.
pub fn assign(home: &Home<State>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    match value.cast::<PicklerMemoProxy>() {
        Ok(proxy) => session::assign_memo(home, proxy.get().copy(value.py())?.as_any()),
        Err(_) => session::assign_memo(home, value),
    }
}
