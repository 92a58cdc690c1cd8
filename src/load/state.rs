//! What an unpickler owns from one load to the next, and a load while it runs.

use std::sync::Arc;

use pickle_format::memo::UnpicklerMemo;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::gate::home::Resident;
use crate::load::settings::Settings;

/// Values by memo index.
pub type Memo = UnpicklerMemo<Py<PyAny>>;

/// The state of an unpickler.
#[derive(Default)]
pub struct State {
    /// None before `__init__`.
    pub settings: Option<Arc<Settings>>,
    pub memo: Memo,
    /// The protocol that the last pickle named so far, 0 before it did.
    pub proto: u8,
    /// Bytes that the last load read without taking them from the file, since it failed.
    pub ahead: usize,
}

impl State {
    /// A state for these settings, with an empty memo.
    pub fn new(settings: Arc<Settings>) -> Self {
        Self {
            memo: empty_memo(Some(&settings)),
            settings: Some(settings),
            proto: 0,
            ahead: 0,
        }
    }

    /// An empty memo that counts as this one does.
    pub fn empty_memo(&self) -> Memo {
        empty_memo(self.settings.as_deref())
    }
}

/// An empty memo that counts as the model's does.
fn empty_memo(settings: Option<&Settings>) -> Memo {
    if settings.is_none_or(|settings| settings.counts_far_entries) {
        Memo::new()
    } else {
        Memo::counting_near_entries()
    }
}

impl Resident for State {
    const IN_USE: &'static str = "Unpickler object is already used";

    /// Loads of one unpickler do not nest.
    fn depth(&self) -> usize {
        0
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(settings) = &self.settings {
            settings.traverse(visit)?;
        }
        // Without memory to list what lies far, nothing of the memo is shown, and none of it collected.
        if let Ok(entries) = self.memo.iter() {
            for (_, value) in entries {
                visit.call(value)?;
            }
        }
        Ok(())
    }
}
