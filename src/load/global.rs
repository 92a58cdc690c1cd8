//! Globals: objects that a pickle names by module and qualified name, and extension codes.

use pyo3::exceptions::{PyAttributeError, PyRuntimeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple};

use crate::error::{class_name, unpickling_error};
use crate::fast::decode;
use crate::fast::import::{audit_find_class, import};
use crate::fast::instance::finds_attributes_ordinarily;
use crate::fast::object::{Exact, exact};
use crate::hookable_unpickler::HookableUnpickler;
use crate::imports::Imports;
use crate::load::home::Face;
use crate::load::machine::Machine;
use crate::unpickler::Unpickler;

/// Lines of GLOBAL and INST are never empty.
const SHORTEST_NAME: usize = 1;

/// The classes' own methods, as they were when the module was made: [find_class, persistent_load]
/// of the lean face, then of the hookable one.
static OWN_METHODS: PyOnceLock<[[Py<PyAny>; 2]; 2]> = PyOnceLock::new();

/// Remembers what an override is told by, and looks at how this interpreter lays texts out.
pub fn remember_methods(py: Python<'_>) -> PyResult<()> {
    crate::fast::decode::observe_ascii_header(py)?;
    let methods = |class: Bound<'_, pyo3::types::PyType>| {
        Ok::<_, PyErr>([
            class.getattr("find_class")?.unbind(),
            class.getattr("persistent_load")?.unbind(),
        ])
    };
    let lean = methods(py.get_type::<Unpickler>())?;
    let hookable = methods(py.get_type::<HookableUnpickler>())?;
    // A second making of the module finds the same methods.
    let _ = OWN_METHODS.set(py, [lean, hookable]);
    Ok(())
}

/// The method, if the instance or its class has another than ours.
fn overridden<'py>(
    unpickler: &Bound<'py, PyAny>,
    face: Face,
    which: usize,
    name: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = unpickler.py();
    let own = OWN_METHODS
        .get(py)
        .map(|methods| &methods[face as usize][which]);
    let class = unpickler.get_type();
    let is_own = own.is_some_and(|own| class.getattr(name).is_ok_and(|found| found.is(own)));
    if is_own && finds_attributes_ordinarily(&class) {
        let dict = crate::fast::instance::instance_dict(unpickler.as_borrowed())?;
        if dict.is_empty() || !dict.contains(name)? {
            return Ok(None);
        }
    }
    unpickler.getattr(name).map(Some)
}

