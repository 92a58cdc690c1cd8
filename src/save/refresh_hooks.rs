//! When a walk looks its pickler's hooks up.

use pickle_format::protocol::Protocol;
use pyo3::prelude::*;

use crate::fast::held::Held;
use crate::fast::import::own_modules;
use crate::fast::partial;
use crate::fast::view::View;
use crate::interpreter::face::Face;
use crate::save::hooks::{Entries, Versions, is_same_method, look_up_hookable, look_up_lean};
use crate::save::state::State;
use crate::save::walk::Walk;

impl Walk<'_, '_> {
    /// Looks the hooks up if anything they rest on may have changed: the lean face at the start of
    /// a dump, the hookable face at each object that follows a passage of the gate.
    ///
    /// # Errors
    /// What looking up an attribute raises.
    #[inline(always)]
    pub fn refresh_hooks(&mut self) -> PyResult<()> {
        let seen = self.state().hooks.seen_at;
        if seen == self.passages() && seen != 0 {
            return Ok(());
        }
        self.refresh_after_passage()
    }

    fn refresh_after_passage(&mut self) -> PyResult<()> {
        let Some(pickler) = self.pickler() else {
            self.state_mut().hooks.ask_nobody();
            self.state_mut().refresh_direct();
            return Ok(());
        };
        let (state, quiet) = self.split();
        let was_seen = state.hooks.seen_at != 0 && state.writer.face == Face::Hookable;
        if was_seen && state.hooks.stand(pickler, quiet) {
            state.hooks.seen_at = state.writer.passages;
            state.refresh_direct();
            return Ok(());
        }
        if self.has_no_hooks(pickler) {
            self.state_mut().hooks.ask_nobody();
            self.state_mut().refresh_direct();
            return Ok(());
        }
        self.look_hooks_up(pickler)
    }

    /// Whether a pickler of the lean face is of the very class, and nothing was set on it.
    fn has_no_hooks(&self, pickler: &Held) -> bool {
        let quiet = self.quiet();
        let base = self.state().hooks.base.as_ref();
        base.is_some_and(|base| {
            let pickler = pickler.view(quiet);
            let is_empty = |own: View<'_>| own.as_dict().is_some_and(|own| own.len() == 0);
            pickler.class().object().is(base.view(quiet))
                && pickler.has_place_for_dict()
                && pickler.placed_dict().is_none_or(is_empty)
        })
    }

    #[cold]
    #[inline(never)]
    fn look_hooks_up(&mut self, pickler: &Held) -> PyResult<()> {
        let imports = self.imports;
        let (state, quiet) = self.split();
        let (face, seen) = (state.writer.face, state.hooks.seen_at);
        let base = state.hooks.base.as_ref().map(|base| base.again(quiet));
        let objects = state.hooks.own;
        let before = Versions::now(pickler, quiet);
        let declarable = state.hooks.found.declarable(quiet);
        let (found, entries, is_exchanged) = self.leave(|py| {
            let (found, entries) = match (face, &base) {
                (Face::Lean, Some(base)) => (look_up_lean(pickler.bind(py), base.cast(py)?)?, None),
                (Face::Lean, None) => Default::default(),
                (Face::Hookable, _) => look_up_hookable(pickler.bind(py), objects, &declarable)?,
            };
            if let Some(hook) = &found.persistent_id
                && partial::may_be_new(hook.bind(py))
                && let Some(modules) = own_modules(imports.sys_contents.bind(py))?
            {
                partial::observe(hook.bind(py), &modules)?;
            }
            let is_exchanged = match (&declarable[0], &found.save) {
                (None, None) => false,
                (Some(before), Some(now)) => !is_same_method(before.bind(py), now.bind(py))?,
                _ => true,
            };
            Ok((found, entries, is_exchanged))
        })?;
        let (state, quiet) = self.split();
        let passages = state.writer.passages;
        if seen != 0 && is_exchanged {
            let [save, _, _] = declarable;
            state.older_saves.keep(state.stack.len(), save);
        }
        // What is replaced is laid aside, and given up at the next passage.
        drop(state.hooks.put_found(found, face, passages));
        if face == Face::Hookable {
            state.hooks.note_versions(before, pickler, quiet);
        }
        state.refresh_memoize();
        if let Some(entries) = entries {
            state.take_entries(entries);
        }
        state.refresh_direct();
        Ok(())
    }
}

impl State {
    /// Finds out who memoizes what.
    pub fn refresh_memoize(&mut self) {
        let found = &self.hooks.found;
        self.writer.asks_memoize = found.asks_memoize();
        self.writer.minds_met = found.silence.minds_met();
        self.writer.asks_upstreams = found.is_foreign;
        self.writer.skips_text = found.silence.skips_text;
        self.writer.skips_bytes = found.silence.skips_bytes;
    }

    fn take_entries(&mut self, entries: Entries) {
        if let Some(protocol) = Protocol::new(entries.proto) {
            self.writer.protocol = protocol;
        }
        self.writer.binary = entries.binary;
        self.writer.fast = entries.fast;
        self.fix_imports = entries.fix_imports && entries.proto < 3;
        self.style = entries.style;
        self.buffer_callback = entries.buffer_callback;
    }
}
