//! `Unpickler`, the lean face: stands in for the C class `pickle.Unpickler`.

use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};
use pyo3::wrap_pyfunction;

use crate::faces::arguments::{GivenText, truth};
use crate::faces::memo_proxy::{UnpicklerMemoProxy, assign_to_unpickler};
use crate::fast::class_call::{Made, MadeByFunction, install};
use crate::fast::thread_end::Frames;
use crate::gate::home::Home;
use crate::interpreter::face::Face;
use crate::load::hooks::no_persistent_load;
use crate::load::input::file::File;
use crate::load::session::{find_class, initialize, load, plain_state, size_of};
use crate::load::settings::Settings;
use crate::load::state::State;

/// Reads pickles of every protocol from `file`, which has `read(n)` and `readline()` methods, and
/// no further than the end of each pickle.
///
/// `buffers` is an iterable of the buffers that were pickled out of band. In pickles of Python 2 names are taken
/// for today's with `fix_imports`, and strings are decoded by `encoding` and `errors`; the encoding "bytes" leaves
/// them as bytes.
///
/// `progress` is called with the bytes of this pickle that were read so far, and those from where the pickle begins to
/// the end of the file, where that is a `BytesIO` or a regular file of the interpreter's own, and None elsewhere: at most
/// four times a second, and at the end of each load with the number of the pickle's bytes. What it raises ends the load.
///
/// Same results, hooks and errors as the C class `pickle.Unpickler` of the running release. Hooks:
/// `find_class`, `persistent_load`.
///
/// Raises TypeError for a file without `read` or `readline`, and for a `progress` that can't be called.
#[pyclass(subclass, dict, weakref, frozen, module = "oxipickle")]
pub struct Unpickler {
    home: Home<State>,
}

/// What `Unpickler(file)` gives.
///
/// Raises TypeError for a file without `read` or `readline`.
#[pyfunction]
#[pyo3(name = "Unpickler", signature = (file, /))]
fn unpickler_of<'py>(file: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Unpickler>> {
    let _frames = Frames::enter();
    let py = file.py();
    let state = plain_state(File::of(file)?, py)?;
    let home = Home::with_state(state);
    Bound::new(py, Unpickler { home })
}

impl MadeByFunction for Unpickler {
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
    let function = wrap_pyfunction!(unpickler_of, class.py())?;
    install::<Unpickler>(class, &function);
    Ok(())
}

impl Unpickler {
    /// Where an object that is one has its state.
    fn home_of<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<&'a Home<State>> {
        Ok(&object.cast::<Self>()?.get().home)
    }
}

#[pymethods]
impl Unpickler {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=None, progress=None)"
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            home: Home::default(),
        }
    }

    #[pyo3(signature = (
        file, *, fix_imports=true, encoding=GivenText::default(), errors=GivenText::default(), buffers=None,
        progress=None
    ))]
    fn __init__(
        slf: &Bound<'_, Self>,
        file: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = truth)] fix_imports: bool,
        encoding: GivenText<'_>,
        errors: GivenText<'_>,
        buffers: Option<&Bound<'_, PyAny>>,
        progress: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let _frames = Frames::enter();
        let home = &slf.get().home;
        if home.is_working() {
            return Err(Home::<State>::in_use());
        }
        let file = File::of(file)?;
        let settings = Settings::new(
            slf.py(),
            Face::Lean,
            Some(file),
            fix_imports,
            [encoding.0, errors.0],
            buffers,
            progress,
        )?;
        initialize(slf.py(), home, settings)
    }

    /// Reads one pickle from the file, and gives the object that it stands for.
    ///
    /// Raises UnpicklingError and others for a malformed pickle, EOFError where none is left,
    /// RuntimeError within a load of this unpickler, and whatever a hook or the file raises; a
    /// note tells the place in the pickle.
    fn load<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let _frames = Frames::enter();
        load(slf.as_any(), &slf.get().home)
    }

    /// The object that a pickle names: imports the module if need be, and gives its attribute.
    /// To be overridden by whoever wants to restrict or redirect what pickles can name.
    ///
    /// Raises what importing raises, and AttributeError.
    #[pyo3(signature = (module_name, global_name, /))]
    fn find_class<'py>(
        &self,
        module_name: &Bound<'py, PyAny>,
        global_name: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _frames = Frames::enter();
        find_class(&self.home, module_name, global_name)
    }

    /// The object of a persistent id. To be overridden: there is none by itself.
    ///
    /// Raises UnpicklingError.
    #[pyo3(signature = (pid, /))]
    fn persistent_load<'py>(&self, pid: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        Err(no_persistent_load(pid.py()))
    }

    /// What was memoized so far, by its index: a live view with `copy()` and `clear()`. A view of another
    /// unpickler, or a dict `{index: obj}`, can be assigned.
    #[getter]
    fn memo(slf: &Bound<'_, Self>) -> UnpicklerMemoProxy {
        UnpicklerMemoProxy::new(slf.as_any().clone().unbind(), Self::home_of)
    }

    #[setter]
    fn set_memo(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let _frames = Frames::enter();
        assign_to_unpickler(&self.home, value)
    }

    #[deleter]
    fn delete_memo(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("attribute deletion is not supported"))
    }

    fn __sizeof__(slf: &Bound<'_, Self>) -> PyResult<usize> {
        size_of(slf.get_type().as_any(), &slf.get().home)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.home.traverse(&visit)
    }

    fn __clear__(&self) {
        self.home.clear();
    }
}