impl<'py> Machine<'py, '_> {
    /// Looks up what the C class asks for once for a load.
    pub fn look_up_hooks(&mut self) -> PyResult<()> {
        if self.face == Face::Lean {
            self.persistent_load = self.overridden_persistent_load()?;
        }
        Ok(())
    }

    /// `persistent_load`, where it is overridden.
    pub fn overridden_persistent_load(&mut self) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some((_, unpickler)) = self.home else {
            return Ok(None);
        };
        let face = self.face;
        self.leave(|py| overridden(unpickler, face, 1, intern!(py, "persistent_load")))
    }

    /// Asks `find_class`: the unpickler's, wherever it comes from.
    pub fn find_class(
        &mut self,
        module_name: &Bound<'py, PyAny>,
        name: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (face, proto, fix_imports) = (self.face, self.proto, self.settings.fix_imports);
        let unpickler = self.home.map(|(_, unpickler)| unpickler);
        self.leave(|py| {
            if let Some(unpickler) = unpickler
                && let Some(method) = overridden(unpickler, face, 0, intern!(py, "find_class"))?
            {
                return method.call1((module_name, name));
            }
            find_class(module_name, name, proto, fix_imports)
        })
    }

    /// The two lines of GLOBAL, in UTF-8, or of INST, in ASCII.
    pub fn take_names(
        &mut self,
        in_ascii: bool,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        let module_name = self.take_name(in_ascii)?;
        let name = self.take_name(in_ascii)?;
        Ok((module_name, name))
    }

    fn take_name(&mut self, in_ascii: bool) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        let line = self.take_line(SHORTEST_NAME)?;
        let line = &line[..line.len() - 1];
        let name = if in_ascii {
            decode::ascii(py, line)
        } else {
            decode::utf8(py, line, c"strict")
        };
        name.map_err(|error| self.in_argument(error))
    }

    pub fn load_global(&mut self) -> PyResult<()> {
        let (module_name, name) = self.take_names(false)?;
        let global = self.find_class(&module_name, &name)?;
        self.stack.push(global)
    }

    pub fn load_stack_global(&mut self) -> PyResult<()> {
        let py = self.py;
        let name = self.stack.pop(py)?;
        let module_name = self.stack.pop(py)?;
        if exact(name.as_borrowed()) != Exact::Str || exact(module_name.as_borrowed()) != Exact::Str
        {
            return Err(unpickling_error(py, "STACK_GLOBAL requires str"));
        }
        let global = self.find_class(&module_name, &name)?;
        self.stack.push(global)
    }

    pub fn load_ext1(&mut self) -> PyResult<()> {
        let code = self.take_byte()?;
        self.get_extension(code.into())
    }

    pub fn load_ext2(&mut self) -> PyResult<()> {
        let code = u16::from_le_bytes(self.take_array()?);
        self.get_extension(code.into())
    }

    pub fn load_ext4(&mut self) -> PyResult<()> {
        let code = i32::from_le_bytes(self.take_array()?);
        self.get_extension(code)
    }

    /// The object of an extension code, from copyreg's cache or by its registry.
    fn get_extension(&mut self, code: i32) -> PyResult<()> {
        let py = self.py;
        if code <= 0 {
            let error = unpickling_error(py, "EXT specifies code <= 0");
            return Err(self.in_argument(error));
        }
        let loading = &self.imports.loading;
        if let Some(object) = loading.extension_cache.bind(py).get_item(code)? {
            return self.stack.push(object);
        }
        let Some(pair) = loading.inverted_registry.bind(py).get_item(code)? else {
            let words = format!("unregistered extension code {code}");
            return Err(PyValueError::new_err(words));
        };
        let (module_name, name) = match string_pair(&pair) {
            Some(pair) => pair,
            None => {
                let words = format!("_inverted_registry[{code}] isn't a 2-tuple of strings");
                return Err(PyValueError::new_err(words));
            }
        };
        let object = self.find_class(&module_name, &name)?;
        loading.extension_cache.bind(py).set_item(code, &object)?;
        self.stack.push(object)
    }
}

fn string_pair<'py>(pair: &Bound<'py, PyAny>) -> Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let pair = pair.cast::<PyTuple>().ok().filter(|pair| pair.len() == 2)?;
    let (first, second) = (pair.get_item(0).ok()?, pair.get_item(1).ok()?);
    let are_strings = first.is_instance_of::<PyString>() && second.is_instance_of::<PyString>();
    are_strings.then_some((first, second))
}

/// What `find_class` answers if nobody overrides it: imports the module and gives its attribute,
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
    if proto < 3 && fix_imports {
        let (module_name, name) = map_names(module_name, name)?;
        return look_up(&module_name, &name, false);
    }
    look_up(module_name, name, proto >= 4)
}

fn look_up<'py>(
    module_name: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
    dotted: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let py = module_name.py();
    let module = import(module_name)?;
    let text = name.cast::<PyString>()?;
    if !dotted || !text.contains(".")? {
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
                let _ = error.value(py).setattr("__context__", missing.value(py));
                return Err(error);
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
    let loading = &Imports::get(py)?.loading;
    let wrong = |table: &str, what: &str, given: String| {
        PyRuntimeError::new_err(format!(
            "_compat_pickle.{table} values should be {what}, not {given}"
        ))
    };
    if let Some(item) = loading
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
    match loading.import_mapping.bind(py).get_item(module_name)? {
        None => Ok((module_name.clone(), name.clone())),
        Some(item) if item.is_instance_of::<PyString>() => Ok((item, name.clone())),
        Some(item) => Err(wrong("IMPORT_MAPPING", "strings", class_name(&item))),
    }
}
