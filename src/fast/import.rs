//! The interpreter's import, and the audit event that goes before it.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyModule, PyString};
use pyo3::{ffi, intern};

use crate::fast::attribute::optional_attribute;
use crate::fast::libpython;

/// What the interpreter's own import rests on.
pub struct Importing<'a, 'py> {
    /// `builtins.__import__` as it was when oxipickle was imported.
    pub import: &'a Bound<'py, PyAny>,
    pub builtins: &'a Bound<'py, PyDict>,
    /// What the module `sys` has.
    pub sys: &'a Bound<'py, PyDict>,
}

impl<'py> Importing<'_, 'py> {
    /// A module that was imported before, if importing it would do nothing but find it: nobody has taken importing
    /// over, the module is an ordinary one, and it is not being imported just now, maybe by another thread.
    ///
    /// # Errors
    /// What comparing its name with a key of `sys.modules` raises.
    fn known(&self, module_name: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyModule>>> {
        let py = module_name.py();
        // SAFETY: the thread is attached; the dict is borrowed, and only compared.
        let builtins = unsafe { ffi::PyEval_GetBuiltins() };
        if builtins != self.builtins.as_ptr() || !module_name.is_exact_instance_of::<PyString>() {
            return Ok(None);
        }
        let import = self.builtins.get_item(intern!(py, "__import__"))?;
        if !import.is_some_and(|import| import.is(self.import)) {
            return Ok(None);
        }
        let Some(modules) = own_modules(self.sys)? else {
            return Ok(None);
        };
        let module = modules.get_item(module_name)?;
        let Some(Ok(module)) = module.map(|module| module.cast_into_exact::<PyModule>()) else {
            return Ok(None);
        };
        let spec = module.dict().get_item(intern!(py, "__spec__"))?;
        let initializing = match spec {
            Some(spec) => optional_attribute(&spec, intern!(py, "_initializing"))?,
            None => None,
        };
        let is_ready = initializing.is_none_or(|it| it.is(PyBool::new(py, false)));
        Ok(is_ready.then_some(module))
    }
}

/// `sys.modules`, if it is the very dict that the interpreter imports to: somebody may have put another in its place,
/// which then is no more than an attribute. `sys` is what the module `sys` has.
///
/// # Errors
/// What comparing names raises.
pub fn own_modules<'py>(sys: &Bound<'py, PyDict>) -> PyResult<Option<Bound<'py, PyDict>>> {
    let modules = sys.get_item(intern!(sys.py(), "modules"))?;
    // SAFETY: the thread is attached; the dict is borrowed, and only compared.
    let own = unsafe { ffi::PyImport_GetModuleDict() };
    let modules = modules.filter(|modules| modules.as_ptr() == own);
    Ok(modules.and_then(|modules| modules.cast_into_exact::<PyDict>().ok()))
}

/// What a module has under this name, if importing it and looking the name up would do nothing but find it.
///
/// # Errors
/// What comparing the module's name with a key of `sys.modules` raises.
pub fn known_attribute<'py>(
    module_name: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
    importing: &Importing<'_, 'py>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    // A module's own attributes come before its contents.
    if name.to_str().is_ok_and(|name| name.starts_with("__")) {
        return Ok(None);
    }
    match importing.known(module_name)? {
        Some(module) => module.dict().get_item(name),
        None => Ok(None),
    }
}

/// The module of this name, imported if need be.
pub fn import<'py>(module_name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the name is alive, whatever its type; the call gives a new reference or sets an error.
    unsafe {
        let module = ffi::PyImport_Import(module_name.as_ptr());
        Bound::from_owned_ptr_or_err(module_name.py(), module)
    }
}

/// Whether there is a module of this name already, imported or being imported.
pub fn is_imported(module_name: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the name is alive, whatever its type; the call gives a new reference or null, with an
    // error set or without, which is taken away.
    unsafe {
        let module = ffi::PyImport_GetModule(module_name.as_ptr());
        if module.is_null() {
            drop(PyErr::take(module_name.py()));
            return false;
        }
        drop(Bound::from_owned_ptr(module_name.py(), module));
    }
    true
}

/// Tells the interpreter's audit hooks that a global is about to be looked up.
pub fn audit_find_class(module_name: &Bound<'_, PyAny>, name: &Bound<'_, PyAny>) -> PyResult<()> {
    // SAFETY: the format takes two objects, and both are alive.
    let answer = unsafe {
        libpython::PySys_Audit(
            c"pickle.find_class".as_ptr(),
            c"OO".as_ptr(),
            module_name.as_ptr(),
            name.as_ptr(),
        )
    };
    if answer < 0 {
        return Err(PyErr::fetch(module_name.py()));
    }
    Ok(())
}
