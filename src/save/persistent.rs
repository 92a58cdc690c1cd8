//! Persistent ids.

use pickle_format::opcode::Opcode;
use pickle_format::sink::Sink;
use pyo3::prelude::*;

use crate::error::pickling_error;
use crate::fast::call::call_hook;
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::interpreter::face::Face;
use crate::interpreter::hookable;
use crate::save::fault::Fault;
use crate::save::hooks::Spoken;
use crate::save::next::{Due, Next, Questions};
use crate::save::standing::{MAX_CHAIN, Standing};
use crate::save::walk::Walk;
use crate::save::work::Work;

/// Asks for a persistent id. `ask_ids.rs` has the same in its loop, where it counts for more.
#[inline(never)]
fn ask(hook: &Held, obj: &Held, py: Python<'_>) -> PyResult<Option<Held>> {
    let id = call_hook(hook.bind(py), obj.bind(py))?;
    Ok((!id.is_none()).then(|| Held::from(id)))
}

impl Walk<'_, '_> {
    fn persistent_id(&self) -> Option<Held> {
        let hook = self.state().hooks.found.persistent_id.as_ref();
        hook.map(|hook| hook.again(self.quiet()))
    }

    /// Some releases ask about persistent ids themselves, and drop the answer.
    ///
    /// # Errors
    /// What the hook raises.
    pub fn ask_again(&mut self, obj: &Held) -> PyResult<()> {
        if self.writer().face == Face::Lean
            || !hookable::does(|facts| facts.asks_again_for_persistent_ids)
        {
            return Ok(());
        }
        match self.persistent_id() {
            Some(hook) => self.leave(|py| ask(&hook, obj, py)).map(drop),
            None => Ok(()),
        }
    }

    /// Asks `persistent_id`; `spoken` is what was declared of the object's type. None where the object is to be saved itself.
    ///
    /// # Errors
    /// What the hook raises; PicklingError for an id that protocol 0 can't say.
    pub fn save_persistent(
        &mut self,
        obj: &Held,
        standing: Standing,
        spoken: Option<Spoken>,
    ) -> PyResult<Option<Next>> {
        let Some(hook) = self.persistent_id() else {
            return Ok(None);
        };
        let is_declared = self
            .state()
            .hooks
            .found
            .silence
            .predicates
            .persistent_id
            .is_some();
        if is_declared && !spoken.is_some_and(|spoken| spoken.persistent_id) {
            return Ok(None);
        }
        match self.leave(|py| ask(&hook, obj, py))? {
            Some(id) => self.save_id(id, standing).map(Some),
            None => Ok(None),
        }
    }

    /// Writes a persistent id, or has it saved, in place of an object of this standing.
    ///
    /// # Errors
    /// PicklingError for an id that protocol 0 can't say.
    pub fn save_id(&mut self, id: Held, standing: Standing) -> PyResult<Next> {
        if self.writer().encoding_protocol().is_binary() {
            self.push(Work::PersistentId)?;
            // An id is made during the dump, and each may hold objects that have ids in turn.
            let chain = standing.chain + 1;
            if chain > MAX_CHAIN {
                return self.checked(Err(Fault::Endless));
            }
            let standing = Standing {
                made: true,
                ..Standing::new(Holding::Shared, chain)
            };
            self.state_mut().due = Some(Due {
                obj: id,
                standing,
                questions: Questions::AllButId,
            });
            return Ok(Next::Save);
        }
        let text = self.leave(|py| {
            let text = id.bind(py).str()?;
            let text = text.to_string_lossy();
            if text.is_ascii() {
                return Ok(text.into_owned());
            }
            Err(pickling_error(
                py,
                "persistent IDs in protocol 0 must be ASCII strings".to_owned(),
            ))
        })?;
        self.write(|w, _| {
            w.out.write_with([Opcode::PERSID.code()], text.as_bytes())?;
            Ok(w.out.write([b'\n'])?)
        })?;
        self.release([Some(id)]);
        Ok(Next::Step)
    }
}
