//! Extension codes, which `copyreg.add_extension` gives to globals.

use pickle_format::encode;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyTuple};

use crate::error::pickling_error;
use crate::hooks::Walk;
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::save::resolve::Resolved;

impl<'py> Walk<'py, '_> {
    /// Writes the extension code that `copyreg.add_extension` gave the name, if it did.
    pub fn save_extension(
        &mut self,
        obj: &Bound<'py, PyAny>,
        found: &Resolved<'py>,
    ) -> PyResult<bool> {
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
}

/// Whether this is an extension code such as `copyreg.add_extension` allows.
fn is_code(code: &Bound<'_, PyAny>) -> bool {
    code.is_instance_of::<PyInt>()
        && code
            .extract::<i64>()
            .is_ok_and(|number| number > 0 && number <= 0x7fff_ffff)
}
