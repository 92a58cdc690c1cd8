//! Whether the running interpreter lays its objects out as this build expects.

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyTuple, PyType};

use crate::fast::class::takes_attributes;
use crate::fast::decode::is_ascii_where_expected;
use crate::fast::dict::len;
use crate::fast::instance::has_ordinary_dict;
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
    if texts
        && ints
        && is_ascii_where_expected(py)?
        && len(dict.as_any().as_borrowed()) == 1
        && are_dicts_placed(py)?
    {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "oxipickle was built for an interpreter that lays its objects out in another way",
    ))
}

/// Whether a dict of a subclass is seen where an instance keeps it, and only there.
fn are_dicts_placed(py: Python<'_>) -> PyResult<bool> {
    let class = new_class(PyTuple::empty(py))?;
    let Some(offset) = takes_attributes(&class) else {
        // Then nobody asks.
        return Ok(true);
    };
    let instance = class.call0()?;
    let is_fresh_one_ordinary = has_ordinary_dict(&instance, offset);
    instance.setattr("attribute", 1)?;
    let is_ordinary = has_ordinary_dict(&instance, offset);
    let subclass = new_class(PyTuple::new(py, [py.get_type::<PyDict>()])?)?;
    instance.setattr("__dict__", subclass.call0()?)?;
    Ok(is_fresh_one_ordinary && is_ordinary && !has_ordinary_dict(&instance, offset))
}

fn new_class(bases: Bound<'_, PyTuple>) -> PyResult<Bound<'_, PyType>> {
    let py = bases.py();
    let class = py.get_type::<PyType>();
    let class = class.call1(("oxipickle", bases, PyDict::new(py)))?;
    Ok(class.cast_into()?)
}
