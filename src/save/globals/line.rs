//! The two lines of GLOBAL.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::error::pickling_error_after;
use crate::interpreter::imports::Imports;

/// How names are written as lines.
#[derive(Copy, Clone)]
pub struct LineStyle {
    pub protocol: u8,
    /// Names are mapped to those of Python 2.
    pub fix_imports: bool,
    /// Names that have no encoding raise UnicodeEncodeError, not PicklingError.
    pub lets_unicode_errors_through: bool,
}

/// A module's name and an object's, encoded.
pub struct GlobalLine {
    pub module: Vec<u8>,
    pub name: Vec<u8>,
}

impl GlobalLine {
    /// Runs Python code.
    ///
    /// # Errors
    /// PicklingError or UnicodeEncodeError for a name that has no encoding in the protocol.
    pub fn new(
        module: &Bound<'_, PyString>,
        name: &Bound<'_, PyString>,
        style: LineStyle,
    ) -> PyResult<Self> {
        let py = module.py();
        let (mut module, mut name) = (module.clone(), name.clone());
        if style.fix_imports {
            let imports = Imports::get(py)?;
            let names = imports.reverse_name_mapping.bind(py);
            if let Some(pair) = names.get_item((&module, &name))? {
                (module, name) = pair.extract()?;
            } else if let Some(old) = imports.reverse_import_mapping.bind(py).get_item(&module)? {
                module = old.cast_into::<PyString>()?;
            }
        }
        Ok(Self {
            module: encode_identifier("module", &module, style)?,
            name: encode_identifier("global", &name, style)?,
        })
    }
}

/// A name in UTF-8, or in ASCII below protocol 3.
fn encode_identifier(
    kind: &str,
    name: &Bound<'_, PyString>,
    style: LineStyle,
) -> PyResult<Vec<u8>> {
    let py = name.py();
    let number = style.protocol;
    let encoding = if number < 3 { "ascii" } else { "utf-8" };
    match name.call_method1(intern!(py, "encode"), (encoding,)) {
        Ok(encoded) => Ok(encoded.cast_into::<PyBytes>()?.as_bytes().to_vec()),
        Err(error) if style.lets_unicode_errors_through => Err(error),
        Err(error) => {
            let words = format!(
                "can't pickle {kind} identifier {} using pickle protocol {number}",
                name.repr()?
            );
            Err(pickling_error_after(py, words, error))
        }
    }
}
