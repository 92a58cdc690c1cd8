//! Attributes that may be missing.

use pyo3::prelude::*;
use pyo3::types::PyString;

#[cfg(not(Py_3_13))]
use crate::fast::libpython;

/// An attribute; None where there is none. No exception is made for that where the object looks its attributes up the
/// ordinary way, on any release: PyO3's `getattr_opt` makes one up to 3.12.
///
/// # Errors
/// What the look-up raises, but for AttributeError.
#[inline(always)]
pub fn optional_attribute<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let mut found = std::ptr::null_mut();
    // SAFETY: both are alive, and the thread is attached. The call stores a new reference, or null; it gives a
    // negative number where it has set an exception, and else none is set.
    unsafe {
        #[cfg(Py_3_13)]
        let answer =
            pyo3::ffi::PyObject_GetOptionalAttr(object.as_ptr(), name.as_ptr(), &raw mut found);
        #[cfg(not(Py_3_13))]
        let answer =
            libpython::_PyObject_LookupAttr(object.as_ptr(), name.as_ptr(), &raw mut found);
        if answer < 0 {
            return Err(PyErr::fetch(object.py()));
        }
        Ok(Bound::from_owned_ptr_or_opt(object.py(), found))
    }
}
