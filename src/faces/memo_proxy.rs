//! The memos as Python sees them: live views, as C's classes of these names.

use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::faces::hookable::memo::PicklerMemo;
use crate::fast::thread_end::Frames;
use crate::gate::home::{FindHome, Home};
use crate::{load, save};

/// A live view of a pickler's memo.
#[pyclass(frozen, module = "oxipickle._oxipickle")]
pub struct PicklerMemoProxy {
    pickler: Py<PyAny>,
    home: FindHome<save::state::State>,
}

impl PicklerMemoProxy {
    pub fn new(pickler: Py<PyAny>, home: FindHome<save::state::State>) -> Self {
        Self { pickler, home }
    }
}

#[pymethods]
impl PicklerMemoProxy {
    /// Forgets every object that was pickled.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        let _frames = Frames::enter();
        save::memo_contents::clear_memo((self.home)(self.pickler.bind(py))?)
    }

    /// A dict `{id(obj): (index, obj)}`; placeholders stand for objects that only the pickler held.
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        save::memo_contents::copy_memo(py, (self.home)(self.pickler.bind(py))?)
    }

    /// A call of `dict` with the contents: a view can't be pickled.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        call_of_dict(self.copy(py)?)
    }

    // A cycle through the proxy ends where the pickler lets go of it.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.pickler)
    }
}

/// A live view of an unpickler's memo.
#[pyclass(frozen, module = "oxipickle._oxipickle")]
pub struct UnpicklerMemoProxy {
    unpickler: Py<PyAny>,
    home: FindHome<load::state::State>,
}

impl UnpicklerMemoProxy {
    pub fn new(unpickler: Py<PyAny>, home: FindHome<load::state::State>) -> Self {
        Self { unpickler, home }
    }
}

#[pymethods]
impl UnpicklerMemoProxy {
    /// Forgets every object that was memoized.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        let _frames = Frames::enter();
        load::session::clear_memo((self.home)(self.unpickler.bind(py))?)
    }

    /// A dict `{index: obj}`.
    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        load::session::copy_memo(py, (self.home)(self.unpickler.bind(py))?)
    }

    /// A call of `dict` with the contents: a view can't be pickled.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        call_of_dict(self.copy(py)?)
    }

    // A cycle through the proxy ends where the unpickler lets go of it.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.unpickler)
    }
}

/// What a proxy reduces to: a call of `dict` with its contents.
fn call_of_dict(contents: Bound<'_, PyDict>) -> PyResult<Bound<'_, PyTuple>> {
    let py = contents.py();
    let arguments = PyTuple::new(py, [contents])?;
    PyTuple::new(
        py,
        [py.get_type::<PyDict>().into_any(), arguments.into_any()],
    )
}

/// Puts the contents of another memo, or of a dict, in place of a pickler's memo.
///
/// # Errors
/// TypeError for anything else; RuntimeError while a dump runs natively; MemoryError.
pub fn assign_to_pickler(
    home: &Home<save::state::State>,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    if let Ok(proxy) = value.cast::<PicklerMemoProxy>() {
        return save::memo_contents::assign_memo(home, proxy.get().copy(value.py())?.as_any());
    }
    if let Ok(memo) = value.cast::<PicklerMemo>() {
        return save::memo_contents::assign_memo(home, memo.get().copy(value.py())?.as_any());
    }
    save::memo_contents::assign_memo(home, value)
}

/// Puts the contents of another memo, or of a dict, in place of an unpickler's memo.
///
/// # Errors
/// TypeError for anything else; RuntimeError while a load runs natively; MemoryError.
pub fn assign_to_unpickler(
    home: &Home<load::state::State>,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
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
    load::session::assign_memo(home, &contents)
}
