//! Whether the running interpreter lays its objects out as this build expects.

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyTuple, PyType};

use crate::fast::attached::Attached;
use crate::fast::class::takes_attributes;
use crate::fast::decode::is_ascii_where_expected;
use crate::fast::instance::has_ordinary_dict;
use crate::fast::view::{Int, Kind, View};

/// Reads objects whose contents are known through each layout that is read directly.
///
/// # Errors
/// ImportError where a value is not the expected one, as on a build with digits of 15 bits.
pub fn check(py: Python<'_>) -> PyResult<()> {
    if reads_values(py)?
        && reads_functions(py)?
        && is_ascii_where_expected(py)?
        && are_dicts_placed(py)?
    {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "oxipickle was built for an interpreter that lays its objects out in another way",
    ))
}

/// Whether ints, strings and dicts are read as what they are.
fn reads_values(py: Python<'_>) -> PyResult<bool> {
    let texts: [Py<PyString>; 4] = [
        PyString::new(py, "twelve bytes").unbind(),
        PyString::intern(py, "interned by oxipickle").unbind(),
        PyString::new(py, "twelve \u{e9}").unbind(),
        PyString::new(py, "twelve \u{20ac}").unbind(),
    ];
    let values = [0, 1, -1, 1 << 29, 1 << 30, 1 << 45, -(1 << 59), i64::MAX];
    let ints = values.map(|value| PyInt::new(py, value).unbind());
    let named = PyDict::new(py);
    named.set_item(&texts[0], &texts[1])?;
    // One entry is taken out again: it leaves an empty place.
    named.set_item("taken out", 0)?;
    named.set_item("twelve", "bytes")?;
    named.del_item("taken out")?;
    let numbered = PyDict::new(py);
    numbered.set_item(1, 2)?;
    let (named, numbered) = (named.unbind(), numbered.unbind());
    let attached = Attached::new(py);
    let quiet = attached.quiet();
    let reads = |text: &Py<PyString>, expected: &str, interned: bool| {
        let Kind::Str(text) = View::of(text, quiet).kind() else {
            return false;
        };
        text.utf8() == Some(expected.as_bytes()) && text.is_interned() == interned
    };
    let reads_texts = reads(&texts[0], "twelve bytes", false)
        && reads(&texts[1], "interned by oxipickle", true)
        // The second reading finds what the first left with the string.
        && (0..2).all(|_| reads(&texts[2], "twelve \u{e9}", false))
        && (0..2).all(|_| reads(&texts[3], "twelve \u{20ac}", false));
    let reads_ints = ints.iter().zip(values).all(|(int, value)| {
        matches!(View::of(int, quiet).kind(), Kind::Int(int) if int.value() == Some(value))
    });
    let keys = |dict: &Py<PyDict>| match View::of(dict, quiet).kind() {
        Kind::Dict(dict) => {
            let mut position = 0;
            let entries = std::iter::from_fn(|| dict.next(&mut position));
            let entries = entries.filter(|(key, value)| !key.is_none() && !value.is_none());
            Some((dict.len(), entries.count(), dict.has_text_keys()))
        }
        _ => None,
    };
    let has_text_keys = !cfg!(Py_GIL_DISABLED);
    let reads_dicts =
        keys(&named) == Some((2, 2, has_text_keys)) && keys(&numbered) == Some((1, 1, false));
    Ok(reads_texts && reads_ints && reads_dicts)
}

/// Whether large ints, and what a function rests on, are read as what they are.
fn reads_functions(py: Python<'_>) -> PyResult<bool> {
    // Its highest byte has the highest bit, so that one for the sign follows.
    let value = 1_u128 << 103;
    let long = PyInt::new(py, value).into_any();
    let function = py.import("copyreg")?.getattr("__newobj__")?;
    let code = function.getattr("__code__")?;
    let globals = function.getattr("__globals__")?;
    let attached = Attached::new(py);
    let quiet = attached.quiet();
    let Some((bytes, len)) = View::of(long.as_unbound(), quiet)
        .as_int()
        .and_then(Int::long_bytes)
    else {
        return Ok(false);
    };
    let reads_long = bytes[..len] == value.to_le_bytes()[..len] && len == 14;
    let Some(function) = View::of(function.as_unbound(), quiet).as_function() else {
        // Somebody has exchanged it: what it rests on is not asked for then.
        return Ok(reads_long);
    };
    let has_code = function.code().is(View::of(code.as_unbound(), quiet));
    let has_globals = function
        .globals()
        .is_none_or(|found| found.object().is(View::of(globals.as_unbound(), quiet)));
    Ok(reads_long && has_code && has_globals)
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
    let attached = Attached::new(py);
    if View::of(instance.as_unbound(), attached.quiet()).has_no_attributes() {
        return Ok(false);
    }
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
