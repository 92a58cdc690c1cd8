//! How far a load has got, for somebody who wants to be told.

use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;

use crate::fast::fresh;
use crate::fast::recursion::RecursionLevel;
use crate::gate::progress::{Progress, tell};
use crate::load::machine::Machine;
use crate::load::meter::Meter;

impl<'py> Machine<'py, '_> {
    /// As `load_silently`, and somebody is told.
    ///
    /// # Errors
    /// As for `load`; what the callback raises; KeyboardInterrupt and the like, while it is found out how long a file is.
    #[cold]
    #[inline(never)]
    pub fn load_and_report(&mut self) -> PyResult<Option<Bound<'py, PyAny>>> {
        if let Some(callback) = &self.settings.progress {
            let total = match (self.input.size(), &self.settings.file) {
                (None, Some(file)) => self.leave(|py| left_of(&file.read(py)?))?,
                (size, _) => size,
            };
            let progress = Progress::new(callback.bind(self.py).clone());
            self.meter = Some(fresh::boxed(Meter::new(progress, total))?);
        }
        let value = self.load_silently()?;
        if value.is_some() {
            // A callback may begin a load that calls it, and so on.
            let _level = RecursionLevel::enter_loading(self.py)?;
            self.tell(self.input.offset())?;
            self.pending.take().map_or(Ok(()), Err)?;
        }
        Ok(value)
    }

    /// To be called where more was read than an opcode: what is read into an object takes time, and few opcodes.
    #[inline(always)]
    pub fn look_soon(&mut self) {
        if let Some(meter) = &self.meter
            && meter.is_far(self.input.offset())
        {
            self.tick_soon();
        }
    }

    /// Tells how far the load has got, if it is time. False where the load can't go on natively.
    ///
    /// # Errors
    /// What the callback raises.
    pub fn report(&mut self) -> PyResult<bool> {
        let done = self.input.offset();
        let Some(meter) = &mut self.meter else {
            return Ok(true);
        };
        if !meter.is_far(done) || !meter.look(done) {
            return Ok(true);
        }
        self.tell(done)?;
        // What the callback did comes before the next opcode.
        self.review_if_due()
    }

    #[cold]
    #[inline(never)]
    fn tell(&mut self, done: usize) -> PyResult<()> {
        let Some(meter) = &self.meter else {
            return Ok(());
        };
        let callback = meter.progress.callback.clone();
        let total = meter.total(done);
        let told = self.leave_to_hook(false, |_| {
            tell(&callback, done as u64, total.map(|total| total as u64))
        });
        // The time that the callback took is not the load's.
        if let Some(meter) = &mut self.meter {
            meter.progress.wait();
        }
        told
    }
}

/// Bytes that are left in a file of which this is the method `read`; None where the file does not tell without being
/// asked.
///
/// # Errors
/// KeyboardInterrupt and the like.
pub fn left_of(read: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    let py = read.py();
    let left = || -> PyResult<Option<usize>> {
        let left = py.import("oxipickle._progress")?;
        left.call_method1(intern!(py, "left"), (read,))?.extract()
    };
    match left() {
        Err(error) if error.is_instance_of::<PyException>(py) => Ok(None),
        left => left,
    }
}
