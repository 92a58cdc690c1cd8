//! Reduce values of the collections written in C, made here as the types' own `__reduce__` makes
//! them (CPython's `Modules/_collectionsmodule.c`, `Objects/odictobject.c`).
//!
//! Their types are immutable, so nobody can have given them another; and `object.__getstate__`, which
//! they call, looks for slots by Python code at every instance, and never finds any.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::fast::fresh::tuple;
use crate::fast::instance::placed_dict;
use crate::fast::object::is_of_immutable_type;
use crate::interpreter::imports::Imports;

/// A collection whose reduce value is known.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Collection {
    Deque,
    OrderedDict,
}

impl Collection {
    /// Which one an object is; None for any other, of subclasses too.
    ///
    /// # Errors
    /// What importing the standard library raises.
    pub fn of(obj: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        let imports = Imports::get(obj.py())?;
        let class = obj.get_type();
        let known = [
            (&imports.deque_type, Self::Deque),
            (&imports.ordered_dict_type, Self::OrderedDict),
        ];
        Ok(known
            .into_iter()
            .find(|(known, _)| class.is(*known) && is_of_immutable_type(obj.as_borrowed()))
            .map(|(_, collection)| collection))
    }

    /// The reduce value of an instance; None where only its own `__reduce__` gives it. To be called
    /// with the state at home: up to 3.11 making objects may run the collector.
    ///
    /// # Errors
    /// MemoryError.
    pub fn reduce_value<'py>(self, obj: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = obj.py();
        let class = obj.get_type().into_any();
        let none = || py.None().into_bound(py);
        let empty = tuple(py, [])?.into_any();
        let value = match self {
            Self::Deque => {
                let limit = obj.getattr(intern!(py, "maxlen"))?;
                let arguments = if limit.is_none() {
                    empty
                } else {
                    tuple(py, [empty, limit])?.into_any()
                };
                tuple(py, [class, arguments, none(), obj.try_iter()?.into_any()])?
            }
            Self::OrderedDict => {
                // Attributes of the instance's own are its state, and come before its type's methods.
                let attributes = placed_dict(obj.as_borrowed());
                if attributes.is_some_and(|dict| !dict.cast::<PyDict>().is_ok_and(|d| d.is_empty()))
                {
                    return Ok(None);
                }
                let pairs = obj.call_method0(intern!(py, "items"))?.try_iter()?;
                tuple(py, [class, empty, none(), none(), pairs.into_any()])?
            }
        };
        Ok(Some(value.into_any()))
    }

    /// Whether `value`, which an instance gave by itself, is what would be made here, as far as the
    /// types of its parts tell.
    ///
    /// # Errors
    /// MemoryError.
    pub fn makes(self, obj: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Some(made) = self.reduce_value(obj)? else {
            return Ok(false);
        };
        let (Ok(made), Ok(value)) = (made.cast::<PyTuple>(), value.cast::<PyTuple>()) else {
            return Ok(false);
        };
        Ok(made.len() == value.len()
            && made
                .iter()
                .zip(value.iter())
                .all(|(made, given)| made.get_type().is(given.get_type())))
    }
}
