//! A hookable pickler's memo as its methods see it: upstream's is a dict `{id(obj): (index, obj)}`.

use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyTuple};

use crate::fast::thread_end::Frames;
use crate::gate::home::FindHome;
use crate::gate::home::Home;
use crate::save::memo_contents;
use crate::save::state::State;

/// A live view of a pickler's memo, with the methods of a dict `{id(obj): (index, obj)}`. What is put in acts on
/// the pickler.
#[pyclass(frozen, mapping, module = "oxipickle")]
pub struct PicklerMemo {
    framer: Py<PyAny>,
    home: FindHome<State>,
}

impl PicklerMemo {
    pub fn new(framer: Py<PyAny>, home: FindHome<State>) -> Self {
        Self { framer, home }
    }

    fn home<'a>(&'a self, py: Python<'a>) -> PyResult<&'a Home<State>> {
        (self.home)(self.framer.bind(py))
    }

    /// Whether an object is a view of the memo that belongs to the framer at this address.
    pub fn belongs_to(object: &Bound<'_, PyAny>, framer: usize) -> bool {
        object
            .cast_exact::<Self>()
            .is_ok_and(|memo| memo.get().framer.as_ptr() as usize == framer)
    }

    fn entry<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Ok(identity) = key.extract::<usize>() else {
            return Ok(None);
        };
        memo_contents::memo_entry(key.py(), self.home(key.py())?, identity)
    }
}

#[pymethods]
impl PicklerMemo {
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        memo_contents::memo_len(self.home(py)?)
    }

    fn __contains__(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.entry(key)?.is_some())
    }

    fn __getitem__<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let entry = self.entry(key)?;
        entry.ok_or_else(|| PyKeyError::new_err((key.clone().unbind(),)))
    }

    fn __setitem__(&self, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let pair = value.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2);
        let Some(pair) = pair else {
            return Err(PyTypeError::new_err("'memo' values must be 2-item tuples"));
        };
        let index = pair.get_item(0)?.extract::<usize>()?;
        let obj = pair.get_item(1)?;
        if key.extract::<usize>().ok() != Some(obj.as_ptr() as usize) {
            return Err(PyValueError::new_err(
                "a key of 'memo' must be the id() of its object",
            ));
        }
        memo_contents::put_in_memo(self.home(key.py())?, index, &obj)
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.copy(py)?.as_any().try_iter()
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(self.copy(py)?.repr()?.to_string_lossy().into_owned())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let own = self.copy(other.py())?;
        match other.cast::<Self>() {
            Ok(other) => own.eq(other.get().copy(other.py())?),
            Err(_) => own.eq(other),
        }
    }

    /// The value of a key, or `default`.
    #[pyo3(signature = (key, default=None, /))]
    fn get<'py>(
        &self,
        key: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.entry(key)?.or(default))
    }

    /// The keys as they are at present.
    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.copy(py)?.call_method0("keys")
    }

    /// The values as they are at present.
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.copy(py)?.call_method0("values")
    }

    /// The entries as they are at present.
    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.copy(py)?.call_method0("items")
    }

    /// A dict of the entries.
    pub fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        memo_contents::copy_memo(py, self.home(py)?)
    }

    /// Puts the entries of a dict in, beside those that are there.
    fn update(&self, other: &Bound<'_, PyDict>) -> PyResult<()> {
        for (key, value) in other.copy()? {
            self.__setitem__(&key, &value)?;
        }
        Ok(())
    }

    /// Forgets every object that was pickled.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        let _frames = Frames::enter();
        memo_contents::clear_memo(self.home(py)?)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.framer)
    }
}
