//! What a plan says, read off a class.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple, PyType};

use crate::fast::class::{
    has_ordinary_methods, is_method_descriptor, keeps_placed_dict, slot_offset,
};
use crate::fast::object::{Exact, exact};
use crate::interpreter::imports::Imports;
use crate::save::plan::{Plain, PlanKind};
use crate::save::slots::Slot;

/// The attribute that the type's classes define under this name, the nearest first.
fn defined<'py>(
    class: &Bound<'py, PyType>,
    name: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = class.py();
    for base in class.mro().iter() {
        let contents = base.getattr(intern!(py, "__dict__"))?;
        if contents.contains(name)? {
            return Ok(Some(contents.get_item(name)?));
        }
    }
    Ok(None)
}

/// Whether a reduce value says no more than NEWOBJ of the class alone, and a state.
pub fn is_plain_value(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let Ok(value) = value.cast::<PyTuple>() else {
        return Ok(false);
    };
    let newobj = &Imports::get(py)?.newobj;
    Ok(value.len() >= 3
        && value.get_item(0)?.is(newobj)
        && value
            .get_item(1)?
            .cast::<PyTuple>()
            .is_ok_and(|args| args.len() == 1)
        && value.iter().skip(3).all(|part| part.is_none()))
}

/// What `object` itself defines under a name.
fn of_object<'py>(py: Python<'py>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    let object = py.get_type::<PyAny>();
    object.getattr(intern!(py, "__dict__"))?.get_item(name)
}

/// The method to ask, for a class where neither the look-up nor the instance can come between.
pub fn draw_method(py: Python<'_>, class: &Bound<'_, PyType>) -> PyResult<Option<PlanKind>> {
    if !has_ordinary_methods(class) {
        return Ok(None);
    }
    let reduce_ex = intern!(py, "__reduce_ex__");
    let reduce = intern!(py, "__reduce__");
    let method = |found: &Bound<'_, PyAny>| is_method_descriptor(found.as_borrowed());
    let Some(found) = defined(class, reduce_ex)?.filter(method) else {
        return Ok(None);
    };
    if !found.is(&of_object(py, reduce_ex)?) {
        return Ok(Some(PlanKind::ReduceEx));
    }
    Ok(match defined(class, reduce)?.filter(method) {
        Some(own) if own.is(&of_object(py, reduce)?) => Some(PlanKind::ReduceEx),
        Some(own) if keeps_placed_dict(class) => Some(PlanKind::Reduce(own.unbind())),
        Some(_) => Some(PlanKind::ReduceEx),
        None => None,
    })
}

/// Whether every name that the type's classes define is an exact str, so that looking one up runs
/// no Python code.
fn names_are_plain(class: &Bound<'_, PyType>) -> PyResult<bool> {
    for base in class.mro().iter() {
        for name in base.getattr(intern!(class.py(), "__dict__"))?.try_iter()? {
            if exact(name?.as_borrowed()) != Exact::Str {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// Whether the class leaves it to `object.__reduce_ex__` to make a reduce value, without arguments
/// for NEWOBJ.
fn is_reduced_by_object(py: Python<'_>, class: &Bound<'_, PyType>) -> PyResult<bool> {
    if !names_are_plain(class)? {
        return Ok(false);
    }
    for name in ["__reduce_ex__", "__reduce__", "__class__"] {
        if !is_of_object(py, class, name)? {
            return Ok(false);
        }
    }
    for name in ["__getnewargs__", "__getnewargs_ex__"] {
        if defined(class, &PyString::intern(py, name))?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether what the class has under this name is what `object` has.
fn is_of_object(py: Python<'_>, class: &Bound<'_, PyType>, name: &str) -> PyResult<bool> {
    let name = PyString::intern(py, name);
    let own = of_object(py, &name)?;
    Ok(defined(class, &name)?.is_some_and(|found| found.is(&own)))
}

/// Whether instances have a `__dict__`, the ordinary one; None where they have another.
fn has_ordinary_dict(py: Python<'_>, class: &Bound<'_, PyType>) -> PyResult<Option<bool>> {
    let type_name = |found: &Bound<'_, PyAny>| found.get_type().name().map(|n| n.to_string());
    Ok(match defined(class, intern!(py, "__dict__"))? {
        None => Some(false),
        Some(found) if type_name(&found)? == "getset_descriptor" => Some(true),
        Some(_) => None,
    })
}

/// Whether instances have a `__dict__`, for a class of which only `__getstate__` is its own.
pub fn draw_getstate(py: Python<'_>, class: &Bound<'_, PyType>) -> PyResult<Option<bool>> {
    if !is_reduced_by_object(py, class)? || is_of_object(py, class, "__getstate__")? {
        return Ok(None);
    }
    has_ordinary_dict(py, class)
}

/// Where a plain instance keeps its state, for a class that leaves all of it to `object`.
pub fn draw_plain(py: Python<'_>, class: &Bound<'_, PyType>) -> PyResult<Option<Plain>> {
    if !is_reduced_by_object(py, class)? || !is_of_object(py, class, "__getstate__")? {
        return Ok(None);
    }
    let Some(has_dict) = has_ordinary_dict(py, class)? else {
        return Ok(None);
    };
    let mut slots = Vec::new();
    let names = class
        .getattr(intern!(py, "__dict__"))?
        .get_item(intern!(py, "__slotnames__"));
    let Ok(names) = names.and_then(|names| Ok(names.cast_into::<PyList>()?)) else {
        return Ok(None);
    };
    for name in names.iter() {
        let Ok(name) = name.cast_into_exact::<PyString>() else {
            return Ok(None);
        };
        // A slot that a subclass defines anew is named twice, and is one attribute.
        let named = |slot: &Slot| slot.name.bind(py).as_any().eq(&name);
        if slots
            .iter()
            .map(named)
            .collect::<PyResult<Vec<_>>>()?
            .contains(&true)
        {
            continue;
        }
        let found = defined(class, &name)?;
        let offset = found.and_then(|found| slot_offset(found.as_borrowed(), class));
        let Some(offset) = offset else {
            return Ok(None);
        };
        slots.push(Slot {
            name: name.unbind(),
            offset,
        });
    }
    Ok(Some(Plain { has_dict, slots }))
}
