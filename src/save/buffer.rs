//! `PickleBuffer`, in band and out of band.

use pickle_format::encode;
use pickle_format::opcode::Opcode;
use pyo3::exceptions::{PyAssertionError, PyBufferError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::pickling_error;
use crate::fast::memo::Holding;
use crate::hooks::Walk;
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;

impl<'py> Walk<'py, '_> {
    pub fn save_picklebuffer(&mut self, obj: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = self.py;
        if !self.protocol.has_buffers() {
            return Err(pickling_error(
                py,
                "PickleBuffer can only be pickled with protocol >= 5".to_owned(),
            ));
        }
        let face = self.face;
        // `raw()` may run an exporter's code, so this is the gate's business too.
        let view = self.leave(|py| match obj.call_method0(intern!(py, "raw")) {
            Err(error) if face == Face::Lean && error.is_instance_of::<PyBufferError>(py) => {
                Err(pickling_error(
                    py,
                    "PickleBuffer can not be pickled when pointing to a non-contiguous buffer"
                        .to_owned(),
                ))
            }
            other => other,
        })?;
        let result = self.save_view(obj, &view);
        let released = self.leave(|py| view.call_method0(intern!(py, "release")).map(drop));
        result.and(released)
    }

    fn save_view(&mut self, obj: &Bound<'py, PyAny>, view: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = self.py;
        let callback = self.buffer_callback.as_ref().map(|c| c.clone_ref(py));
        let in_band = match callback {
            None => true,
            Some(callback) => self.leave(|py| callback.bind(py).call1((obj,))?.is_truthy())?,
        };
        let readonly = view.getattr(intern!(py, "readonly"))?.is_truthy()?;
        if !in_band {
            encode::encode_opcode(&mut self.out, Opcode::NEXT_BUFFER)?;
            if readonly {
                encode::encode_opcode(&mut self.out, Opcode::READONLY_BUFFER)?;
            }
            return Ok(());
        }
        let data = view
            .call_method0(intern!(py, "tobytes"))?
            .cast_into::<PyBytes>()?;
        let imports = Imports::get(py)?;
        let memoizes_itself =
            self.face == Face::Lean || imports.behaviour.hookable_memoizes_buffers;
        // There, the temporary is memoized: an empty one is the interpreter's only `b""`, which
        // has an entry once it was saved.
        let met = !memoizes_itself && self.memo.get(data.as_any().as_borrowed())?.is_some();
        if readonly {
            self.write_bytes(data.as_bytes(), data.as_any())?;
        } else {
            let header = encode::bytearray_header(data.as_bytes().len());
            self.write_payload(header.as_slice(), data.as_any(), data.as_bytes())?;
        }
        if memoizes_itself {
            return self.memoize(obj, Holding::Shared);
        }
        if met {
            if imports.behaviour.hookable_empty_buffer_fails {
                return Err(PyAssertionError::new_err(()));
            }
            return Ok(());
        }
        self.memoize(data.as_any(), Holding::Shared)?;
        self.release(data.unbind());
        Ok(())
    }
}
