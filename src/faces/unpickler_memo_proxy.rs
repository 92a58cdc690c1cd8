//! An unpickler's memo as Python sees it.

use pyo3::exceptions::{PyMemoryError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyTuple};

use crate::faces::hookable::unpickler::HookableUnpickler;
use crate::faces::unpickler::Unpickler;
use crate::load::home::Home;

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

    fn home(&self) -> &Home {
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
        let home = self.home();
        drop(home.replace(home.new_memo())?);
        Ok(())
    }

    /// A dict `{index: obj}`.
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        copy(py, self.home())
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

fn no_memory<E>(_: E) -> PyErr {
    PyMemoryError::new_err(())
}

/// The memo's contents: `{index: obj}`.
pub fn copy<'py>(py: Python<'py>, home: &Home) -> PyResult<Bound<'py, PyDict>> {
    let entries = home.with_memo(|memo| {
        let mut entries = Vec::new();
        entries.try_reserve_exact(memo.len()).map_err(no_memory)?;
        let values = memo.iter().map_err(no_memory)?;
        entries.extend(values.map(|(index, value)| (index, value.clone_ref(py))));
        Ok::<_, PyErr>(entries)
    })??;
    let contents = PyDict::new(py);
    for (index, value) in entries {
        contents.set_item(index, value)?;
    }
    Ok(contents)
}

/// Puts the contents of another memo, or of a dict, in place of what is there.
pub fn assign(home: &Home, value: &Bound<'_, PyAny>) -> PyResult<()> {
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
    let mut memo = home.new_memo();
    for (key, value) in contents.iter() {
        if !key.is_instance_of::<PyInt>() {
            return Err(PyTypeError::new_err("memo key must be integers"));
        }
        let index = key.extract::<isize>().map_err(|_| {
            PyOverflowError::new_err("Python int too large to convert to C ssize_t")
        })?;
        let index = usize::try_from(index)
            .map_err(|_| PyValueError::new_err("memo key must be positive integers."))?;
        memo.put(index, value.unbind()).map_err(no_memory)?;
    }
    drop(home.replace(memo)?);
    Ok(())
}
