//! A pickler's state as what lives at a home, and what a session works on.

use pickle_format::protocol::Protocol;
use pyo3::gc::{PyTraverseError, PyVisit};

use crate::fast::memo::Memo;
use crate::fast::quiet::Quiet;
use crate::gate::home::Resident;
use crate::gate::session::Walked;
use crate::interpreter::face::Face;
use crate::save::spare;
use crate::save::state::State;

impl Resident for State {
    const IN_USE: &'static str = "Pickler object is already used";

    fn depth(&self) -> usize {
        self.depth
    }

    fn retire(self: Box<Self>) {
        spare::keep(self);
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let held = [&self.write, &self.buffer_callback];
        for object in held.into_iter().flatten() {
            object.traverse(visit)?;
        }
        if let Some(progress) = &self.progress {
            progress.callback.traverse(visit)?;
        }
        self.older_saves.traverse(visit)?;
        self.hooks.traverse(visit)?;
        self.references.traverse(visit)?;
        self.writer.memo.traverse(visit)
    }
}

impl Walked for State {
    fn memo(&mut self) -> &mut Memo {
        &mut self.writer.memo
    }

    #[inline(always)]
    fn before_passage(&mut self, quiet: &Quiet) {
        self.writer.passages += 1;
        if matches!(self.writer.face, Face::Hookable) {
            self.take_batches(quiet);
        }
    }

    #[inline(always)]
    fn after_passage(&mut self) {
        // The hookable face looks at its hooks first.
        match self.writer.face {
            Face::Lean => self.refresh_direct(),
            Face::Hookable => self.writer.set_direct(false),
        }
    }

    fn placeholder() -> Box<Self> {
        Box::new(Self::new(Face::Lean, Protocol::HIGHEST, false, true))
    }
}
