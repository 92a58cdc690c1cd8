//! The memo as Python sees it.

use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::faces::pickler::Pickler;
use crate::fast::fresh;
use crate::hooks::Home;

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
        clear(self.pickler.get().home())
    }

    /// A dict `{id(obj): (index, obj)}`; placeholders stand for objects that only the pickler held.
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        copy(py, self.pickler.get().home())
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

/// Empties the memo; what it held is released after.
pub fn clear(home: &Home) -> PyResult<()> {
    drop(home.with(|state| state.memo.clear())?);
    Ok(())
}

/// The memo's contents: `{id(obj): (index, obj)}`.
pub fn copy<'py>(py: Python<'py>, home: &Home) -> PyResult<Bound<'py, PyDict>> {
    let entries = home.with(|state| state.memo.entries(py))??;
    let contents = fresh::dict(py)?;
    let object_type = py.get_type::<PyAny>();
    for (index, object) in entries {
        let object = match object {
            Some(object) => object.into_bound(py),
            None => object_type.call0()?,
        };
        contents.set_item(object.as_ptr() as usize, (index, object))?;
    }
    Ok(contents)
}

/// Puts the contents of another memo, or of a dict, in place of what is there.
pub fn assign(home: &Home, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = value.py();
    let items = match value.cast::<PicklerMemoProxy>() {
        Ok(proxy) => memo_items(proxy.get().copy(py)?.as_any())?,
        Err(_) => memo_items(value)?,
    };
    drop(home.with(|state| state.memo.assign(items))??);
    Ok(())
}

/// Items of a memo given as a mapping of anything to pairs (index, object).
fn memo_items(value: &Bound<'_, PyAny>) -> PyResult<Vec<(usize, Py<PyAny>)>> {
    let dict = value.cast::<PyDict>().map_err(|_| {
        let name = value
            .get_type()
            .name()
            .map_or_else(|_| String::new(), |n| n.to_string());
        PyTypeError::new_err(format!(
            "'memo' attribute must be a PicklerMemoProxy object or dict, not {name}"
        ))
    })?;
    dict.iter()
        .map(|(_, entry)| match entry.cast::<PyTuple>() {
            Ok(pair) if pair.len() == 2 => Ok((
                pair.get_item(0)?.extract::<usize>()?,
                pair.get_item(1)?.unbind(),
            )),
            _ => Err(PyTypeError::new_err("'memo' values must be 2-item tuples")),
        })
        .collect()
}
