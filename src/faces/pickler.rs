//! `Pickler`, the lean face: stands in for the C class `pickle.Pickler`.

use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};
use pyo3::wrap_pyfunction;

use crate::faces::arguments::truth;
use crate::faces::dispatch_table;
use crate::faces::memo_proxy::{PicklerMemoProxy, assign_to_pickler};
use crate::fast::class_call::{Made, MadeByFunction, install};
use crate::fast::held::give_up_late;
use crate::fast::thread_end::Frames;
use crate::gate::home::Home;
use crate::interpreter::face::Face;
use crate::save::list_references;
use crate::save::session::{self, Options};
use crate::save::state::State;

/// Writes pickles to `file`, which has a `write(bytes)` method, in `protocol` 0 to 5 (None: the
/// running release's default; negative: the highest).
///
/// With `fix_imports`, below protocol 3, modules and classes are named as in Python 2. `buffer_callback`, from
/// protocol 5 on, is called with each `PickleBuffer`, whose bytes stay out of the pickle unless it answers with
/// something true.
///
/// `progress` is called with the bytes of this pickle that were written so far, and None, since nobody knows how many
/// there will be: at most four times a second, and at the end of each dump with their final number. What it raises ends
/// the dump. Buffers that stay out of the pickle are not counted.
///
/// Same bytes, hooks and errors as the C class `pickle.Pickler` of the running release. Hooks:
/// `persistent_id`, `reducer_override`, `dispatch_table`, `buffer_callback`, `resolve_global`.
///
/// Raises TypeError for a file without `write` and for a `progress` that can't be called, ValueError for a protocol
/// above 5 and for a `buffer_callback` below protocol 5.
#[pyclass(subclass, dict, weakref, frozen, module = "oxipickle")]
pub struct Pickler {
    home: Home<State>,
}

/// What `Pickler(file)` gives.
///
/// Raises TypeError for a file without `write`.
#[pyfunction]
#[pyo3(name = "Pickler", signature = (file, /))]
fn pickler_of<'py>(file: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Pickler>> {
    let _frames = Frames::enter();
    let home = Home::default();
    let pickler = Bound::new(file.py(), Pickler { home })?;
    let options = Options {
        protocol: None,
        fix_imports: true,
        buffer_callback: None,
    };
    initialize(&pickler, file, &options, None)?;
    Ok(pickler)
}

impl MadeByFunction for Pickler {
    fn made() -> &'static PyOnceLock<Made> {
        static MADE: PyOnceLock<Made> = PyOnceLock::new();
        &MADE
    }
}

/// Has the class called in the shorter way where it is called as it is mostly.
///
/// # Errors
/// MemoryError.
pub fn shorten_calls(class: &Bound<'_, PyType>) -> PyResult<()> {
    let function = wrap_pyfunction!(pickler_of, class.py())?;
    install::<Pickler>(class, &function);
    Ok(())
}

/// Begins afresh with these arguments.
fn initialize<'py>(
    pickler: &Bound<'py, Pickler>,
    file: &Bound<'py, PyAny>,
    options: &Options<'_, 'py>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    let (py, home) = (pickler.py(), &pickler.get().home);
    let base = Some(py.get_type::<Pickler>());
    let mut state = session::new_state(py, Face::Lean, Some(file), options, base)?;
    if let Some(progress) = progress {
        state.report_to(progress)?;
    }
    state.hooks.found.dispatch_table = dispatch_table::shown(pickler.as_any(), home)?;
    drop(home.initialize(py, state)?);
    give_up_late(py);
    Ok(())
}

impl Pickler {
    /// Where an object that is one has its state.
    pub fn home_of<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a Home<State>> {
        Ok(&object.cast::<Self>()?.get().home)
    }
}

