//! `find_class` as it is if nobody overrides it: modules are imported, and names of Python 2 mapped.

use pyo3::exceptions::{PyAttributeError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};

use crate::error::{after, class_name};
use crate::fast::import::{audit_find_class, import, known_attribute};
use crate::interpreter::imports::Imports;

/// The answer of `find_class` if nobody overrides it: imports the module and gives its attribute,
/// from protocol 4 on at the end of a dotted path. Below protocol 3, and if wanted, names of
/// Python 2 are mapped to those of Python 3.
///
/// # Errors
/// What importing raises; AttributeError for what the module does not have.
pub fn find_class<'py>(
    module_name: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
    proto: u8,
    fix_imports: bool,
) -> PyResult<Bound<'py, PyAny>> {
    audit_find_class(module_name, name)?;
    find_audited(module_name, name, proto, fix_imports)
}

/// As `find_class`, where the interpreter's audit hooks have been told.
///
/// # Errors
/// As `find_class`, but for what the hooks raise.
pub fn find_audited<'py>(
    module_name: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
    proto: u8,
    fix_imports: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let is_mapped = || Ok(proto < 3 && fix_imports);
    find_audited_as(module_name, name, is_mapped, || Ok(proto >= 4))
}

/// What a module has under a name without dots, if importing it and looking the name up would do nothing but find it.
///
/// # Errors
/// What comparing the module's name with a key of `sys.modules` raises.
pub fn known_global<'py>(
    module_name: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = module_name.py();
    match name.cast_exact::<PyString>() {
        Ok(text) if text.to_str().is_ok_and(|text| !text.contains('.')) => {
            known_attribute(module_name, text, &Imports::get(py)?.importing(py))
        }
        _ => Ok(None),
    }
}

/// As `find_class`, for a pickle of which it is told when upstream's method asks for it: whether it has the names
/// of Python 2, and whether names are dotted paths.
///
/// # Errors
/// As `find_class`; what the two raise.
pub fn find_class_as<'py>(
    module_name: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
    is_mapped: impl FnOnce() -> PyResult<bool>,
    is_dotted: impl FnOnce() -> PyResult<bool>,
) -> PyResult<Bound<'py, PyAny>> {
    audit_find_class(module_name, name)?;
    find_audited_as(module_name, name, is_mapped, is_dotted)
}

fn find_audited_as<'py>(
    module_name: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
    is_mapped: impl FnOnce() -> PyResult<bool>,
    is_dotted: impl FnOnce() -> PyResult<bool>,
) -> PyResult<Bound<'py, PyAny>> {
    if is_mapped()? {
        let (module_name, name) = map_names(module_name, name)?;
        return look_up(&module_name, &name, is_dotted);
    }
    look_up(module_name, name, is_dotted)
}

fn look_up<'py>(
    module_name: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
    is_dotted: impl FnOnce() -> PyResult<bool>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = module_name.py();
    if let Some(found) = known_global(module_name, name)? {
        return is_dotted().map(|_| found);
    }
    let module = import(module_name)?;
    let text = name.cast::<PyString>()?;
    if !is_dotted()? || !text.contains(".")? {
        return module.getattr(text);
    }
    let mut found = module;
    for part in text.call_method1("split", (".",))?.try_iter()? {
        let part = part?.cast_into::<PyString>()?;
        found = match found.getattr(&part) {
            Ok(found) => found,
            Err(missing) if missing.is_instance_of::<PyAttributeError>(py) => {
                let error = PyAttributeError::new_err(format!(
                    "Can't resolve path {} on module {}",
                    name.repr()?,
                    module_name.repr()?
                ));
                return Err(after(py, error, missing));
            }
            Err(error) => return Err(error),
        };
    }
    Ok(found)
}

type Names<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// Python 3's names for what Python 2 had elsewhere.
fn map_names<'py>(
    module_name: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
) -> PyResult<Names<'py>> {
    let py = module_name.py();
    let imports = Imports::get(py)?;
    let wrong = |table: &str, what: &str, given: String| {
        PyRuntimeError::new_err(format!(
            "_compat_pickle.{table} values should be {what}, not {given}"
        ))
    };
    if let Some(item) = imports
        .name_mapping
        .bind(py)
        .get_item((module_name, name))?
    {
        let Some(pair) = item.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2) else {
            return Err(wrong("NAME_MAPPING", "2-tuples", class_name(&item)));
        };
        return string_pair(pair).ok_or_else(|| {
            let given = pair
                .iter()
                .map(|part| class_name(&part))
                .collect::<Vec<_>>();
            wrong(
                "NAME_MAPPING",
                "pairs of str",
                format!("({})", given.join(", ")),
            )
        });
    }
    match imports.import_mapping.bind(py).get_item(module_name)? {
        None => Ok((module_name.clone(), name.clone())),
        Some(item) if item.is_instance_of::<PyString>() => Ok((item, name.clone())),
        Some(item) => Err(wrong("IMPORT_MAPPING", "strings", class_name(&item))),
    }
}

/// A pair of strings, as the registry of extension codes and the maps of names hold them.
pub fn string_pair<'py>(
    pair: &Bound<'py, PyAny>,
) -> Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let pair = pair.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2)?;
    let (first, second) = (pair.get_item(0).ok()?, pair.get_item(1).ok()?);
    let are_strings = first.is_instance_of::<PyString>() && second.is_instance_of::<PyString>();
    are_strings.then_some((first, second))
}
