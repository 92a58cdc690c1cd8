//! Under which name an object is found: what `resolve_global` says, or CPython's own way.

use pyo3::exceptions::{PyAttributeError, PyImportError, PyKeyError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::error::{error_of, pickling_error, pickling_error_after};
use crate::fast::attribute::optional_attribute;
use crate::fast::fresh;
use crate::fast::import::{import, own_modules};
use crate::interpreter::face::{Face, GlobalStyle};
use crate::interpreter::hookable;
use crate::interpreter::imports::Imports;

/// A global by its name, and what holds its last name.
pub struct Resolved<'py> {
    pub module_name: Bound<'py, PyAny>,
    pub qualname: Bound<'py, PyAny>,
    /// The object whose attribute it is; None where that is the module.
    pub parent: Option<Bound<'py, PyAny>>,
}

/// Asks the hook for an object's name, or finds it the ordinary way.
///
/// # Errors
/// PicklingError and others where the name does not lead back to the object; what the hook raises.
pub fn find_name<'py>(
    obj: &Bound<'py, PyAny>,
    name: Option<Bound<'py, PyAny>>,
    hook: Option<&Bound<'py, PyAny>>,
    face: Face,
    style: GlobalStyle,
) -> PyResult<Resolved<'py>> {
    let py = obj.py();
    let Some(hook) = hook else {
        return resolve(py, obj, name, face);
    };
    let answer = hook.call1((obj, name))?;
    let answer = answer.cast_into::<PyTuple>()?;
    if !(2..=3).contains(&answer.len()) {
        return Err(PyTypeError::new_err(
            "resolve_global must return a pair (module_name, qualname)",
        ));
    }
    let module_name = answer.get_item(0)?;
    let qualname = answer.get_item(1)?;
    module_name.cast::<PyString>()?;
    let is_dotted = is_dotted(qualname.cast()?)?;
    let parent = if answer.len() > 2 {
        Some(answer.get_item(2)?)
    } else if style == GlobalStyle::Package || is_dotted {
        parent_in_module(&module_name, qualname.cast()?)?
    } else {
        None
    };
    let modules = sys_modules(py)?;
    let is_module = |parent: &Bound<'py, PyAny>| {
        !is_dotted || modules.get_item(&module_name).is_ok_and(|m| m.is(parent))
    };
    let parent = parent.filter(|parent| !is_module(parent));
    Ok(Resolved {
        module_name,
        qualname,
        parent,
    })
}

/// Whether a name is a path of several.
///
/// # Errors
/// MemoryError.
pub fn is_dotted(name: &Bound<'_, PyString>) -> PyResult<bool> {
    // Those with lone surrogates are no text for Rust, and those of a subclass may say otherwise.
    if name.is_exact_instance_of::<PyString>()
        && let Ok(text) = name.to_str()
    {
        return Ok(text.contains('.'));
    }
    name.contains(intern!(name.py(), "."))
}

/// CPython's way to a name: `__qualname__` or `__name__`, `__module__` or a search through
/// `sys.modules`, and a check that the name leads back to the object (`pickle.whichmodule`).
pub fn resolve<'py>(
    py: Python<'py>,
    obj: &Bound<'py, PyAny>,
    name: Option<Bound<'py, PyAny>>,
    face: Face,
) -> PyResult<Resolved<'py>> {
    let imports = Imports::get(py)?;
    let name = match name {
        Some(name) => name,
        None => match optional_attribute(obj, intern!(py, "__qualname__"))?
            .filter(|n| face == Face::Lean || !n.is_none())
        {
            Some(name) => name,
            None => obj.getattr(intern!(py, "__name__"))?,
        },
    };
    let mut qualname = name;
    let mut text = qualname.cast::<PyString>()?.to_string_lossy().into_owned();
    if imports.lean.mangles_private_names && text.contains(".__") {
        text = mangle(&text);
        qualname = fresh::text(py, &text)?.into_any();
    }
    let refuse_local = || -> PyResult<()> {
        if !text.split('.').any(|part| part == "<locals>") {
            return Ok(());
        }
        let class = match face {
            Face::Lean => &imports.lean.local_error,
            Face::Hookable => &hookable::found()?.facts.local_error,
        };
        Err(error_of(
            class.bind(py),
            format!("Can't pickle local object {}", obj.repr()?),
        ))
    };
    // Older releases of the Python class import the module first.
    if face == Face::Lean || !hookable::does(|facts| facts.imports_first) {
        refuse_local()?;
    }
    let module_name =
        match optional_attribute(obj, intern!(py, "__module__"))?.filter(|m| !m.is_none()) {
            Some(module_name) => module_name,
            None => search_modules(py, obj, qualname.cast()?)?,
        };
    let module = import_module(py, &module_name, face).map_err(|error| {
        if error.is_instance_of::<PyImportError>(py)
            || error.is_instance_of::<PyValueError>(py)
            || error.is_instance_of::<PyKeyError>(py)
        {
            let words = obj.repr().map_or_else(|_| String::new(), |r| r.to_string());
            let words = format!("Can't pickle {words}: {}", error.value(py));
            pickling_error_after(py, words, error)
        } else {
            error
        }
    })?;
    refuse_local()?;
    let found = attribute(&module, qualname.cast()?).map_err(|error| {
        if error.is_instance_of::<PyAttributeError>(py) {
            let words = obj.repr().map_or_else(|_| String::new(), |r| r.to_string());
            let name = qualname.to_string();
            let words = format!("Can't pickle {words}: it's not found as {module_name}.{name}");
            pickling_error_after(py, words, error)
        } else {
            error
        }
    })?;
    let (parent, value) = found;
    if !value.is(obj) {
        return Err(pickling_error(
            py,
            format!(
                "Can't pickle {}: it's not the same object as {module_name}.{text}",
                obj.repr()?
            ),
        ));
    }
    let parent = (!parent.is(&module)).then_some(parent);
    Ok(Resolved {
        module_name,
        qualname,
        parent,
    })
}

