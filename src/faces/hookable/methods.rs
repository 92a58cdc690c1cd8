//! The pickler's methods for each type, which its `dispatch` names, and those that overriding ones call: `save_list`,
//! `save_reduce`, `_batch_setitems` and the like.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::faces::hookable::served::{by_upstream, framer_of};
use crate::fast::thread_end::Frames;
use crate::save::Builtin;
use crate::save::called;
use crate::save::session::Served;

/// Saves an instance of a builtin type: natively, if it is an exact one.
fn save_builtin<'py>(
    pickler: &Bound<'py, PyAny>,
    obj: &Bound<'py, PyAny>,
    builtin: Builtin,
    name: &Bound<'py, PyString>,
) -> PyResult<()> {
    let _frames = Frames::enter();
    if let Some(framer) = framer_of(pickler)?
        && called::save_builtin(pickler, &framer.get().home, obj, builtin)? == Served::Natively
    {
        return Ok(());
    }
    by_upstream(pickler, name, &[obj], None).map(drop)
}

/// Saves None. Follows `pickle._Pickler.save_none`, and raises the same.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
pub fn save_none<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    save_builtin(
        pickler,
        obj,
        Builtin::None,
        intern!(pickler.py(), "save_none"),
    )
}

/// Saves a bool. Follows `pickle._Pickler.save_bool`, and raises the same.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
pub fn save_bool<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    save_builtin(
        pickler,
        obj,
        Builtin::Bool,
        intern!(pickler.py(), "save_bool"),
    )
}

/// Saves an int. Follows `pickle._Pickler.save_long`, and raises the same.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
pub fn save_long<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    save_builtin(
        pickler,
        obj,
        Builtin::Int,
        intern!(pickler.py(), "save_long"),
    )
}

/// Saves a float. Follows `pickle._Pickler.save_float`, and raises the same.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
pub fn save_float<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    save_builtin(
        pickler,
        obj,
        Builtin::Float,
        intern!(pickler.py(), "save_float"),
    )
}

/// Saves a bytes object. Follows `pickle._Pickler.save_bytes`, and raises the same.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
pub fn save_bytes<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    save_builtin(
        pickler,
        obj,
        Builtin::Bytes,
        intern!(pickler.py(), "save_bytes"),
    )
}

/// Saves a bytearray. Follows `pickle._Pickler.save_bytearray`, and raises the same.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
pub fn save_bytearray<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    save_builtin(
        pickler,
        obj,
        Builtin::ByteArray,
        intern!(pickler.py(), "save_bytearray"),
    )
}

/// Saves a `PickleBuffer`. Follows `pickle._Pickler.save_picklebuffer`, and raises the same.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
pub fn save_picklebuffer<'py>(
    pickler: &Bound<'py, PyAny>,
    obj: &Bound<'py, PyAny>,
) -> PyResult<()> {
    save_builtin(
        pickler,
        obj,
        Builtin::Buffer,
        intern!(pickler.py(), "save_picklebuffer"),
    )
}

/// Saves a str. Follows `pickle._Pickler.save_str`, and raises the same.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
pub fn save_str<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    save_builtin(
        pickler,
        obj,
        Builtin::Str,
        intern!(pickler.py(), "save_str"),
    )
}

/// Saves a tuple and what it holds. Follows `pickle._Pickler.save_tuple`, and raises the same.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
pub fn save_tuple<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    save_builtin(
        pickler,
        obj,
        Builtin::Tuple,
        intern!(pickler.py(), "save_tuple"),
    )
}

/// Saves a list and what it holds. Follows `pickle._Pickler.save_list`, and raises the same.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
pub fn save_list<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    save_builtin(
        pickler,
        obj,
        Builtin::List,
        intern!(pickler.py(), "save_list"),
    )
}

/// Saves a dict and what it holds. Follows `pickle._Pickler.save_dict`, and raises the same.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
pub fn save_dict<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    save_builtin(
        pickler,
        obj,
        Builtin::Dict,
        intern!(pickler.py(), "save_dict"),
    )
}

/// Saves a set and what it holds. Follows `pickle._Pickler.save_set`, and raises the same.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
pub fn save_set<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    save_builtin(
        pickler,
        obj,
        Builtin::Set,
        intern!(pickler.py(), "save_set"),
    )
}

/// Saves a frozenset and what it holds. Follows `pickle._Pickler.save_frozenset`, and raises the same.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
pub fn save_frozenset<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    save_builtin(
        pickler,
        obj,
        Builtin::FrozenSet,
        intern!(pickler.py(), "save_frozenset"),
    )
}

/// Saves a class. Follows `pickle._Pickler.save_type`, and raises the same.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
pub fn save_type<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    save_builtin(
        pickler,
        obj,
        Builtin::Class,
        intern!(pickler.py(), "save_type"),
    )
}
