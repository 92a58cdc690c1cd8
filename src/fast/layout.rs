//! Whether the running interpreter lays its objects out as this build expects.

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString};

use crate::fast::dict::len;
use crate::fast::int::int_value;
use crate::fast::text::{is_interned, utf8};

/// Reads objects whose contents are known through each layout that is read directly.
///
/// # Errors
/// ImportError where a value is not the expected one, as on a build with digits of 15 bits.
pub fn check(py: Python<'_>) -> PyResult<()> {
    let text = PyString::new(py, "twelve bytes");
    let interned = PyString::intern(py, "interned by oxipickle");
    let texts = utf8(text.as_any().as_borrowed()) == Some(b"twelve bytes")
        && !is_interned(text.as_any().as_borrowed())
        && is_interned(interned.as_any().as_borrowed());
    let ints = [0, 1, -1, 1 << 29, 1 << 30, 1 << 45, -(1 << 59), i64::MAX]
        .into_iter()
        .all(|value| int_value(PyInt::new(py, value).as_any().as_borrowed()) == Some(value));
    let dict = PyDict::new(py);
    dict.set_item(text, interned)?;
    if texts && ints && len(dict.as_any().as_borrowed()) == 1 {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "oxipickle was built for an interpreter that lays its objects out in another way",
    ))
}
