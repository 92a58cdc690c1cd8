//! The cyclic collector, paused while a load makes many objects and no garbage.
//!
//! It is paused by its first threshold, not by switching it off: so what user code says with
//! `gc.enable()` and `gc.disable()` in the meantime stands, and an interpreter whose collector is
//! off keeps it off. A threshold that user code sets meanwhile stands too.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use pyo3::prelude::*;

use crate::imports::Imports;

/// Loads under way that wanted the pause. Changed with the GIL held only.
static PAUSES: AtomicUsize = AtomicUsize::new(0);

/// The threshold before the first of them; 0 where there is nothing to set back.
static THRESHOLD: AtomicI64 = AtomicI64::new(0);

/// One load's share of the pause, given back when dropped.
pub struct Pause<'py> {
    py: Python<'py>,
    imports: &'static Imports,
}

impl<'py> Pause<'py> {
    /// Pauses the collector, unless another load has.
    pub fn begin(py: Python<'py>, imports: &'static Imports) -> PyResult<Self> {
        if PAUSES.fetch_add(1, Ordering::Relaxed) == 0 {
            let pause = Self { py, imports };
            let threshold = pause.threshold()?;
            if threshold > 0 {
                pause.set_threshold(0)?;
                THRESHOLD.store(threshold, Ordering::Relaxed);
            }
            return Ok(pause);
        }
        Ok(Self { py, imports })
    }

    fn threshold(&self) -> PyResult<i64> {
        let all = self.imports.loading.get_threshold.bind(self.py).call0()?;
        all.get_item(0)?.extract()
    }

    fn set_threshold(&self, threshold: i64) -> PyResult<()> {
        let set = self.imports.loading.set_threshold.bind(self.py);
        set.call1((threshold,)).map(drop)
    }
}

impl Drop for Pause<'_> {
    fn drop(&mut self) {
        if PAUSES.fetch_sub(1, Ordering::Relaxed) != 1 {
            return;
        }
        let threshold = THRESHOLD.swap(0, Ordering::Relaxed);
        if threshold > 0 && self.threshold().is_ok_and(|now| now == 0) {
            // It was valid before, so setting it fails for want of memory at the most.
            let _ = self.set_threshold(threshold);
        }
    }
}
