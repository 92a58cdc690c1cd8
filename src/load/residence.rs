//! An unpickler's state as what lives at a home.

use pyo3::gc::{PyTraverseError, PyVisit};

use crate::gate::home::Resident;
use crate::load::spare;
use crate::load::state::State;

impl Resident for State {
    const IN_USE: &'static str = "Unpickler object is already used";

    /// Loads of one unpickler do not nest.
    fn depth(&self) -> usize {
        0
    }

    fn retire(self: Box<Self>) {
        spare::keep_of_ended(self);
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(settings) = &self.settings {
            settings.traverse(visit)?;
        }
        self.unfilled.traverse(visit)?;
        // Without memory to list what lies far, nothing of the memo is shown, and none of it collected.
        if let Ok(entries) = self.memo.iter() {
            for (_, value) in entries {
                visit.call(value)?;
            }
        }
        Ok(())
    }
}
