//! Errors of malformed pickles, which on the hookable face are upstream's too.

use pickle_format::opcode::Opcode;
use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;

use crate::error::settled;
use crate::fast::{decode, fresh};
use crate::interpreter::face::Face;
use crate::load::machine::Machine;

/// An argument that is longer than this, and not all there, is not looked into.
const LONGEST_LOOKED_AT: usize = 1 << 20;

impl Machine<'_, '_> {
    /// The error as an instance of the class that upstream would raise too, if that is another one
    /// (`python/oxipickle/_malformed.py`). What fails here never replaces it.
    #[cold]
    pub fn as_upstreams(&mut self, error: PyErr) -> PyErr {
        if self.face == Face::Lean {
            return error;
        }
        let py = self.py;
        let code = self.opcode.map(Opcode::code);
        let taken = self
            .input
            .failed_in_argument
            .then(|| (self.input.offset() - self.opcode_at).saturating_sub(1));
        let rest = self.input.window.remainder();
        let rest = if rest.len() <= LONGEST_LOOKED_AT {
            rest
        } else {
            &[]
        };
        let rest = decode::bytes(py, rest);
        self.leave(|py| {
            let error = settled(py, error);
            // An error of Python code is nobody's but its own.
            if error.traceback(py).is_some() || !error.is_instance_of::<PyException>(py) {
                return error;
            }
            let made = rest.and_then(|rest| {
                let code = optional(py, code.map(usize::from))?;
                let taken = optional(py, taken)?;
                let arguments = [
                    error.value(py).clone().into_any(),
                    code,
                    taken,
                    rest.into_any(),
                ];
                py.import("oxipickle._malformed")?
                    .getattr(intern!(py, "as_upstreams"))?
                    .call1(fresh::tuple(py, arguments)?)
            });
            made.map_or(error, PyErr::from_value)
        })
    }
}

fn optional(py: Python<'_>, number: Option<usize>) -> PyResult<Bound<'_, PyAny>> {
    match number {
        Some(number) => fresh::int(py, number),
        None => Ok(py.None().into_bound(py)),
    }
}
