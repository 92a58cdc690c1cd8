//! Extension codes, which `copyreg.add_extension` gives to globals.

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt};

use crate::error::pickling_error;
use crate::fast::fresh;
use crate::fast::held::Held;
use crate::interpreter::face::Face;
use crate::interpreter::hookable;
use crate::interpreter::imports::Imports;
use crate::save::globals::resolve::Resolved;

/// What is written in place of a name.
pub enum Extension {
    /// EXT1, EXT2 or EXT4 with this code.
    Code(u32),
    /// The bytes of an instruction that only the Python class makes, of a code that `copyreg` refuses.
    Bytes(Held),
}

/// The extension code that `copyreg.add_extension` gave the name, if it did. Runs Python code.
///
/// # Errors
/// PicklingError, RuntimeError or TypeError for a code that is none, as the running release has it.
pub fn extension_of(
    obj: &Bound<'_, PyAny>,
    found: &Resolved<'_>,
    face: Face,
) -> PyResult<Option<Extension>> {
    let py = obj.py();
    let imports = Imports::get(py)?;
    let registry = imports.extension_registry.bind(py);
    if registry.is_empty() {
        return Ok(None);
    }
    let key = fresh::tuple(py, [found.module_name.clone(), found.qualname.clone()])?;
    let Some(code) = registry.get_item(key)? else {
        return Ok(None);
    };
    if face == Face::Hookable && !is_code(&code) {
        let bytes = hookable::found()?
            .extension_opcode
            .bind(py)
            .call1((&code,))?;
        if bytes.is_none() {
            return Ok(None);
        }
        return Ok(Some(Extension::Bytes(bytes.cast_into::<PyBytes>()?.into())));
    }
    let old = face == Face::Lean && !is_code(&code) && {
        let answer = imports.refuses_bad_codes.bind(py);
        answer.call1((obj, &found.qualname))?.extract()?
    };
    let refused = |words: String| -> PyResult<PyErr> {
        let name = obj.repr()?;
        Ok(pickling_error(py, format!("Can't pickle {name}: {words}")))
    };
    if !code.is_instance_of::<PyInt>() {
        let words = format!("extension code {} isn't an integer", code.repr()?);
        return Err(if old {
            refused(words)?
        } else {
            PyTypeError::new_err(words)
        });
    }
    let number = code.extract::<i64>()?;
    match u32::try_from(number) {
        Ok(code) if code > 0 && code <= 0x7fff_ffff => Ok(Some(Extension::Code(code))),
        _ => {
            let words = format!("extension code {number} is out of range");
            Err(if old {
                refused(words)?
            } else {
                PyRuntimeError::new_err(words)
            })
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
