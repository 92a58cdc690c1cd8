//! Opcodes that a dispatch leaves to other functions than upstream's: joblib and pandas put in such.
//!
//! The stack is the unpickler's lists from the beginning then (`lists.rs`), so that such a function finds it, and
//! the opcodes between are carried out natively.

use pyo3::exceptions::PyKeyError;
use pyo3::intern;
use pyo3::prelude::*;

use crate::gate::home::Home;
use crate::load::machine::Machine;
use crate::load::ours::Ours;
use crate::load::state::State;

impl<'py> Machine<'py, '_> {
    /// Whether an opcode is left to the unpickler's dispatch.
    #[inline(always)]
    pub fn is_handled(&self, byte: u8) -> bool {
        self.premises
            .as_ref()
            .is_some_and(|premises| premises.changed.contains(byte))
    }

    /// Calls the function that the dispatch has for an opcode.
    ///
    /// # Errors
    /// KeyError where it has none; what the function raises.
    pub fn call_handler(&mut self, byte: u8) -> PyResult<()> {
        let (Some(unpickler), Some(premises)) = (self.unpickler(), &self.premises) else {
            return Err(Home::<State>::in_use());
        };
        let Some(handler) = premises.dispatch.get_item(byte)? else {
            return Err(PyKeyError::new_err(byte));
        };
        self.leave_to_handler(|_| handler.call1((unpickler,)).map(drop))
    }

    /// The object of a load that Python code has ended as upstream's `load_stop` does; None for another error.
    #[cold]
    pub fn value_of_stop(&self, error: &PyErr) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = self.py;
        if self.state.shown.is_none() || !error.is_instance(py, Ours::get(py)?.stop.bind(py)) {
            return Ok(None);
        }
        error.value(py).getattr(intern!(py, "value")).map(Some)
    }
}
