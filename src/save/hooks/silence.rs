//! For which types a hook has nothing to say, where somebody has declared it (`python/oxipickle/_declared.py`).

use std::collections::HashMap;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::fast::attached::Attached;
use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Class, ClassVersion, Having, View};
use crate::interpreter::imports::Imports;
use crate::save::hooks::builtin::{Builtin, Builtins};

/// What the hooks have to say of the instances of one class.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct Spoken {
    pub save: bool,
    pub persistent_id: bool,
    pub memoize: bool,
    /// `persistent_id` has something to say of those that have `Silence::attribute`.
    pub by_attribute: bool,
    /// `save` or `persistent_id` has something to say of the class itself, which each instance names.
    pub class: bool,
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
    /// The builtin types of whose objects `persistent_id` has something to say where they have `attribute`.
    by_attribute: Builtins,
    /// The name of the attribute that `persistent_id` looks for.
    attribute: Option<Held>,
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
            if !answer(&silence.save, class)?.is_silent() {
                silence.save_speaks.add(builtin);
            }
            let about_id = answer(&silence.persistent_id, class)?;
            if let (Answer::Has(name), None) = (&about_id, &silence.attribute) {
                silence.attribute = Some(Held::from(name.clone().into_any()));
            }
            match silence.settle(about_id, class) {
                Settled::Silent => {}
                Settled::ByAttribute => silence.by_attribute.add(builtin),
                Settled::Speaks => silence.persistent_id_speaks.add(builtin),
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

    /// Asks the predicates about a class; `metaclass` is what is known of its metaclass. Runs Python code.
    ///
    /// # Errors
    /// What they raise.
    pub fn ask(&self, class: &Bound<'_, PyAny>, metaclass: Spoken) -> PyResult<Spoken> {
        let about_id = self.settle(answer(&self.persistent_id, class)?, class);
        let has_attribute = || {
            let attached = Attached::new(class.py());
            let (class, quiet) = (Held::from(class.clone()), attached.quiet());
            self.has_attribute(class.view(quiet), quiet)
        };
        Ok(Spoken {
            save: !answer(&self.save, class)?.is_silent(),
            persistent_id: about_id == Settled::Speaks,
            memoize: !answer(&self.memoize, class)?.is_silent(),
            by_attribute: about_id == Settled::ByAttribute,
            class: metaclass.save
                || metaclass.persistent_id
                || metaclass.by_attribute && has_attribute(),
        })
    }

    /// What an answer means for the instances of a class.
    fn settle(&self, answer: Answer<'_>, class: &Bound<'_, PyAny>) -> Settled {
        let name = match answer {
            Answer::Silent => return Settled::Silent,
            Answer::Nothing | Answer::Speaks => return Settled::Speaks,
            Answer::Has(name) => name,
        };
        let is_it = |known: &Held| known.bind(class.py()).is(&name);
        if !self.attribute.as_ref().is_some_and(is_it) {
            return Settled::Speaks;
        }
        let attached = Attached::new(class.py());
        let (class, name) = (Held::from(class.clone()), Held::from(name.into_any()));
        let quiet = attached.quiet();
        let class = class.view(quiet).as_class();
        match class.map_or(Having::Unclear, |class| class.having(name.view(quiet))) {
            Having::Never => Settled::Silent,
            Having::Own => Settled::ByAttribute,
            Having::Unclear => Settled::Speaks,
        }
    }

    /// The same predicates, with no answers.
    pub fn again(&self, quiet: &Quiet) -> Self {
        let again = |predicate: &Option<Held>| predicate.as_ref().map(|held| held.again(quiet));
        Self {
            save: again(&self.save),
            persistent_id: again(&self.persistent_id),
            memoize: again(&self.memoize),
            attribute: again(&self.attribute),
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

    /// Whether somebody has to be asked about objects that are met again: `memoize` is not called for these.
    #[inline(always)]
    pub fn minds_met(&self) -> bool {
        self.save.is_some() || self.persistent_id.is_some()
    }

    /// Whether an object has the attribute that `persistent_id` looks for, or may have it. To be asked where the
    /// class says that it depends on the object.
    pub fn has_attribute(&self, obj: View<'_>, quiet: &Quiet) -> bool {
        let Some(name) = &self.attribute else {
            return false;
        };
        let has_it = obj.has_own(name.view(quiet));
        !matches!(has_it, Ok(Some(false)))
    }

    /// Whether nobody has to be asked about an instance, nor about its class, which is named with it, as far as
    /// this is known.
    #[inline(always)]
    pub fn is_silent(&self, obj: View<'_>, quiet: &Quiet) -> bool {
        let Some(spoken) = self.answer(obj.class()) else {
            return false;
        };
        !spoken.save
            && !spoken.persistent_id
            && !spoken.memoize
            && !spoken.class
            && !(spoken.by_attribute && self.has_attribute(obj, quiet))
    }

    /// Whether nobody has to be asked about an object that is in the memo, as far as this is known.
    pub fn is_silent_of_met(&self, obj: View<'_>, quiet: &Quiet) -> bool {
        let spoken = match Builtin::of_kind(obj.kind()) {
            Some(builtin) => Some(self.of_builtin(builtin)),
            None => self.answer(obj.class()),
        };
        spoken.is_some_and(|spoken| {
            !spoken.save
                && !spoken.persistent_id
                && !(spoken.by_attribute && self.has_attribute(obj, quiet))
        })
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
        let names = [&self.attribute];
        [&self.save, &self.persistent_id, &self.memoize]
            .into_iter()
            .chain(names)
            .flatten()
    }
}

/// What a predicate says of a class.
enum Answer<'py> {
    /// The hook does what upstream's method does.
    Silent,
    /// The hook does nothing at all.
    Nothing,
    Speaks,
    /// The hook does what upstream's method does, but for objects that have the attribute of this name.
    Has(Bound<'py, PyString>),
}

impl Answer<'_> {
    fn is_silent(&self) -> bool {
        matches!(self, Self::Silent)
    }
}

/// What `persistent_id` has to say of the instances of a class.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Settled {
    Silent,
    ByAttribute,
    Speaks,
}

/// Asks a predicate about a class; where there is none, nothing is declared, and nothing said.
fn answer<'py>(predicate: &Option<Held>, class: &Bound<'py, PyAny>) -> PyResult<Answer<'py>> {
    let Some(predicate) = predicate else {
        return Ok(Answer::Silent);
    };
    let answer = predicate.bind(class.py()).call1((class,))?;
    Ok(if let Ok(name) = answer.cast_exact::<PyString>() {
        Answer::Has(name.clone())
    } else if answer.is_none() {
        Answer::Nothing
    } else if answer.is_truthy()? {
        Answer::Speaks
    } else {
        Answer::Silent
    })
}