#[pymethods]
impl Pickler {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(file, protocol=None, *, fix_imports=True, buffer_callback=None, progress=None)"
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            home: Home::default(),
        }
    }

    #[pyo3(signature = (file, protocol=None, *, fix_imports=true, buffer_callback=None, progress=None))]
    fn __init__(
        slf: &Bound<'_, Self>,
        file: &Bound<'_, PyAny>,
        protocol: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = truth)] fix_imports: bool,
        buffer_callback: Option<&Bound<'_, PyAny>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let _frames = Frames::enter();
        let options = Options {
            protocol,
            fix_imports,
            buffer_callback,
        };
        initialize(slf, file, &options, progress)
    }

    /// Writes a pickle of `obj` to the file.
    ///
    /// Raises PicklingError for what can't be pickled, RuntimeError within a dump of this pickler,
    /// and whatever a hook or the file raises; notes tell the path to the culprit.
    #[pyo3(signature = (obj, /))]
    fn dump<'py>(slf: &Bound<'py, Self>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
        let _frames = Frames::enter();
        session::dump(slf.as_any(), &slf.get().home, obj)
    }

    /// Forgets every object that was pickled.
    fn clear_memo(slf: &Bound<'_, Self>) -> PyResult<()> {
        let _frames = Frames::enter();
        crate::save::memo_contents::clear_memo(&slf.get().home)
    }

    /// The id to save in place of `obj`; None to save the object itself, which is the answer for all objects unless
    /// this is overridden. Asked for every object, numbers and strings included.
    #[pyo3(signature = (obj, /))]
    fn persistent_id(&self, obj: &Bound<'_, PyAny>) -> Option<Py<PyAny>> {
        let _ = obj;
        None
    }

    /// The pair (module_name, qualname) under which `obj` is saved as a global; `name` is the
    /// string that its `__reduce__` returned, or None. Follows `pickle.whichmodule`. To be overridden.
    ///
    /// Raises PicklingError where that name does not lead back to `obj`.
    #[pyo3(signature = (obj, name=None, /))]
    fn resolve_global<'py>(
        slf: &Bound<'py, Self>,
        obj: &Bound<'py, PyAny>,
        name: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let _frames = Frames::enter();
        session::resolve_global(slf.py(), obj, name, Face::Lean)
    }

    /// Every global that this pickler has named so far, such as classes and functions, as (module, qualified name);
    /// first seen first.
    #[getter]
    fn global_references(&self, py: Python<'_>) -> PyResult<Py<PyList>> {
        {
            let pairs = self
                .home
                .with(|state| state.references.held().map(|pairs| pairs.to_bound(py)))?;
            list_references(py, pairs)
        }
    }

    /// What was pickled so far, and the index that the pickle gives it: a live view with `copy()` and
    /// `clear()`. A view of another pickler, or a dict `{any key: (index, obj)}`, can be assigned.
    #[getter]
    fn memo(slf: &Bound<'_, Self>) -> PicklerMemoProxy {
        PicklerMemoProxy::new(slf.as_any().clone().unbind(), Self::home_of)
    }

    #[setter]
    fn set_memo(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let _frames = Frames::enter();
        assign_to_pickler(&self.home, value)
    }

    /// Whether numbers and strings are written in binary: 1 from protocol 1 on, and 0 below.
    #[getter]
    fn bin(&self) -> PyResult<i32> {
        self.home.with(|s| i32::from(s.writer.binary))
    }

    #[setter]
    fn set_bin(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let _frames = Frames::enter();
        let value = flag(value)?;
        self.home.with(|s| s.writer.binary = value)
    }

    /// Whether nothing is memoized, as 1 or 0: smaller, and right only for data without shared or circular
    /// references.
    #[getter]
    fn fast(&self) -> PyResult<i32> {
        self.home.with(|s| i32::from(s.writer.fast))
    }

    #[setter]
    fn set_fast(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let _frames = Frames::enter();
        let value = flag(value)?;
        self.home.with(|s| s.writer.fast = value)
    }

    #[deleter]
    fn delete_bin(&self) -> PyResult<()> {
        Err(undeletable())
    }

    #[deleter]
    fn delete_fast(&self) -> PyResult<()> {
        Err(undeletable())
    }

    #[deleter]
    fn delete_memo(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("attribute deletion is not supported"))
    }

    fn __sizeof__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        session::size_of(slf.get_type().as_any(), &slf.get().home)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.home.traverse(&visit)
    }

    fn __clear__(&self) {
        self.home.clear();
    }
}

/// A C `int`, as a truth.
fn flag(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(value.extract::<i64>()? != 0)
}

fn undeletable() -> PyErr {
    PyTypeError::new_err("can't delete numeric/char attribute")
}
