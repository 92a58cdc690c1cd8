//! Persistent ids.

use pickle_format::opcode::Opcode;
use pyo3::prelude::*;

use crate::error::{endless, pickling_error};
use crate::fast::memo::Holding;
use crate::hooks::Walk;
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::save::chain::MAX_CHAIN;
use crate::save::work::{Standing, Work};

impl<'py> Walk<'py, '_> {
    /// Some releases ask about persistent ids themselves, and drop the answer.
    pub fn ask_again(&mut self, obj: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = self.py;
        if self.face == Face::Lean
            || !Imports::get(py)?
                .behaviour
                .hookable_asks_again_for_persistent_ids
        {
            return Ok(());
        }
        let hook = self.hooks.persistent_id.as_ref().map(|h| h.clone_ref(py));
        match hook {
            Some(hook) => self.leave(|py| hook.bind(py).call1((obj,)).map(drop)),
            None => Ok(()),
        }
    }

    /// Asks `persistent_id`; true when the object is saved by its id.
    pub fn save_persistent(
        &mut self,
        obj: &Bound<'py, PyAny>,
        standing: Standing,
    ) -> PyResult<bool> {
        let py = self.py;
        let Some(hook) = self.hooks.persistent_id.as_ref().map(|h| h.clone_ref(py)) else {
            return Ok(false);
        };
        let id = self.leave(|py| hook.bind(py).call1((obj,)))?;
        if id.is_none() {
            return Ok(false);
        }
        if self.form().is_binary() {
            self.push(Work::PersistentId)?;
            // An id is made during the dump, and each may hold objects that have ids in turn.
            let chain = standing.chain + 1;
            if chain > MAX_CHAIN {
                return Err(endless());
            }
            let id_standing = Standing {
                made: true,
                ..Standing::new(Holding::Shared, chain)
            };
            self.save(id.unbind(), id_standing, false)?;
            return Ok(true);
        }
        let text = self.leave(|_| id.str())?;
        let text = text.to_string_lossy();
        if !text.is_ascii() {
            return Err(pickling_error(
                py,
                "persistent IDs in protocol 0 must be ASCII strings".to_owned(),
            ));
        }
        let mut line = vec![Opcode::PERSID.code()];
        line.extend_from_slice(text.as_bytes());
        line.push(b'\n');
        self.out.write_slice(&line)?;
        Ok(true)
    }
}
