//! The interpreter's import, and the audit event that goes before it.

use pyo3::ffi;
use pyo3::prelude::*;

unsafe extern "C" {
    /// Exported by every supported interpreter, though `pyo3::ffi` has no variadic functions.
    fn PySys_Audit(
        event: *const std::ffi::c_char,
        format: *const std::ffi::c_char,
        ...
    ) -> std::ffi::c_int;
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
        PySys_Audit(
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
