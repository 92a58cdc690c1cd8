//! How far a load has got, as it is told.

use pyo3::prelude::*;

use crate::gate::progress::Progress;

/// Bytes from one look at the clock to the next, at the least.
const BYTES_BETWEEN_LOOKS: usize = 64 * 1024;

/// Ticks from one look at how far a load has got to the next. A load from memory has no other place to look, and the
/// opcodes of large objects are few.
pub const TICKS_BETWEEN_LOOKS: u32 = 64;

/// Whom a load tells how far it has got, and how far that was.
pub struct Meter<'py> {
    pub progress: Progress<Bound<'py, PyAny>>,
    /// Bytes from where the pickle begins to the end of what it lies in, where that is known.
    total: Option<usize>,
    looked_at: usize,
    /// Looks since signals were looked for.
    looks: u32,
}

impl<'py> Meter<'py> {
    /// A load begins, in so many bytes.
    pub fn new(progress: Progress<Bound<'py, PyAny>>, total: Option<usize>) -> Self {
        Self {
            progress,
            total,
            looked_at: 0,
            looks: 0,
        }
    }

    /// Whether enough was read since the last look at the clock.
    pub fn is_far(&self, at: usize) -> bool {
        at.saturating_sub(self.looked_at) >= BYTES_BETWEEN_LOOKS
    }

    /// Whether it is time to tell, by the clock.
    pub fn look(&mut self, at: usize) -> bool {
        self.looked_at = at;
        self.progress.is_due()
    }

    /// Counts a look, and whether so many ticks have gone by since that was the answer.
    pub fn has_counted(&mut self, ticks: u32) -> bool {
        self.looks += 1;
        if self.looks < ticks / TICKS_BETWEEN_LOOKS {
            return false;
        }
        self.looks = 0;
        true
    }

    /// The total, unless what the pickle lies in has grown.
    pub fn total(&self, done: usize) -> Option<usize> {
        self.total.filter(|total| *total >= done)
    }
}
