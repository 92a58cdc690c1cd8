//! `Unpickler`, the lean face: stands in for the C class `pickle.Unpickler`.

use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::error::unpickling_error;
use crate::faces::arguments::truth;
use crate::faces::unpickler_memo_proxy::{self, Owner, UnpicklerMemoProxy};
use crate::fast::window::Window;
use crate::interpreter::face::Face;
use crate::load::{self, File, Home, Input, Machine, Nesting, Settings};

/// Unpickler(file, *, fix_imports=True, encoding="ASCII", errors="strict", buffers=None)
/// --
///
/// Reads pickles of every protocol from `file`, which has `read(n)` and `readline()` methods, and
/// no further than the end of each pickle. `buffers` is an iterable of the buffers that were
/// pickled out of band; the other options say what becomes of names and strings of Python 2.
///
/// Same results, hooks and errors as the C class `pickle.Unpickler` of the running release. Hooks:
/// `find_class`, `persistent_load`.
///
/// Raises TypeError for a file without `read` or `readline`.
#[pyclass(subclass, dict, weakref, frozen, module = "oxipickle")]
pub struct Unpickler {
    home: Home,
}

impl Unpickler {
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }
}

#[pymethods]
impl Unpickler {
    #[new]
    #[pyo3(
        signature = (*_args, **_kwargs),
        text_signature = "(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=None)"
    )]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self {
            home: Home::default(),
        }
    }

    #[pyo3(signature = (
        file, *, fix_imports=true, encoding="ASCII", errors="strict", buffers=None
    ))]
    fn __init__(
        slf: &Bound<'_, Self>,
        file: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = truth)] fix_imports: bool,
        encoding: &str,
        errors: &str,
        buffers: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let home = &slf.get().home;
        home.check_idle()?;
        let file = File::of(file, Face::Lean)?;
        home.initialize(Settings::new(
            Face::Lean,
            Some(file),
            fix_imports,
            encoding,
            errors,
            buffers,
        )?)
    }

    /// load($self, /)
    /// --
    ///
    /// Reads one pickle from the file, and gives the object that it stands for.
    ///
    /// Raises UnpicklingError and others for a malformed pickle, EOFError where none is left,
    /// RuntimeError within a load of this unpickler, and whatever a hook or the file raises; a
    /// note tells the place in the pickle.
    fn load<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        load(slf.as_any(), &slf.get().home)
    }

    /// find_class($self, module_name, global_name, /)
    /// --
    ///
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
        find_class(&self.home, module_name, global_name)
    }

    /// persistent_load($self, pid, /)
    /// --
    ///
    /// The object of a persistent id. To be overridden: there is none by itself.
    ///
    /// Raises UnpicklingError.
    #[pyo3(signature = (pid, /))]
    fn persistent_load<'py>(&self, pid: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        Err(no_persistent_load(pid))
    }

    #[getter]
    fn memo(slf: &Bound<'_, Self>) -> UnpicklerMemoProxy {
        UnpicklerMemoProxy::new(Owner::Lean(slf.clone().unbind()))
    }

    #[setter]
    fn set_memo(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        unpickler_memo_proxy::assign(&self.home, value)
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
        drop(self.home.clear());
    }
}

/// What is said where `persistent_load` is not overridden.
pub fn no_persistent_load(pid: &Bound<'_, PyAny>) -> PyErr {
    unpickling_error(pid.py(), load::NO_PERSISTENT_LOAD)
}

/// `find_class`'s own answer, for the pickle that is being read.
pub fn find_class<'py>(
    home: &Home,
    module_name: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let fix_imports = home.settings().is_none_or(|s| s.fix_imports);
    load::find_class(module_name, name, home.proto(), fix_imports)
}

/// Bytes that the unpickler takes: the object, and its memo.
pub fn size_of(class: &Bound<'_, PyAny>, home: &Home) -> PyResult<usize> {
    let object = class.getattr("__basicsize__")?.extract::<usize>()?;
    let entries = home.with_memo(|memo| memo.len()).unwrap_or(0);
    Ok(object + entries * std::mem::size_of::<usize>())
}

/// One whole load of an unpickler object.
pub fn load<'py>(unpickler: &Bound<'py, PyAny>, home: &Home) -> PyResult<Bound<'py, PyAny>> {
    let py = unpickler.py();
    let Some(settings) = home.settings() else {
        let name = unpickler.get_type().name()?;
        let words = format!("Unpickler.__init__() was not called by {name}.__init__()");
        return Err(unpickling_error(py, &words));
    };
    let _nesting = Nesting::enter(py)?;
    let (memo, ahead) = home.begin()?;
    let input = Input::new(settings.clone(), Window::empty());
    let mut machine = match Machine::new(py, input, settings, Some((home, unpickler))) {
        Ok(machine) => machine,
        Err(error) => {
            home.end(memo, 0, ahead);
            return Err(error);
        }
    };
    machine.memo = memo;
    let result = machine
        .read_from_file(|input| input.skip(py, ahead))
        .and_then(|()| machine.look_up_hooks())
        .and_then(|()| machine.load());
    let memo = std::mem::take(&mut machine.memo);
    home.end(memo, machine.proto, machine.input.ahead());
    // Only now are the stack's values released: a finaliser may use the unpickler again.
    drop(machine);
    result
}

/// A load by a function, with nobody's hooks: from a file, or from a window over the pickle.
pub fn load_alone<'py>(
    py: Python<'py>,
    settings: Settings,
    window: Window,
) -> PyResult<Bound<'py, PyAny>> {
    let _nesting = Nesting::enter(py)?;
    let settings = Arc::new(settings);
    let input = Input::new(settings.clone(), window);
    let mut machine = Machine::new(py, input, settings, None)?;
    let result = machine.load();
    machine.forget();
    result
}
