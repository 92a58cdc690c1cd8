//! `PickleBuffer`, in band and out of band.

use pickle_format::opcode::Opcode;
use pyo3::exceptions::{PyAssertionError, PyBufferError};
use pyo3::intern;
use pyo3::prelude::*;

use crate::error::pickling_error;
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::interpreter::face::Face;
use crate::interpreter::hookable;
use crate::save::next::Next;
use crate::save::walk::Walk;

impl Walk<'_, '_> {
    /// Saves a `PickleBuffer`.
    ///
    /// # Errors
    /// PicklingError below protocol 5; for a buffer that is not contiguous PicklingError or, on the hookable
    /// face, BufferError; what the callback and the file's `write` raise.
    pub fn save_picklebuffer(&mut self, obj: &Held) -> PyResult<Next> {
        let face = self.writer().face;
        let has_buffers = self.writer().protocol.has_buffers();
        // `raw()` may run an exporter's code.
        let view = self.leave(|py| {
            if !has_buffers {
                return Err(pickling_error(
                    py,
                    "PickleBuffer can only be pickled with protocol >= 5".to_owned(),
                ));
            }
            match obj.bind(py).call_method0(intern!(py, "raw")) {
                Err(error) if face == Face::Lean && error.is_instance_of::<PyBufferError>(py) => {
                    Err(pickling_error(
                        py,
                        "PickleBuffer can not be pickled when pointing to a non-contiguous buffer"
                            .to_owned(),
                    ))
                }
                other => other.map(Held::from),
            }
        })?;
        let result = self.save_view(obj, &view);
        let released = self.leave(|py| {
            let view = view.into_bound(py);
            view.call_method0(intern!(py, "release")).map(drop)
        });
        result.and(released)?;
        Ok(Next::Step)
    }

    fn save_view(&mut self, obj: &Held, view: &Held) -> PyResult<()> {
        let quiet = self.quiet();
        let callback = self.state().buffer_callback.as_ref();
        let callback = callback.map(|callback| callback.again(quiet));
        let (readonly, data) = self.leave(|py| {
            let in_band = match &callback {
                None => true,
                Some(callback) => callback.bind(py).call1((obj.bind(py),))?.is_truthy()?,
            };
            let view = view.bind(py);
            let readonly = view.getattr(intern!(py, "readonly"))?.is_truthy()?;
            if !in_band {
                return Ok((readonly, None));
            }
            let data = view.call_method0(intern!(py, "tobytes"))?;
            Ok((readonly, Some(Held::from(data))))
        })?;
        let Some(data) = data else {
            return self.write(|w, _| {
                w.opcode(Opcode::NEXT_BUFFER)?;
                if readonly {
                    w.opcode(Opcode::READONLY_BUFFER)?;
                }
                Ok(())
            });
        };
        let memoizes_itself =
            self.writer().face == Face::Lean || hookable::does(|facts| facts.memoizes_buffers);
        // There, the temporary is memoized: an empty one is the interpreter's only `b""`, which
        // has an entry once it was saved.
        let met = !memoizes_itself
            && self.write(|w, quiet| Ok(w.memo.get(data.view(quiet))?.is_some()))?;
        if readonly {
            self.write_bytes(&data)?;
        } else {
            self.write_bytearray(&data)?;
        }
        if memoizes_itself {
            return self.write(|w, quiet| w.memoize(obj.view(quiet), Holding::Shared));
        }
        // Where that fails, it does so in `memoize`, which may be somebody's.
        let fails = hookable::does(|facts| facts.empty_buffer_fails);
        if met && !(fails && self.writer().asks_memoize) {
            if fails {
                return Err(PyAssertionError::new_err(()));
            }
            return Ok(());
        }
        self.write(|w, quiet| {
            w.memoize(data.view(quiet), Holding::Shared)?;
            w.memo.claim();
            Ok(())
        })
    }
}
