//! Persistent ids: objects that stand outside of the pickle.

use pyo3::exceptions::PyUnicodeDecodeError;
use pyo3::prelude::*;

use crate::error::unpickling_error;
use crate::fast::decode;
use crate::interpreter::face::Face;
use crate::load::hooks::no_persistent_load;
use crate::load::machine::Machine;

impl<'py> Machine<'py, '_> {
    /// PERSID: the id is a line of ASCII.
    pub fn load_persid(&mut self) -> PyResult<()> {
        let py = self.py;
        let line = self.take_line(0)?;
        let own = decode::bytes(py, &line[..line.len() - 1])?;
        match self.leave(|py| decode::ascii(py, own.as_bytes())) {
            Ok(pid) => self.push_persistent(pid),
            Err(error) if error.is_instance_of::<PyUnicodeDecodeError>(py) => {
                let words = "persistent IDs in protocol 0 must be ASCII strings";
                let error = unpickling_error(py, words);
                Err(self.in_argument(error))
            }
            Err(error) => Err(error),
        }
    }

    pub fn load_binpersid(&mut self) -> PyResult<()> {
        let pid = self.stack.pop(self.py)?;
        self.push_persistent(pid)
    }

    fn push_persistent(&mut self, pid: Bound<'py, PyAny>) -> PyResult<()> {
        let persistent_load = match self.face {
            Face::Lean => self.persistent_load.clone(),
            Face::Hookable => self.overridden_persistent_load()?,
        };
        let Some(persistent_load) = persistent_load else {
            return Err(no_persistent_load(self.py));
        };
        let object = self.leave_to_hook(true, |_| persistent_load.call1((pid,)))?;
        self.stack.push(object)
    }
}
