//! Whether the running interpreter lays its objects out as this build expects.

use std::fmt::Debug;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyTuple, PyType};

use crate::fast::attached::Attached;
use crate::fast::call::binds_where_expected;
use crate::fast::class::takes_attributes;
use crate::fast::decode::is_ascii_where_expected;
use crate::fast::instance::has_ordinary_dict;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Int, Kind, View};

/// Holds what was found against what this build expects.
///
/// # Errors
/// ImportError that says both, where they differ.
pub fn expect<T: PartialEq + Debug>(what: &str, found: T, expected: T) -> PyResult<()> {
    if found == expected {
        return Ok(());
    }
    let version = Python::version_str();
    Err(PyImportError::new_err(format!(
        "oxipickle was built for another interpreter than this one ({version}): {what}: found {found:?}, expected \
         {expected:?}; build it with this interpreter (`pip install --no-binary oxipickle oxipickle`), or use `pickle`"
    )))
}

/// Reads objects whose contents are known through each layout that is read directly.
///
/// # Errors
/// ImportError where a value is not the expected one.
pub fn check(py: Python<'_>) -> PyResult<()> {
    check_texts(py)?;
    check_ints(py)?;
    check_dicts(py)?;
    check_functions(py)?;
    check_instances(py)
}

fn check_texts(py: Python<'_>) -> PyResult<()> {
    let is_where_expected = is_ascii_where_expected(py)?;
    expect("ASCII follows the head of a str", is_where_expected, true)?;
    let texts = [
        (PyString::new(py, "twelve bytes"), "twelve bytes", false),
        (
            PyString::intern(py, "interned by oxipickle"),
            "interned by oxipickle",
            true,
        ),
        (PyString::new(py, "twelve \u{e9}"), "twelve \u{e9}", false),
        (
            PyString::new(py, "twelve \u{20ac}"),
            "twelve \u{20ac}",
            false,
        ),
    ];
    for (text, expected, interned) in texts {
        let text = text.unbind();
        // The second reading finds what the first left with the string.
        for _ in 0..2 {
            let found = {
                let attached = Attached::new(py);
                read_text(&text, attached.quiet())
            };
            let expected = Some((expected.to_owned(), interned));
            expect(
                "UTF-8 of a str, and whether it is interned",
                found,
                expected,
            )?;
        }
    }
    Ok(())
}

fn read_text(text: &Py<PyString>, quiet: &Quiet) -> Option<(String, bool)> {
    match View::of(text, quiet).kind() {
        Kind::Str(text) => {
            let utf8 = String::from_utf8_lossy(text.utf8()?).into_owned();
            Some((utf8, text.is_interned()))
        }
        _ => None,
    }
}

fn check_ints(py: Python<'_>) -> PyResult<()> {
    for value in [0, 1, -1, 1 << 29, 1 << 30, 1 << 45, -(1 << 59), i64::MAX] {
        let int = PyInt::new(py, value).unbind();
        let found = {
            let attached = Attached::new(py);
            let int = View::of(&int, attached.quiet()).as_int();
            int.and_then(Int::value)
        };
        expect("value of an int", found, Some(value))?;
    }
    // Its highest byte has the highest bit, so that one for the sign follows.
    let value = 1_u128 << 103;
    let int = PyInt::new(py, value).unbind();
    let found = {
        let attached = Attached::new(py);
        let int = View::of(&int, attached.quiet()).as_int();
        int.and_then(Int::long_bytes)
            .map(|(bytes, n)| bytes[..n].to_vec())
    };
    let expected = Some(value.to_le_bytes()[..14].to_vec());
    expect("bytes of an int of many digits", found, expected)
}

fn check_dicts(py: Python<'_>) -> PyResult<()> {
    let named = PyDict::new(py);
    named.set_item("twelve bytes", "interned")?;
    // One entry is taken out again: it leaves an empty place.
    named.set_item("taken out", 0)?;
    named.set_item("twelve", "bytes")?;
    named.del_item("taken out")?;
    let numbered = PyDict::new(py);
    numbered.set_item(1, 2)?;
    let has_text_keys = !cfg!(Py_GIL_DISABLED);
    for (dict, expected) in [(named, (2, 2, has_text_keys)), (numbered, (1, 1, false))] {
        let dict = dict.unbind();
        let found = {
            let attached = Attached::new(py);
            read_dict(&dict, attached.quiet())
        };
        let what = "length of a dict, its entries, and whether all keys are texts";
        expect(what, found, Some(expected))?;
    }
    Ok(())
}

fn read_dict(dict: &Py<PyDict>, quiet: &Quiet) -> Option<(usize, usize, bool)> {
    let Kind::Dict(dict) = View::of(dict, quiet).kind() else {
        return None;
    };
    let mut position = 0;
    let entries = std::iter::from_fn(|| dict.next(&mut position));
    let entries = entries.filter(|(key, value)| !key.is_none() && !value.is_none());
    Some((dict.len(), entries.count(), dict.has_text_keys()))
}

/// Whether what a function rests on is read as what it is.
fn check_functions(py: Python<'_>) -> PyResult<()> {
    let function = py.import("copyreg")?.getattr("__newobj__")?;
    let binds = binds_where_expected(&function)?;
    expect("what a bound method binds", binds, true)?;
    let (Ok(code), Ok(globals)) = (
        function.getattr("__code__"),
        function.getattr("__globals__"),
    ) else {
        // Somebody has exchanged it: what it rests on is not asked for then.
        return Ok(());
    };
    let found = {
        let attached = Attached::new(py);
        let quiet = attached.quiet();
        let function = View::of(function.as_unbound(), quiet).as_function();
        function.map(|function| {
            let has_code = function.code().is(View::of(code.as_unbound(), quiet));
            let has_globals = function
                .globals()
                .is_none_or(|found| found.object().is(View::of(globals.as_unbound(), quiet)));
            (has_code, has_globals)
        })
    };
    let found = found.unwrap_or((true, true));
    expect(
        "a function has its code, and its globals",
        found,
        (true, true),
    )
}

/// Whether a dict of a subclass is seen where an instance keeps it, and only there.
fn check_instances(py: Python<'_>) -> PyResult<()> {
    let class = new_class(PyTuple::empty(py))?;
    let Some(offset) = takes_attributes(&class) else {
        // Then nobody asks.
        return Ok(());
    };
    let instance = class.call0()?;
    let is_fresh_one_ordinary = has_ordinary_dict(&instance, offset);
    instance.setattr("attribute", 1)?;
    let is_ordinary = has_ordinary_dict(&instance, offset);
    let has_attributes = {
        let attached = Attached::new(py);
        !View::of(instance.as_unbound(), attached.quiet()).has_no_attributes()
    };
    let subclass = new_class(PyTuple::new(py, [py.get_type::<PyDict>()])?)?;
    instance.setattr("__dict__", subclass.call0()?)?;
    let is_other_seen = !has_ordinary_dict(&instance, offset);
    let found = (
        is_fresh_one_ordinary,
        is_ordinary,
        has_attributes,
        is_other_seen,
    );
    let what = "an instance keeps its attributes where they are looked for";
    expect(what, found, (true, true, true, true))
}

fn new_class(bases: Bound<'_, PyTuple>) -> PyResult<Bound<'_, PyType>> {
    let py = bases.py();
    let class = py.get_type::<PyType>();
    let class = class.call1(("oxipickle", bases, PyDict::new(py)))?;
    Ok(class.cast_into()?)
}
