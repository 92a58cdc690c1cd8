//! A tuple that is given out again and again, as long as nobody keeps it.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::fast::count::count;
use crate::fast::fresh;

/// The tuple that was given out last, of three parts. It saves most of what a tuple costs where the caller takes
/// the parts and forgets the tuple, as a loop does.
#[derive(Default)]
pub struct Recycled(Option<Py<PyTuple>>);

impl Recycled {
    /// The last tuple with other parts, if nobody else has it. The parts that it had are let go of: they must be
    /// of types whose release runs no Python code.
    #[inline(always)]
    pub fn again<'py>(
        &self,
        py: Python<'py>,
        parts: [Bound<'py, PyAny>; 3],
    ) -> Result<Bound<'py, PyTuple>, [Bound<'py, PyAny>; 3]> {
        let Some(last) = &self.0 else {
            return Err(parts);
        };
        let raw = last.as_ptr();
        // SAFETY: the GIL is held, and the tuple is alive, being ours. It has three places, since `fresh` made it. A
        // count of one is our own reference, so nobody can tell that it changes: its hash, which somebody may
        // have asked for meanwhile, is forgotten. Each place takes over one reference and gives up one, after
        // it was filled.
        unsafe {
            if count(raw) != Some(1) {
                return Err(parts);
            }
            for (i, part) in parts.into_iter().enumerate() {
                let before = ffi::PyTuple_GET_ITEM(raw, i as ffi::Py_ssize_t);
                ffi::PyTuple_SET_ITEM(raw, i as ffi::Py_ssize_t, part.into_ptr());
                ffi::Py_DECREF(before);
            }
            #[cfg(Py_3_14)]
            {
                (*raw.cast::<ffi::PyTupleObject>()).ob_hash = -1;
            }
        }
        Ok(last.bind(py).clone())
    }

    /// A new tuple of these parts, which is given out again later on. Making it may run Python code.
    ///
    /// # Errors
    /// MemoryError.
    pub fn anew<'py>(
        py: Python<'py>,
        parts: [Bound<'py, PyAny>; 3],
    ) -> PyResult<(Self, Bound<'py, PyTuple>)> {
        let tuple = fresh::tuple(py, parts)?;
        Ok((Self(Some(tuple.clone().unbind())), tuple))
    }
}
