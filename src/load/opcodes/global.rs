//! Globals: objects that a pickle names by module and qualified name, and extension codes.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::error::unpickling_error;
use crate::fast::decode;
use crate::fast::object::{Exact, exact};
use crate::load::find_class::string_pair;
use crate::load::machine::Machine;

/// Lines of GLOBAL and INST are never empty.
const SHORTEST_NAME: usize = 1;

impl<'py> Machine<'py, '_> {
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
        let own = decode::bytes(py, &line[..line.len() - 1])?;
        let name = self.leave(|py| {
            if in_ascii {
                decode::ascii(py, own.as_bytes())
            } else {
                decode::utf8(py, own.as_bytes(), c"strict")
            }
        });
        name.map_err(|error| self.in_argument(error))
    }

    pub fn load_global(&mut self) -> PyResult<()> {
        let (module_name, name) = self.take_names(false)?;
        let global = self.find_class(&module_name, &name, false)?;
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
        let global = self.find_class(&module_name, &name, true)?;
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
        let imports = self.imports;
        if let Some(object) = imports.extension_cache.bind(py).get_item(code)? {
            return self.stack.push(object);
        }
        let Some(pair) = imports.inverted_registry.bind(py).get_item(code)? else {
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
        let object = self.find_class(&module_name, &name, false)?;
        imports.extension_cache.bind(py).set_item(code, &object)?;
        self.stack.push(object)
    }
}
