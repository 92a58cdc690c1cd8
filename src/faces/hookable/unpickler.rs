//! The functions of `HookableUnpickler`, the hookable face: stands in for the Python class `pickle._Unpickler`.
//!
//! The class itself is a plain Python class (`python/oxipickle/_hookable.py`), which has a copy of upstream's
//! function wherever there is none of these.

use pyo3::exceptions::PyAttributeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyString, PyType};
use pyo3::wrap_pyfunction;

use crate::fast::method::method_of;
use crate::fast::thread_end::Frames;
use crate::interpreter::hookable;
use crate::load::build_alone;
use crate::load::find_class::find_class_as;
use crate::load::hookable as load_hookable;
use crate::load::late::Late;
use crate::load::ours::Ours;
use crate::load::show::{show, unframer_attribute};
use crate::load::unframer::Unframer;

/// Protocols below this one name what Python 2 had, and from the other one on by dotted paths.
const OWN_NAMES: i64 = 3;
const DOTTED_NAMES: i64 = 4;

/// Reads one pickle from the file, and gives the object that it stands for.
///
/// Raises UnpicklingError and others for a malformed pickle, EOFError where none is left, RuntimeError within a
/// load of this unpickler, and whatever a hook or the file raises; a note tells the place in the pickle.
#[pyfunction]
#[pyo3(name = "load", signature = (slf, /), text_signature = "(self)")]
fn load<'py>(slf: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let _frames = Frames::enter();
    load_hookable::load(slf)
}

/// The object that a pickle names: imports the module if need be, and gives its attribute. To be overridden by
/// whoever wants to restrict or redirect what pickles can name.
///
/// Raises what importing raises, and AttributeError.
#[pyfunction]
#[pyo3(
    name = "find_class",
    signature = (slf, /, module, name),
    text_signature = "(self, module, name)"
)]
fn find_class<'py>(
    slf: &Bound<'py, PyAny>,
    module: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let _frames = Frames::enter();
    let py = slf.py();
    let proto = || slf.getattr(intern!(py, "proto"));
    let is_mapped =
        || Ok(proto()?.lt(OWN_NAMES)? && slf.getattr(intern!(py, "fix_imports"))?.is_truthy()?);
    find_class_as(module, name, is_mapped, || proto()?.ge(DOTTED_NAMES))
}

/// Gives the object below the top of the stack the state on top of it, as the opcode BUILD does. Raises what
/// `__setstate__` raises, and what setting attributes does.
#[pyfunction]
#[pyo3(name = "load_build", signature = (slf, /), text_signature = "(self)")]
fn load_build(slf: &Bound<'_, PyAny>) -> PyResult<()> {
    let _frames = Frames::enter();
    build_alone::load_build(slf)
}

/// The native functions.
fn natives(py: Python<'_>) -> PyResult<[Bound<'_, PyCFunction>; 3]> {
    Ok([
        wrap_pyfunction!(load, py)?,
        wrap_pyfunction!(find_class, py)?,
        wrap_pyfunction!(load_build, py)?,
    ])
}

/// Remembers what upstream's class and ours have, to tell what is overridden.
fn remember(py: Python<'_>) -> PyResult<()> {
    hookable::observe(py)?;
    if Ours::get(py).is_ok() {
        return Ok(());
    }
    Ours::remember(py, natives(py)?.map(Bound::unbind).into())
}

/// What `class` is to have in the place of upstream's functions, by name: native functions that say `module` is
/// where they are from, and attributes that instances have only once they are asked for.
///
/// The first call looks at the release's own classes, and raises what importing raises.
#[pyfunction]
#[pyo3(signature = (class, module, /))]
pub fn unpickler_methods<'py>(
    class: &Bound<'py, PyType>,
    module: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = class.py();
    remember(py)?;
    let methods = PyDict::new(py);
    for function in natives(py)? {
        let name = function.getattr(intern!(py, "__name__"))?;
        methods.set_item(name, method_of(&function, class, module)?)?;
    }
    for name in Late::NAMES {
        methods.set_item(name, Bound::new(py, Late { name })?)?;
    }
    Ok(methods)
}

#[pymethods]
impl Late {
    /// The attribute of an instance. The class itself has none, as upstream's.
    fn __get__<'py>(
        &self,
        py: Python<'py>,
        instance: Option<&Bound<'py, PyAny>>,
        owner: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let _frames = Frames::enter();
        let words = match instance.filter(|instance| !instance.is_none()) {
            Some(instance) => match show(instance, self.name)? {
                Some(value) => return Ok(value),
                None => format!("'{}' object", instance.get_type().name()?),
            },
            None => match owner.and_then(|owner| owner.cast::<PyType>().ok()) {
                Some(class) => format!("type object '{}'", class.name()?),
                None => format!("'{}' object", py.get_type::<Self>().name()?),
            },
        };
        let words = format!("{words} has no attribute '{}'", self.name);
        Err(PyAttributeError::new_err(words))
    }
}

#[pymethods]
impl Unframer {
    fn __getattr__<'py>(&self, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        let _frames = Frames::enter();
        unframer_attribute(&self.home, name)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.home.traverse(&visit)
    }

    fn __clear__(&self) {
        self.home.clear();
    }
}
