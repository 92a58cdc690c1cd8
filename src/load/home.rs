//! Where an unpickler's memo lives while no load runs natively.
//!
//! A load owns the memo while it runs. Before user code runs the memo goes home, to the Python
//! object; after, it is taken again. So a hook can look at `memo` and change it, a second `load`
//! is refused, and nothing borrowed outlives the passage.

use std::sync::{Arc, Mutex, MutexGuard};

use pyo3::exceptions::PyRuntimeError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

use crate::load::settings::{Memo, Settings};

/// The memo of an unpickler object, its settings, and whether a load is under way.
#[derive(Default)]
pub struct Home {
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    settings: Option<Arc<Settings>>,
    /// None while a load runs natively.
    memo: Option<Memo>,
    proto: u8,
    loading: bool,
    /// Bytes that a load read without taking them from the file, since it failed.
    ahead: usize,
}

/// The words of CPython 3.15 for concurrent and nested use.
fn in_use() -> PyErr {
    PyRuntimeError::new_err("Unpickler object is already used")
}

impl Home {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Whether a load is under way: then nothing about the unpickler may be set anew.
    ///
    /// # Errors
    /// RuntimeError if so.
    pub fn check_idle(&self) -> PyResult<()> {
        if self.lock().loading {
            return Err(in_use());
        }
        Ok(())
    }

    /// Begins afresh with these settings and an empty memo.
    ///
    /// # Errors
    /// RuntimeError while a load runs.
    pub fn initialize(&self, settings: Settings) -> PyResult<()> {
        let old = {
            let mut slot = self.lock();
            if slot.loading {
                return Err(in_use());
            }
            slot.proto = 0;
            slot.ahead = 0;
            let memo = settings.new_memo();
            (
                slot.settings.replace(Arc::new(settings)),
                slot.memo.replace(memo),
            )
        };
        // Its release may run Python code, so it happens out here.
        drop(old);
        Ok(())
    }

    /// What the unpickler was made with; None before `__init__`.
    pub fn settings(&self) -> Option<Arc<Settings>> {
        self.lock().settings.clone()
    }

    /// An empty memo that counts as the model's does.
    pub fn new_memo(&self) -> Memo {
        self.settings()
            .map_or_else(Memo::new, |settings| settings.new_memo())
    }

    /// The protocol that the last pickle named so far.
    pub fn proto(&self) -> u8 {
        self.lock().proto
    }

    /// Takes the memo for a load, and tells how many bytes of the file the last one was ahead.
    ///
    /// # Errors
    /// RuntimeError while another load runs.
    pub fn begin(&self) -> PyResult<(Memo, usize)> {
        let mut slot = self.lock();
        if slot.loading {
            return Err(in_use());
        }
        slot.loading = true;
        slot.proto = 0;
        let ahead = std::mem::take(&mut slot.ahead);
        Ok((slot.memo.take().unwrap_or_default(), ahead))
    }

    /// Gives the memo back at the end of a load.
    pub fn end(&self, memo: Memo, proto: u8, ahead: usize) {
        let mut slot = self.lock();
        slot.loading = false;
        slot.memo = Some(memo);
        slot.proto = proto;
        slot.ahead = ahead;
    }

    /// Puts the memo back for user code to find.
    pub fn put(&self, memo: Memo, proto: u8) {
        let mut slot = self.lock();
        slot.proto = proto;
        slot.memo = Some(memo);
    }

    /// Takes the memo again after user code ran.
    pub fn take(&self) -> Memo {
        self.lock().memo.take().unwrap_or_default()
    }

    /// Puts another memo in place of what is there, and gives that out.
    ///
    /// # Errors
    /// RuntimeError while a load runs natively.
    pub fn replace(&self, memo: Memo) -> PyResult<Option<Memo>> {
        let mut slot = self.lock();
        if slot.loading && slot.memo.is_none() {
            return Err(in_use());
        }
        Ok(slot.memo.replace(memo))
    }

    /// Looks at the memo. No Python code may run in `look`.
    ///
    /// # Errors
    /// RuntimeError while a load runs natively.
    pub fn with_memo<R>(&self, look: impl FnOnce(&Memo) -> R) -> PyResult<R> {
        let mut slot = self.lock();
        if slot.memo.is_none() {
            if slot.loading {
                return Err(in_use());
            }
            slot.memo = Some(Memo::new());
        }
        slot.memo.as_ref().map(look).ok_or_else(in_use)
    }

    /// Shows the collector what the unpickler holds. What a load under way holds is not shown, and
    /// so counts as held from outside.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(slot) = self.slot.try_lock() else {
            return Ok(());
        };
        if slot.loading {
            return Ok(());
        }
        if let Some(settings) = slot.settings.as_deref() {
            settings.traverse(visit)?;
        }
        match slot.memo.as_ref().map(Memo::iter) {
            Some(Ok(entries)) => {
                for (_, value) in entries {
                    visit.call(value)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Gives out what the unpickler holds, so that a cycle through it can end.
    pub fn clear(&self) -> impl Sized {
        self.slot
            .try_lock()
            .ok()
            .map(|mut slot| (slot.settings.take(), slot.memo.take()))
    }
}
