//! How far a dump has got, for somebody who wants to be told.
//!
//! Where a frame is full, or as much was written without frames, the loop is asked to look at the clock before
//! anything else is done (`Asked::Report`). It looks there as well where it looks for signals, since objects that take
//! long may write little.

use pyo3::prelude::*;

use crate::fast::held::Held;
use crate::fast::recursion::RecursionLevel;
use crate::gate::progress::tell;
use crate::save::walk::Walk;

impl Walk<'_, '_> {
    /// As `dump_silently`, and somebody is told.
    ///
    /// # Errors
    /// As for `dump`, and what the callback raises.
    #[cold]
    #[inline(never)]
    pub fn dump_and_report(&mut self, obj: &Held) -> PyResult<()> {
        // Only then it is known whether there will be frames.
        self.refresh_hooks()?;
        let state = self.state_mut();
        if let Some(progress) = &mut state.progress {
            progress.wait();
        }
        state.writer.reports = true;
        if !state.writer.protocol.is_framed() {
            state.writer.out.set_milestone();
        }
        let result = self.dump_silently(obj);
        self.writer().reports = false;
        result?;
        self.report_end()
    }

    /// Tells how far the dump has got, if it is time.
    ///
    /// # Errors
    /// What the callback raises.
    #[cold]
    #[inline(never)]
    pub fn report(&mut self) -> PyResult<()> {
        let state = self.state();
        match &state.progress {
            Some(progress) if state.writer.reports && progress.is_due() => self.tell(),
            _ => Ok(()),
        }
    }

    /// Tells how many bytes were written in all.
    ///
    /// # Errors
    /// What the callback raises; RecursionError where callbacks begin dumps that call them, too deep.
    #[cold]
    #[inline(never)]
    pub fn report_end(&mut self) -> PyResult<()> {
        let _level = self.call_in_c(RecursionLevel::enter)?;
        self.tell()
    }

    fn tell(&mut self) -> PyResult<()> {
        let state = self.state();
        let done = state.writer.out.written();
        let progress = state.progress.as_ref();
        let Some(callback) = progress.map(|progress| progress.callback.again(self.quiet())) else {
            return Ok(());
        };
        let told = self.leave(|py| tell(callback.bind(py), done, None));
        // The time that the callback took is not the dump's.
        if let Some(progress) = &mut self.state_mut().progress {
            progress.wait();
        }
        told
    }
}
