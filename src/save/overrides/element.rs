//! A pickler's own `save`, and what somebody has declared of it.

use pyo3::intern;
use pyo3::prelude::*;

use crate::fast::fresh;
use crate::fast::held::Held;
use crate::interpreter::functions::of_pickler;
use crate::save::hooks::{Builtin, Spoken};
use crate::save::next::Next;
use crate::save::walk::Walk;

impl Walk<'_, '_> {
    /// Lets what was written reach the file before a method runs that can reach the file itself. From
    /// protocol 4 on it stays in the framer's frame.
    ///
    /// # Errors
    /// What the file's `write` raises.
    pub fn reach_file(&mut self) -> PyResult<()> {
        if self.state().writer.out.is_framing() {
            return Ok(());
        }
        self.flush()
    }

    /// Calls the pickler's `save`, if it is not upstream's. `asks_id` says whether the object may have a
    /// persistent id, `spoken` what was declared of its type.
    ///
    /// # Errors
    /// What the method raises.
    pub fn call_save(
        &mut self,
        obj: &Held,
        asks_id: bool,
        spoken: Option<Spoken>,
    ) -> PyResult<Option<Next>> {
        let state = self.state();
        let found = &state.hooks.found;
        let older = state.older_saves.of_top(state.stack.len());
        if found.save.is_none() && older.is_none() {
            return Ok(None);
        }
        let is_declared = older.is_none() && found.silence.predicates.save.is_some();
        if is_declared && !spoken.is_some_and(|spoken| spoken.save) {
            return Ok(None);
        }
        let quiet = self.quiet();
        let hook = match older {
            None => found.save.as_ref(),
            // What was upstream's own then is so still, unless nothing is modelled any more.
            Some(None) if !found.is_foreign => return Ok(None),
            Some(older) => older.as_ref(),
        };
        let hook = hook.map(|hook| hook.again(quiet));
        let Some(pickler) = self.pickler() else {
            return Ok(None);
        };
        self.reach_file()?;
        self.leave(|py| {
            let obj = obj.bind(py);
            let options = if asks_id {
                None
            } else {
                let options = fresh::dict(py)?;
                options.set_item(intern!(py, "save_persistent_id"), false)?;
                Some(options)
            };
            match (hook, of_pickler(py)) {
                (Some(hook), _) => hook.bind(py).call((obj,), options.as_ref()).map(drop),
                (None, Some(functions)) => {
                    let save = functions.upstream(py, intern!(py, "save"))?;
                    match save {
                        Some(save) => save
                            .call((pickler.bind(py), obj), options.as_ref())
                            .map(drop),
                        None => Ok(()),
                    }
                }
                (None, None) => Ok(()),
            }
        })?;
        Ok(Some(Next::Step))
    }

    /// What the hooks that somebody has declared have to say of an object.
    ///
    /// # Errors
    /// What a predicate raises.
    pub fn spoken(&mut self, obj: &Held) -> PyResult<Option<Spoken>> {
        if !self.state().hooks.found.silence.is_declared() {
            return Ok(None);
        }
        self.ask_predicates(obj).map(Some)
    }

    fn ask_predicates(&mut self, obj: &Held) -> PyResult<Spoken> {
        let builtin = self.builtin_of(obj);
        let (state, quiet) = self.split();
        let silence = &mut state.hooks.found.silence;
        let class = obj.view(quiet).class();
        let known = match builtin {
            // Elsewhere these are told by their class, as other objects are.
            Some(builtin) => {
                let spoken = silence.of_builtin(builtin);
                if matches!(builtin, Builtin::Function | Builtin::Buffer) {
                    silence.note(class.version(), spoken);
                }
                Some(spoken)
            }
            None => silence.answer(class),
        };
        let spoken = match known {
            Some(spoken) => spoken,
            None => self.ask_about_class(obj)?,
        };
        let (state, quiet) = self.split();
        let silence = &state.hooks.found.silence;
        let has_attribute =
            spoken.by_attribute && silence.predicates.find_attribute(obj.view(quiet), quiet);
        Ok(Spoken {
            persistent_id: spoken.persistent_id || has_attribute,
            ..spoken
        })
    }

    /// Asks the predicates about the class of an object, and about its metaclass where that was not done.
    fn ask_about_class(&mut self, obj: &Held) -> PyResult<Spoken> {
        let (state, quiet) = self.split();
        let silence = &state.hooks.found.silence;
        let class = obj.view(quiet).class();
        let metaclass = class.object().class();
        let version = class.version();
        let known = if class.is_plain() {
            Some(silence.of_builtin(Builtin::Class))
        } else {
            silence.answer(metaclass)
        };
        let meta_version = known.is_none().then(|| metaclass.version()).flatten();
        let predicates = silence.predicates.again(quiet);
        let (about_metaclass, spoken) = self.leave(|py| {
            let class = obj.bind(py).get_type();
            let about_metaclass = match known {
                Some(spoken) => spoken,
                // Of classes of classes of classes nothing is known, so somebody may have to be asked.
                None => {
                    let unknown = Spoken {
                        persistent_id: true,
                        ..Spoken::default()
                    };
                    predicates.ask(class.get_type().as_any(), unknown)?
                }
            };
            let spoken = predicates.ask(class.as_any(), about_metaclass)?;
            Ok((about_metaclass, spoken))
        })?;
        let state = self.state_mut();
        let silence = &mut state.hooks.found.silence;
        if meta_version.is_some() {
            silence.note(meta_version, about_metaclass);
        }
        silence.note(version, spoken);
        state.refresh_memoize();
        if state.writer.asks_memoize {
            state.hooks.are_quiet = false;
            state.refresh_direct();
        }
        Ok(spoken)
    }
}
