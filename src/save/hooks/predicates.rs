//! The predicates that somebody has declared for a pickler's hooks (`python/oxipickle/_declared.py`), and what they
//! say of a class.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::fast::attached::Attached;
use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Having, View};
use crate::interpreter::hookable;

/// What the hooks have to say of the instances of one class.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub struct Spoken {
    pub save: bool,
    pub persistent_id: bool,
    pub memoize: bool,
    /// `memoize` does nothing at all for them.
    pub memoizes_nothing: bool,
    /// `persistent_id` has something to say of those that have the attribute that it looks for.
    pub by_attribute: bool,
    /// `save` or `persistent_id` has something to say of the class itself, which each instance names.
    pub class: bool,
}

/// The predicates of `save`, `persistent_id` and `memoize`; None where nothing is declared, or the hook is not
/// overridden.
#[derive(Default)]
pub struct Predicates {
    pub save: Option<Held>,
    pub persistent_id: Option<Held>,
    pub memoize: Option<Held>,
    /// The name of the attribute that `persistent_id` looks for.
    attribute: Option<Held>,
}

impl Predicates {
    /// Asks for those of the hooks that are overridden. Runs Python code.
    ///
    /// # Errors
    /// What comparing the methods raises.
    pub fn of(
        pickler: &Bound<'_, PyAny>,
        [save, persistent_id, memoize]: [bool; 3],
    ) -> PyResult<Self> {
        let py = pickler.py();
        let find = |name: &Bound<'_, PyString>, is_overridden: bool| {
            if !is_overridden {
                return Ok(None);
            }
            let find = hookable::found()?.predicate_of.bind(py);
            let predicate = find.call1((pickler, name))?;
            Ok::<_, PyErr>((!predicate.is_none()).then(|| Held::from(predicate)))
        };
        Ok(Self {
            save: find(intern!(py, "save"), save)?,
            persistent_id: find(intern!(py, "persistent_id"), persistent_id)?,
            memoize: find(intern!(py, "memoize"), memoize)?,
            attribute: None,
        })
    }

    /// Asks about a builtin type: what attribute `persistent_id` looks for, it says of these already. Runs Python
    /// code.
    ///
    /// # Errors
    /// What the predicates raise.
    pub fn ask_about_builtin(&mut self, class: &Bound<'_, PyAny>) -> PyResult<Spoken> {
        let about_id = answer(&self.persistent_id, class)?;
        if let (Answer::Has(name), None) = (&about_id, &self.attribute) {
            self.attribute = Some(Held::from(name));
        }
        self.spoken(class, about_id, Spoken::default())
    }

    /// Asks about a class; `metaclass` is what is known of its metaclass. Runs Python code.
    ///
    /// # Errors
    /// What the predicates raise.
    pub fn ask(&self, class: &Bound<'_, PyAny>, metaclass: Spoken) -> PyResult<Spoken> {
        let about_id = answer(&self.persistent_id, class)?;
        self.spoken(class, about_id, metaclass)
    }

    fn spoken<'py>(
        &self,
        class: &Bound<'py, PyAny>,
        about_id: Answer<'py>,
        metaclass: Spoken,
    ) -> PyResult<Spoken> {
        let save = answer(&self.save, class)?;
        let memoize = answer(&self.memoize, class)?;
        let attached = Attached::new(class.py());
        let (class, quiet) = (Held::from(class), attached.quiet());
        let having = match about_id {
            Answer::Silent => Having::Never,
            Answer::Has(name) => self.having(class.view(quiet), &Held::from(name), quiet),
            Answer::Nothing | Answer::Speaks => Having::Unclear,
        };
        Ok(Spoken {
            save: !matches!(save, Answer::Silent),
            persistent_id: having == Having::Unclear,
            memoize: !matches!(memoize, Answer::Silent),
            memoizes_nothing: matches!(memoize, Answer::Nothing),
            by_attribute: having == Having::Own,
            class: self.speak_of(class.view(quiet), metaclass, quiet),
        })
    }

    /// What a class says of the attribute of this name. Of a name that is not the first one nothing is known.
    fn having(&self, class: View<'_>, name: &Held, quiet: &Quiet) -> Having {
        let name = name.view(quiet);
        let is_it = |known: &Held| known.view(quiet).is(name);
        match class.as_class() {
            Some(class) if self.attribute.as_ref().is_some_and(is_it) => class.having(name),
            _ => Having::Unclear,
        }
    }

    /// Whether `save` or `persistent_id` has something to say of an object, of whose class this is known.
    #[inline(always)]
    pub fn speak_of(&self, obj: View<'_>, of_class: Spoken, quiet: &Quiet) -> bool {
        of_class.save
            || of_class.persistent_id
            || of_class.by_attribute && self.find_attribute(obj, quiet)
    }

    /// Whether an object has the attribute that `persistent_id` looks for, or may have it. To be asked where the
    /// class says that it depends on the object.
    pub fn find_attribute(&self, obj: View<'_>, quiet: &Quiet) -> bool {
        let Some(name) = &self.attribute else {
            return false;
        };
        !matches!(obj.has_own(name.view(quiet)), Ok(Some(false)))
    }

    /// The same ones.
    pub fn again(&self, quiet: &Quiet) -> Self {
        let again = |held: &Option<Held>| held.as_ref().map(|held| held.again(quiet));
        Self {
            save: again(&self.save),
            persistent_id: again(&self.persistent_id),
            memoize: again(&self.memoize),
            attribute: again(&self.attribute),
        }
    }

    /// Whether there is any.
    #[inline(always)]
    pub fn is_any(&self) -> bool {
        self.save.is_some() || self.persistent_id.is_some() || self.memoize.is_some()
    }

    /// What is held.
    pub fn held(&self) -> impl Iterator<Item = &Held> {
        let held = [
            &self.save,
            &self.persistent_id,
            &self.memoize,
            &self.attribute,
        ];
        held.into_iter().flatten()
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
