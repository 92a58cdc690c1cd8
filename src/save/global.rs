//! Classes, functions and other objects that are saved by name: how a name is written, by the
//! protocol in use. `resolve.rs` finds it.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use crate::error::pickling_error_after;
use crate::fast::memo::Holding;
use crate::fast::object::{Exact, exact};
use crate::hooks::Walk;
use crate::interpreter::face::{Face, GlobalStyle};
use crate::interpreter::imports::Imports;
use crate::save::state::plain;
use crate::save::work::{Standing, Work};

/// How the parts of a name are held.
pub const SHARED: Standing = Standing::new(Holding::Shared, 0);

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
            // A name that leads back to the module needs its last part only. The lean face takes even
            // a name without dots for a part, which is no subclass of str.
            let is_part = qualname.contains('.') || self.face == Face::Lean;
            let name = if through_module && is_part {
                last_name(found.qualname.cast()?)?.into_any()
            } else {
                found.qualname
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

    /// GLOBAL with the two names as lines, mapped to Python 2's below protocol 3.
    pub fn write_global(
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

/// The last part of a dotted name, an exact str.
fn last_name<'py>(qualname: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
    let qualname = match exact(qualname.as_any().as_borrowed()) {
        Exact::Str => qualname.clone(),
        _ => plain(qualname)?,
    };
    let parts = qualname.call_method1(intern!(qualname.py(), "rpartition"), (".",))?;
    Ok(parts.get_item(2)?.cast_into::<PyString>()?)
}
