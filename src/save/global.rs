//! Classes, functions and other objects that are saved by name.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::exceptions::{
    PyAttributeError, PyImportError, PyKeyError, PyRuntimeError, PyTypeError, PyValueError,
};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyInt, PyString, PyTuple};

use crate::error::{error_of, pickling_error, pickling_error_after};
use crate::fast::memo::Holding;
use crate::hooks::Walk;
use crate::imports::Imports;
use crate::save::state::{Face, GlobalStyle};
use crate::save::work::{Standing, Work};

/// A global by its name, and what holds its last name.
pub struct Resolved<'py> {
    pub module_name: Bound<'py, PyAny>,
    pub qualname: Bound<'py, PyAny>,
    /// The object whose attribute it is; None where that is the module.
    pub parent: Option<Bound<'py, PyAny>>,
}

/// A nested global on its way out, attribute by attribute.
pub struct AttributeChain {
    pub obj: Py<PyAny>,
    pub module_name: Py<PyAny>,
    pub top: Py<PyString>,
    pub path: Vec<Py<PyAny>>,
    pub stage: usize,
}

const SHARED: Standing = Standing::new(Holding::Shared, 0);

impl<'py> Walk<'py, '_> {
    /// The types of the three singletons are calls of `type`; every other class is a global.
    pub fn save_type(&mut self, obj: &Bound<'py, PyAny>, standing: Standing) -> PyResult<()> {
        let py = self.py;
        let imports = Imports::get(py)?;
        for (class, singleton) in &imports.singletons {
            if obj.is(class) {
                let args = PyTuple::new(py, [singleton.bind(py)])?;
                let value = PyTuple::new(py, [imports.type_type.bind(py).as_any(), args.as_any()])?;
                return self.save_reduce(Some(obj), value.into_any(), standing, None);
            }
        }
        self.save_global(obj, None, standing)
    }

    /// Finds the object's name and writes it for the protocol in use.
    pub fn save_global(
        &mut self,
        obj: &Bound<'py, PyAny>,
        name: Option<Bound<'py, PyAny>>,
        standing: Standing,
    ) -> PyResult<()> {
        let found = self.find_name(obj, name)?;
        let qualname = found
            .qualname
            .cast::<PyString>()?
            .to_string_lossy()
            .into_owned();
        self.before_allocating();
        self.references
            .record(found.module_name.cast()?, found.qualname.cast()?)?;
        let shortens = self.style == GlobalStyle::Package || {
            let behaviour = &Imports::get(self.py)?.behaviour;
            match self.face {
                Face::Lean => behaviour.lean_shortens_paths,
                Face::Hookable => behaviour.hookable_shortens_paths,
            }
        };
        let through_module = found.parent.is_none() && shortens;
        if self.protocol.has_proto_opcode() && self.save_extension(obj, &found)? {
            return Ok(());
        }
        if self.protocol.is_framed() {
            let name = match qualname.rsplit_once('.') {
                // A dotted name that leads back to the module needs its last part only.
                Some(_) if through_module => last_name(found.qualname.cast()?)?.into_any(),
                _ => found.qualname,
            };
            self.push(Work::StackGlobal {
                obj: obj.clone().unbind(),
                name: Some(name.unbind()),
            })?;
            return self.save(found.module_name.unbind(), SHARED, true);
        }
        let imports = Imports::get(self.py)?;
        let chains = self.style == GlobalStyle::Interpreter
            && match self.face {
                Face::Lean => imports.behaviour.lean_chains_attributes,
                Face::Hookable => imports.behaviour.hookable_chains_attributes,
            };
        if chains && qualname.contains('.') && !through_module {
            return self.save_attribute_chain(obj, found.module_name, found.qualname.cast()?);
        }
        let name = last_name(found.qualname.cast()?)?;
        if let Some(parent) = found.parent {
            let args = PyTuple::new(self.py, [parent, name.into_any()])?;
            let value = PyTuple::new(self.py, [imports.getattr.bind(self.py), args.as_any()])?;
            drop(args);
            self.push(Work::Memoize(obj.clone().unbind()))?;
            return self.save_reduce(None, value.into_any(), standing, None);
        }
        self.write_global(found.module_name.cast()?, &name)?;
        self.memoize(obj, Holding::Shared)
    }

    fn find_name(
        &mut self,
        obj: &Bound<'py, PyAny>,
        name: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Resolved<'py>> {
        let hook = self
            .hooks
            .resolve_global
            .as_ref()
            .map(|h| h.clone_ref(self.py));
        let (face, style) = (self.face, self.style);
        self.leave(|py| match hook {
            None => resolve(py, obj, name, face),
            Some(hook) => {
                let answer = hook.bind(py).call1((obj, name))?;
                let answer = answer.cast_into::<PyTuple>()?;
                if !(2..=3).contains(&answer.len()) {
                    return Err(PyTypeError::new_err(
                        "resolve_global must return a pair (module_name, qualname)",
                    ));
                }
                let module_name = answer.get_item(0)?;
                let qualname = answer.get_item(1)?;
                let text = qualname.cast::<PyString>()?.to_string_lossy().into_owned();
                module_name.cast::<PyString>()?;
                let parent = if answer.len() > 2 {
                    Some(answer.get_item(2)?)
                } else if style == GlobalStyle::Package || text.contains('.') {
                    parent_in_module(py, &module_name, &text)?
                } else {
                    None
                };
                let modules = py.import("sys")?.getattr("modules")?;
                let is_module = |p: &Bound<'py, PyAny>| {
                    !text.contains('.') || modules.get_item(&module_name).is_ok_and(|m| m.is(p))
                };
                let parent = parent.filter(|p| !is_module(p));
                Ok(Resolved {
                    module_name,
                    qualname,
                    parent,
                })
            }
        })
    }

    /// Writes the extension code that `copyreg.add_extension` gave the name, if it did.
    fn save_extension(&mut self, obj: &Bound<'py, PyAny>, found: &Resolved<'py>) -> PyResult<bool> {
        let py = self.py;
        let registry = Imports::get(py)?.extension_registry.bind(py);
        let key = PyTuple::new(py, [&found.module_name, &found.qualname])?;
        let Some(code) = registry.get_item(key)? else {
            return Ok(false);
        };
        if self.face == Face::Hookable && !is_code(&code) {
            let imports = Imports::get(py)?;
            let opcode = imports.extension_opcode.bind(py).call1((&code,))?;
            if opcode.is_none() {
                return Ok(false);
            }
            self.out.write_slice(opcode.cast::<PyBytes>()?.as_bytes())?;
            return Ok(true);
        }
        let old = self.face == Face::Lean && Imports::get(py)?.behaviour.lean_refuses_bad_codes;
        let refuse = |words: String| -> PyResult<PyErr> {
            Ok(if old {
                pickling_error(py, format!("Can't pickle {}: {words}", obj.repr()?))
            } else {
                PyRuntimeError::new_err(words)
            })
        };
        if !code.is_instance_of::<PyInt>() {
            return Err(if old {
                refuse(format!("extension code {} isn't an integer", code.repr()?))?
            } else {
                PyTypeError::new_err(format!("extension code {} isn't an integer", code.repr()?))
            });
        }
        let number = code.extract::<i64>()?;
        match u32::try_from(number) {
            Ok(code) if code > 0 && code <= 0x7fff_ffff => {
                encode::encode_ext(&mut self.out, code)?;
                Ok(true)
            }
            _ => Err(refuse(format!("extension code {number} is out of range"))?),
        }
    }

    pub fn step_stack_global(&mut self, obj: Py<PyAny>, name: Option<Py<PyAny>>) -> PyResult<()> {
        if let Some(name) = name {
            self.push(Work::StackGlobal { obj, name: None })?;
            return self.save(name, SHARED, true);
        }
        encode::encode_opcode(&mut self.out, Opcode::STACK_GLOBAL)?;
        self.memoize(obj.bind(self.py), Holding::Shared)?;
        self.release(obj);
        Ok(())
    }

    /// `getattr(getattr(module.a, "b"), "c")`, none of it memoized but the end.
    fn save_attribute_chain(
        &mut self,
        obj: &Bound<'py, PyAny>,
        module_name: Bound<'py, PyAny>,
        qualname: &Bound<'py, PyString>,
    ) -> PyResult<()> {
        let py = self.py;
        let mut parts = qualname
            .call_method1(intern!(py, "split"), (".",))?
            .try_iter()?;
        let Some(top) = parts.next().transpose()? else {
            return Ok(());
        };
        let top = top.cast_into::<PyString>()?.unbind();
        let path = parts
            .map(|part| Ok(part?.unbind()))
            .collect::<PyResult<Vec<_>>>()?;
        self.push(Work::AttributeChain(Box::new(AttributeChain {
            obj: obj.clone().unbind(),
            module_name: module_name.unbind(),
            top,
            path,
            stage: 0,
        })))
    }

    pub fn step_attribute_chain(&mut self, mut w: Box<AttributeChain>) -> PyResult<()> {
        let py = self.py;
        let n = w.path.len();
        let stage = w.stage;
        w.stage += 1;
        let marks = !self.protocol.has_proto_opcode();
        if stage <= n {
            if stage > 0 && marks {
                encode::encode_opcode(&mut self.out, Opcode::MARK)?;
            }
            if stage < n {
                let getattr = Imports::get(py)?.getattr.clone_ref(py);
                self.push(Work::AttributeChain(w))?;
                return self.save(getattr, SHARED, true);
            }
            let module = w.module_name.bind(py).cast::<PyString>()?.clone();
            let top = w.top.bind(py).clone();
            self.write_global(&module, &top)?;
        } else {
            let opcode = if marks { Opcode::TUPLE } else { Opcode::TUPLE2 };
            self.out.write([opcode.code(), Opcode::REDUCE.code()])?;
        }
        match w.path.get(stage - n) {
            Some(name) => {
                let name = name.clone_ref(py);
                self.push(Work::AttributeChain(w))?;
                self.save(name, SHARED, true)
            }
            None => {
                self.memoize(w.obj.bind(py), Holding::Shared)?;
                let w = *w;
                for part in w.path.into_iter().chain([w.module_name, w.obj]) {
                    self.release(part);
                }
                Ok(())
            }
        }
    }

    /// GLOBAL with the two names as lines, mapped to Python 2's below protocol 3.
    fn write_global(
        &mut self,
        module: &Bound<'py, PyString>,
        name: &Bound<'py, PyString>,
    ) -> PyResult<()> {
        let py = self.py;
        let (mut module, mut name) = (module.clone(), name.clone());
        if self.fix_imports {
            let imports = Imports::get(py)?;
            if let Some(pair) = imports
                .reverse_name_mapping
                .bind(py)
                .get_item((&module, &name))?
            {
                (module, name) = pair.extract()?;
            } else if let Some(old) = imports.reverse_import_mapping.bind(py).get_item(&module)? {
                module = old.cast_into::<PyString>()?;
            }
        }
        let module = self.encode_identifier("module", &module)?;
        let name = self.encode_identifier("global", &name)?;
        encode::encode_global(&mut self.out, module.as_bytes(), name.as_bytes())
    }

    /// On older releases the Python class does not catch them from protocol 3 on.
    fn lets_unicode_errors_through(&self) -> PyResult<bool> {
        Ok(self.face == Face::Hookable
            && self.protocol.number() >= 3
            && Imports::get(self.py)?
                .behaviour
                .hookable_raises_unicode_errors)
    }

    /// A name in UTF-8, or in ASCII below protocol 3.
    fn encode_identifier(
        &self,
        kind: &str,
        name: &Bound<'py, PyString>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let py = self.py;
        let number = self.protocol.number();
        let encoding = if number < 3 { "ascii" } else { "utf-8" };
        match name.call_method1(intern!(py, "encode"), (encoding,)) {
            Ok(encoded) => Ok(encoded.cast_into::<PyBytes>()?),
            Err(error) if self.lets_unicode_errors_through()? => Err(error),
            Err(error) => {
                let words = format!(
                    "can't pickle {kind} identifier {} using pickle protocol {number}",
                    name.repr()?
                );
                Err(pickling_error_after(py, words, &error))
            }
        }
    }
}

