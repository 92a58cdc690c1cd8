//! When a walk looks its pickler's hooks up.

use pyo3::prelude::*;

use crate::save::hooks::look_up;
use crate::save::vocabulary::vocabulary;
use crate::save::walk::Walk;

impl Walk<'_, '_> {
    /// Looks the hooks up if anything they rest on may have changed: the lean face at the start of
    /// a dump, the hookable face at each object that follows a passage of the gate.
    ///
    /// # Errors
    /// What looking up an attribute raises.
    pub fn refresh_hooks(&mut self) -> PyResult<()> {
        let Some(pickler) = self.pickler() else {
            self.state_mut().hooks.are_quiet = true;
            self.state_mut().refresh_direct();
            return Ok(());
        };
        let imports = self.imports;
        let passages = self.passages();
        let seen = self.state().hooks.seen_at;
        if seen == passages && seen != 0 {
            return Ok(());
        }
        let names = &self.call_in_c(|py| vocabulary(py, imports))?.hooks;
        let (state, quiet) = self.split();
        if seen != 0 && state.hooks.stand(pickler, names, quiet) {
            state.hooks.seen_at = passages;
            state.refresh_direct();
            return Ok(());
        }
        let face = state.writer.face;
        let Some(base) = state.hooks.base.as_ref().map(|base| base.again(quiet)) else {
            return Ok(());
        };
        let found = self.leave(|py| {
            let base = base.cast(py)?;
            look_up(pickler.bind(py), base, face)
        })?;
        let (state, quiet) = self.split();
        let passages = state.writer.passages;
        state.hooks.put_found(found, face, passages);
        state.hooks.note_version(pickler, names, quiet);
        state.refresh_direct();
        Ok(())
    }
}
