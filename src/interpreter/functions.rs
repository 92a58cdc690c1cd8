//! The functions of upstream's Python classes, and ours that stand in for them: whatever else a class has under
//! one of their names is an override.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyDict, PyFunction, PyString};

use crate::fast::method::is_made_of;
use crate::interpreter::imports::Imports;

/// What is to be known of one class of upstream's.
pub struct Functions {
    /// The contents of a pristine copy of the class, by name.
    upstream: Py<PyDict>,
    /// The globals of the module `pickle`, and those of its pristine copy: a function that has others is
    /// another function, though its code be the same.
    globals: [Py<PyAny>; 2],
    ours: Vec<(Py<PyString>, Py<PyCFunction>)>,
}

impl Functions {
    fn of(py: Python<'_>, name: &str, ours: Vec<Bound<'_, PyCFunction>>) -> PyResult<Self> {
        let class = py.import("oxipickle._pristine_python")?.getattr(name)?;
        let contents = class.getattr(intern!(py, "__dict__"))?;
        let upstream = crate::fast::fresh::dict(py)?;
        upstream.update(contents.cast()?)?;
        let object = py.get_type::<PyAny>();
        for name in ["__getattribute__", "__setattr__"] {
            upstream.set_item(name, object.getattr(name)?)?;
        }
        let own_globals = contents
            .get_item("__init__")?
            .getattr(intern!(py, "__globals__"))?;
        let globals = Imports::get(py)?.pickle.bind(py).dict().into_any();
        let named = |function: Bound<'_, PyCFunction>| {
            let name = function.getattr(intern!(py, "__name__"))?;
            let name = PyString::intern(py, &name.extract::<String>()?);
            Ok::<_, PyErr>((name.unbind(), function.unbind()))
        };
        Ok(Self {
            upstream: upstream.unbind(),
            globals: [globals.unbind(), own_globals.unbind()],
            ours: ours.into_iter().map(named).collect::<PyResult<_>>()?,
        })
    }

    /// Our functions, by name.
    pub fn ours(&self) -> impl Iterator<Item = &(Py<PyString>, Py<PyCFunction>)> {
        self.ours.iter()
    }

    /// What upstream's class has under a name.
    ///
    /// # Errors
    /// MemoryError.
    pub fn upstream<'py>(
        &self,
        py: Python<'py>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.upstream.bind(py).get_item(name)
    }

    /// Whether what a class has under a name is no override: it is our function of this name, or upstream's,
    /// or was copied from upstream's.
    ///
    /// # Errors
    /// What comparing an attribute that is no function raises.
    pub fn is_untouched(
        &self,
        name: &Bound<'_, PyString>,
        attribute: &Bound<'_, PyAny>,
    ) -> PyResult<bool> {
        let py = name.py();
        let is_ours = |(own, function): &(Py<PyString>, Py<PyCFunction>)| {
            own.bind(py).is(name) && is_made_of(attribute, function.bind(py))
        };
        if self.ours.iter().any(is_ours) {
            return Ok(true);
        }
        let Some(upstream) = self.upstream(py, name)? else {
            return Ok(false);
        };
        if attribute.is(&upstream) {
            return Ok(true);
        }
        if !upstream.is_exact_instance_of::<PyFunction>() {
            return attribute.eq(upstream);
        }
        if !attribute.is_exact_instance_of::<PyFunction>() {
            return Ok(false);
        }
        let globals = attribute.getattr(intern!(py, "__globals__"))?;
        let code = attribute.getattr(intern!(py, "__code__"))?;
        Ok(self.globals.iter().any(|own| globals.is(own))
            && code.eq(upstream.getattr(intern!(py, "__code__"))?)?)
    }
}

static PICKLER: PyOnceLock<Functions> = PyOnceLock::new();

/// Notes our functions for the pickler.
///
/// # Errors
/// What importing the standard library's modules raises.
pub fn remember_pickler(py: Python<'_>, ours: Vec<Bound<'_, PyCFunction>>) -> PyResult<()> {
    // Another thread, which was at it too, found the same.
    let _ = PICKLER.set(py, Functions::of(py, "PythonPickler", ours)?);
    Ok(())
}

/// The pickler's functions; None before anybody needed the class.
pub fn of_pickler(py: Python<'_>) -> Option<&'static Functions> {
    PICKLER.get(py)
}
