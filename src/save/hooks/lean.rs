//! The hooks of the lean face, looked up once for each dump.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyType};

use crate::fast::attribute::optional_attribute;
use crate::fast::held::Held;
use crate::save::hooks::found::Found;

/// Looks the hooks of a pickler up: methods of `base` are no overrides. Runs Python code.
///
/// The table is a slot (`faces/dispatch_table.rs`). What stands in the instance's dict, since the class has an
/// attribute of that name, means nothing, as in C.
///
/// # Errors
/// What looking up an attribute raises.
pub fn look_up(pickler: &Bound<'_, PyAny>, base: &Bound<'_, PyType>) -> PyResult<Found> {
    let py = pickler.py();
    let own = optional_attribute(pickler, intern!(py, "__dict__"))?;
    let own = own.and_then(|d| d.cast_into::<PyDict>().ok());
    let class = pickler.get_type();
    let is_base = class.is(base);
    let overridden = |name: &Bound<'_, PyString>| -> PyResult<Option<Held>> {
        let set = match &own {
            Some(own) => own.contains(name)?,
            None => false,
        };
        if !set && (is_base || class.getattr(name)?.is(&base.getattr(name)?)) {
            return Ok(None);
        }
        Ok(Some(pickler.getattr(name)?.into()))
    };
    let persistent_id = overridden(intern!(py, "persistent_id"))?;
    let resolve_global = overridden(intern!(py, "resolve_global"))?;
    let has_no_others = is_base && own.as_ref().is_none_or(|d| d.is_empty());
    let reducer_override = if has_no_others {
        None
    } else {
        optional_attribute(pickler, intern!(py, "reducer_override"))?
    };
    Ok(Found {
        persistent_id,
        resolve_global,
        reducer_override: reducer_override.map(Held::from),
        ..Found::default()
    })
}