/// Whether this is an extension code such as `copyreg.add_extension` allows.
fn is_code(code: &Bound<'_, PyAny>) -> bool {
    code.is_instance_of::<PyInt>()
        && code
            .extract::<i64>()
            .is_ok_and(|number| number > 0 && number <= 0x7fff_ffff)
}

/// The last part of a dotted name.
fn last_name<'py>(qualname: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
    let parts = qualname.call_method1(intern!(qualname.py(), "rpartition"), (".",))?;
    Ok(parts.get_item(2)?.cast_into::<PyString>()?)
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
        None => match obj
            .getattr_opt(intern!(py, "__qualname__"))?
            .filter(|n| face == Face::Lean || !n.is_none())
        {
            Some(name) => name,
            None => obj.getattr(intern!(py, "__name__"))?,
        },
    };
    let mut qualname = name;
    let mut text = qualname.cast::<PyString>()?.to_string_lossy().into_owned();
    if imports.behaviour.mangles_private_names && text.contains(".__") {
        text = mangle(&text);
        qualname = PyString::new(py, &text).into_any();
    }
    let refuse_local = || -> PyResult<()> {
        if !text.split('.').any(|part| part == "<locals>") {
            return Ok(());
        }
        let class = match face {
            Face::Lean => &imports.behaviour.lean_local_error,
            Face::Hookable => &imports.behaviour.hookable_local_error,
        };
        Err(error_of(
            class.bind(py),
            format!("Can't pickle local object {}", obj.repr()?),
        ))
    };
    // Older releases of the Python class import the module first.
    if face == Face::Lean || !imports.behaviour.hookable_imports_first {
        refuse_local()?;
    }
    let module_name = match obj
        .getattr_opt(intern!(py, "__module__"))?
        .filter(|m| !m.is_none())
    {
        Some(module_name) => module_name,
        None => search_modules(py, obj, qualname.cast()?)?,
    };
    let module = import_module(py, &module_name).map_err(|error| {
        if error.is_instance_of::<PyImportError>(py)
            || error.is_instance_of::<PyValueError>(py)
            || error.is_instance_of::<PyKeyError>(py)
        {
            let words = obj.repr().map_or_else(|_| String::new(), |r| r.to_string());
            let words = format!("Can't pickle {words}: {}", error.value(py));
            pickling_error_after(py, words, &error)
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
            pickling_error_after(py, words, &error)
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

fn import_module<'py>(py: Python<'py>, name: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let modules = py
        .import(intern!(py, "sys"))?
        .getattr(intern!(py, "modules"))?;
    if let Ok(known) = modules.cast::<PyDict>()
        && let Some(module) = known.get_item(name)?
        && !module.is_none()
    {
        return Ok(module);
    }
    let options = PyDict::new(py);
    options.set_item(intern!(py, "level"), 0)?;
    Imports::get(py)?
        .import
        .bind(py)
        .call((name,), Some(&options))?;
    modules.get_item(name)
}

/// The attribute at the end of a dotted path, and what holds it.
fn attribute<'py>(
    module: &Bound<'py, PyAny>,
    path: &Bound<'py, PyString>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
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
    py: Python<'py>,
    module_name: &Bound<'py, PyAny>,
    path: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some((front, _)) = path.rsplit_once('.') else {
        return Ok(None);
    };
    let module = import_module(py, module_name)?;
    Ok(Some(attribute(&module, &PyString::new(py, front))?.1))
}

/// The first module that shows the object under this name; `__main__` when none does.
fn search_modules<'py>(
    py: Python<'py>,
    obj: &Bound<'py, PyAny>,
    path: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    let modules = py.import("sys")?.getattr("modules")?.call_method0("copy")?;
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