/// Private names in a class's body carry the class's own name (CPython 3.15).
fn mangle(qualname: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut before = "";
    for (i, part) in qualname.split('.').enumerate() {
        let class = before.trim_start_matches('_');
        if i > 0 && part.starts_with("__") && !part.ends_with("__") && !class.is_empty() {
            parts.push(format!("_{class}{part}"));
        } else {
            parts.push(part.to_owned());
        }
        before = part;
    }
    parts.join(".")
}

fn import_module<'py>(
    py: Python<'py>,
    name: &Bound<'py, PyAny>,
    face: Face,
) -> PyResult<Bound<'py, PyAny>> {
    let modules = sys_modules(py)?;
    // C's class does not look at `sys.modules`, but where the interpreter imports to.
    if face == Face::Lean && own_modules(Imports::get(py)?.sys_contents.bind(py))?.is_none() {
        return import(name);
    }
    if let Ok(known) = modules.cast::<PyDict>()
        && let Some(module) = known.get_item(name)?
        && !module.is_none()
    {
        return Ok(module);
    }
    let options = fresh::dict(py)?;
    options.set_item(intern!(py, "level"), 0)?;
    Imports::get(py)?
        .import
        .bind(py)
        .call((name,), Some(&options))?;
    modules.get_item(name)
}

/// `sys.modules`, whatever somebody has put there.
fn sys_modules(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let contents = Imports::get(py)?.sys_contents.bind(py);
    match contents.get_item(intern!(py, "modules"))? {
        Some(modules) => Ok(modules),
        None => Err(PyAttributeError::new_err(
            "module 'sys' has no attribute 'modules'",
        )),
    }
}

/// The attribute at the end of a dotted path, and what holds it.
fn attribute<'py>(
    module: &Bound<'py, PyAny>,
    path: &Bound<'py, PyString>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    if path.is_exact_instance_of::<PyString>() && !is_dotted(path)? {
        return Ok((module.clone(), module.getattr(path)?));
    }
    let mut parent = module.clone();
    let mut value = module.clone();
    for part in path
        .call_method1(intern!(path.py(), "split"), (".",))?
        .try_iter()?
    {
        parent = value;
        value = parent.getattr(part?.cast_into::<PyString>()?)?;
    }
    Ok((parent, value))
}

/// What holds the last name of a path in a module that a hook named.
fn parent_in_module<'py>(
    module_name: &Bound<'py, PyAny>,
    path: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = path.py();
    let parts = path.call_method1(intern!(py, "rpartition"), (".",))?;
    let front = parts.get_item(0)?.cast_into::<PyString>()?;
    if front.is_empty()? {
        return Ok(None);
    }
    let module = import_module(py, module_name, Face::Hookable)?;
    Ok(Some(attribute(&module, &front)?.1))
}

/// The first module that shows the object under this name; `__main__` when none does.
fn search_modules<'py>(
    py: Python<'py>,
    obj: &Bound<'py, PyAny>,
    path: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    let modules = sys_modules(py)?.call_method0("copy")?;
    for item in modules.call_method0("items")?.try_iter()? {
        let (name, module): (Bound<'py, PyAny>, Bound<'py, PyAny>) = item?.extract()?;
        let text = name.extract::<String>().unwrap_or_default();
        if text == "__main__" || text == "__mp_main__" || module.is_none() {
            continue;
        }
        match attribute(&module, path) {
            Ok((_, value)) if value.is(obj) => return Ok(name),
            Ok(_) => {}
            Err(error) if error.is_instance_of::<PyAttributeError>(py) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(intern!(py, "__main__").clone().into_any())
}
