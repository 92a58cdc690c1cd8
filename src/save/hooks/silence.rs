//! For which types a hook has nothing to say, where somebody has declared it.

use std::collections::HashMap;

use pyo3::prelude::*;

use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Class, ClassVersion, View};
use crate::save::hooks::builtin::{Builtin, Builtins};
use crate::save::hooks::predicates::{Predicates, Spoken};

/// The predicates of a pickler's hooks, and what they answered.
#[derive(Default)]
pub struct Silence {
    pub predicates: Predicates,
    /// The builtin types of which `save` has something to say, and those of which `persistent_id` has.
    save_speaks: Builtins,
    persistent_id_speaks: Builtins,
    /// The builtin types of whose objects `persistent_id` has something to say where they have an attribute.
    by_attribute: Builtins,
    /// Whether strings, and bytes, are never memoized.
    pub skips_text: bool,
    pub skips_bytes: bool,
    /// Whether `memoize` has something to say of a class that was met: from then on it is called for everything.
    pub memoize_speaks: bool,
    /// Answers by the contents of the class.
    answers: HashMap<ClassVersion, Spoken>,
}

impl Silence {
    /// Asks for the predicates of the hooks that are overridden, and asks these about the builtin types. Runs Python
    /// code.
    ///
    /// # Errors
    /// What a predicate raises.
    pub fn of(pickler: &Bound<'_, PyAny>, are_overridden: [bool; 3]) -> PyResult<Self> {
        let py = pickler.py();
        let mut silence = Self::default();
        if !are_overridden.contains(&true) {
            return Ok(silence);
        }
        silence.predicates = Predicates::of(pickler, are_overridden)?;
        for (builtin, class) in Builtin::classes(py)? {
            let spoken = silence.predicates.ask_about_builtin(class.bind(py))?;
            if spoken.save {
                silence.save_speaks.add(builtin);
            }
            if spoken.persistent_id {
                silence.persistent_id_speaks.add(builtin);
            }
            if spoken.by_attribute {
                silence.by_attribute.add(builtin);
            }
            match builtin {
                _ if !spoken.memoize => {}
                Builtin::Str if spoken.memoizes_nothing => silence.skips_text = true,
                Builtin::Bytes if spoken.memoizes_nothing => silence.skips_bytes = true,
                _ => silence.memoize_speaks = true,
            }
        }
        Ok(silence)
    }

    /// Whether anything is declared.
    #[inline(always)]
    pub fn is_declared(&self) -> bool {
        self.predicates.is_any()
    }

    /// What is known of a class that is none of the builtin ones; None where it was not met yet.
    pub fn answer(&self, class: Class<'_>) -> Option<Spoken> {
        self.answers.get(&class.version()?).copied()
    }

    /// Whether somebody has to be asked about objects that are met again: `memoize` is not called for these.
    #[inline(always)]
    pub fn minds_met(&self) -> bool {
        self.predicates.save.is_some() || self.predicates.persistent_id.is_some()
    }

    /// Whether nobody has to be asked about an instance, nor about its class, which is named with it, as far as
    /// this is known.
    #[inline(always)]
    pub fn is_silent(&self, obj: View<'_>, quiet: &Quiet) -> bool {
        self.answer(obj.class()).is_some_and(|spoken| {
            let speaks = self.predicates.speak_of(obj, spoken, quiet);
            !(spoken.memoize || spoken.class || speaks)
        })
    }

    /// Whether nobody has to be asked about an object that is in the memo, as far as this is known.
    pub fn is_silent_of_met(&self, obj: View<'_>, quiet: &Quiet) -> bool {
        let spoken = match Builtin::of_kind(obj.kind()) {
            Some(builtin) => Some(self.of_builtin(builtin)),
            None => self.answer(obj.class()),
        };
        spoken.is_some_and(|spoken| !self.predicates.speak_of(obj, spoken, quiet))
    }

    /// What the hooks have to say of a builtin type.
    pub fn of_builtin(&self, builtin: Builtin) -> Spoken {
        Spoken {
            save: self.save_speaks.has(builtin),
            persistent_id: self.persistent_id_speaks.has(builtin),
            by_attribute: self.by_attribute.has(builtin),
            ..Spoken::default()
        }
    }

    /// The builtin types of which no hook that was declared has anything to say.
    pub fn silent(&self) -> Builtins {
        let speaks = self.save_speaks.or(self.persistent_id_speaks);
        speaks.or(self.by_attribute).others()
    }

    /// Notes what was answered about a class.
    pub fn note(&mut self, version: Option<ClassVersion>, spoken: Spoken) {
        self.memoize_speaks |= spoken.memoize;
        if let Some(version) = version
            && self.answers.try_reserve(1).is_ok()
        {
            self.answers.insert(version, spoken);
        }
    }

    /// What is held.
    pub fn held(&self) -> impl Iterator<Item = &Held> {
        self.predicates.held()
    }
}
