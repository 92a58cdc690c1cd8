//! For which types a hook has nothing to say, where somebody has declared it (`python/oxipickle/_declared.py`).

use std::collections::HashMap;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Class, ClassVersion};
use crate::interpreter::imports::Imports;
use crate::save::hooks::builtin::{Builtin, Builtins};

/// What the hooks have to say of the instances of one class.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct Spoken {
    pub save: bool,
    pub persistent_id: bool,
    pub memoize: bool,
}

/// The predicates of a pickler's hooks, and what they answered.
#[derive(Default)]
pub struct Silence {
    /// Of `save`, `persistent_id` and `memoize`; None where nothing is declared, or the hook is not overridden.
    pub save: Option<Held>,
    pub persistent_id: Option<Held>,
    pub memoize: Option<Held>,
    /// The builtin types of which `save` has something to say, and those of which `persistent_id` has.
    save_speaks: Builtins,
    persistent_id_speaks: Builtins,
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
    pub fn of(
        pickler: &Bound<'_, PyAny>,
        [save, persistent_id, memoize]: [bool; 3],
    ) -> PyResult<Self> {
        let py = pickler.py();
        if !(save || persistent_id || memoize) {
            return Ok(Self::default());
        }
        let find = |name: &Bound<'_, PyString>, is_overridden: bool| {
            if !is_overridden {
                return Ok(None);
            }
            let find = Imports::get(py)?.predicate_of.bind(py);
            let predicate = find.call1((pickler, name))?;
            Ok::<_, PyErr>((!predicate.is_none()).then(|| Held::from(predicate)))
        };
        let mut silence = Self {
            save: find(intern!(py, "save"), save)?,
            persistent_id: find(intern!(py, "persistent_id"), persistent_id)?,
            memoize: find(intern!(py, "memoize"), memoize)?,
            ..Self::default()
        };
        for (builtin, class) in Builtin::classes(py)? {
            let class = class.bind(py);
            if answer(&silence.save, class)? != Answer::Silent {
                silence.save_speaks.add(builtin);
            }
            if answer(&silence.persistent_id, class)? != Answer::Silent {
                silence.persistent_id_speaks.add(builtin);
            }
            match (builtin, answer(&silence.memoize, class)?) {
                (_, Answer::Silent) => {}
                (Builtin::Str, Answer::Nothing) => silence.skips_text = true,
                (Builtin::Bytes, Answer::Nothing) => silence.skips_bytes = true,
                _ => silence.memoize_speaks = true,
            }
        }
        Ok(silence)
    }

    /// Asks the predicates about a class. Runs Python code.
    ///
    /// # Errors
    /// What they raise.
    pub fn ask(&self, class: &Bound<'_, PyAny>) -> PyResult<Spoken> {
        Ok(Spoken {
            save: answer(&self.save, class)? != Answer::Silent,
            persistent_id: answer(&self.persistent_id, class)? != Answer::Silent,
            memoize: answer(&self.memoize, class)? != Answer::Silent,
        })
    }

    /// The same predicates, with no answers.
    pub fn again(&self, quiet: &Quiet) -> Self {
        let again = |predicate: &Option<Held>| predicate.as_ref().map(|held| held.again(quiet));
        Self {
            save: again(&self.save),
            persistent_id: again(&self.persistent_id),
            memoize: again(&self.memoize),
            ..Self::default()
        }
    }

    /// Whether anything is declared.
    #[inline(always)]
    pub fn is_declared(&self) -> bool {
        self.save.is_some() || self.persistent_id.is_some() || self.memoize.is_some()
    }

    /// What is known of a class that is none of the builtin ones; None where it was not met yet.
    pub fn answer(&self, class: Class<'_>) -> Option<Spoken> {
        self.answers.get(&class.version()?).copied()
    }

    /// Whether nobody has to be asked about the instances of a class, as far as this is known.
    #[inline(always)]
    pub fn is_silent(&self, class: Class<'_>) -> bool {
        !self.is_declared() || self.answer(class) == Some(Spoken::default())
    }

    /// What the hooks have to say of a builtin type.
    pub fn of_builtin(&self, builtin: Builtin) -> Spoken {
        Spoken {
            save: self.save_speaks.has(builtin),
            persistent_id: self.persistent_id_speaks.has(builtin),
            memoize: false,
        }
    }

    /// The builtin types of which no hook that was declared has anything to say.
    pub fn silent(&self) -> Builtins {
        self.save_speaks.or(self.persistent_id_speaks).others()
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
        [&self.save, &self.persistent_id, &self.memoize]
            .into_iter()
            .flatten()
    }
}

/// What a predicate says of a class.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Answer {
    /// The hook does what upstream's method does.
    Silent,
    /// The hook does nothing at all.
    Nothing,
    Speaks,
}

/// Asks a predicate about a class; where there is none, nothing is declared, and nothing said.
fn answer(predicate: &Option<Held>, class: &Bound<'_, PyAny>) -> PyResult<Answer> {
    let Some(predicate) = predicate else {
        return Ok(Answer::Silent);
    };
    let answer = predicate.bind(class.py()).call1((class,))?;
    Ok(if answer.is_none() {
        Answer::Nothing
    } else if answer.is_truthy()? {
        Answer::Speaks
    } else {
        Answer::Silent
    })
}
