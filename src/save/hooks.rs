//! A pickler's hooks: which are overridden, and when that is looked up.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyType};

use crate::fast::held::Held;
use crate::fast::quiet::Quiet;
use crate::fast::view::{ClassVersion, View};
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;

/// What users override, in a subclass or on the instance.
#[derive(Default)]
pub struct Found {
    pub persistent_id: Option<Held>,
    pub reducer_override: Option<Held>,
    pub resolve_global: Option<Held>,
    /// A table other than `copyreg`'s.
    pub dispatch_table: Option<Held>,
}

/// The hooks of a pickler as far as they were looked up.
#[derive(Default)]
pub struct Hooks {
    pub found: Found,
    /// The class whose methods are no overrides; None where nobody can override anything.
    pub base: Option<Held>,
    /// Whether nobody has to be asked about atoms and strings.
    pub are_quiet: bool,
    /// `Writer::passages` when these were looked up; the hookable face looks again once it moved.
    pub seen_at: u64,
    /// The contents of the pickler's class at that time; None where they have no version, or where the
    /// instance had a hook of its own.
    version: Option<ClassVersion>,
}

impl Found {
    fn all(&self) -> [&Option<Held>; 4] {
        [
            &self.persistent_id,
            &self.reducer_override,
            &self.resolve_global,
            &self.dispatch_table,
        ]
    }
}

impl Hooks {
    /// Takes out what a dump looked up: it would keep the pickler alive through its own bound methods. The
    /// lean face's table is no such thing: it is a slot.
    pub fn take_found(&mut self, face: Face) -> Found {
        let mut found = std::mem::take(&mut self.found);
        if face == Face::Lean {
            self.found.dispatch_table = found.dispatch_table.take();
        }
        self.are_quiet = false;
        self.seen_at = 0;
        self.version = None;
        found
    }

    /// Puts in what was looked up at this moment.
    pub fn put_found(&mut self, mut found: Found, face: Face, passages: u64) {
        self.are_quiet = found.persistent_id.is_none()
            && (face == Face::Lean || found.reducer_override.is_none());
        if face == Face::Lean && found.dispatch_table.is_none() {
            found.dispatch_table = self.found.dispatch_table.take();
        }
        self.found = found;
        self.seen_at = passages;
    }

    /// Notes until when the look-up holds.
    pub fn note_version(&mut self, pickler: &Held, names: &[Held], quiet: &Quiet) {
        let pickler = pickler.view(quiet);
        self.version = pickler
            .class()
            .version()
            .filter(|_| has_no_own(pickler, names, quiet));
    }

    /// Whether what was looked up still stands: the class is the same in all its contents, and the
    /// instance has no hook of its own, nor had one.
    pub fn stand(&self, pickler: &Held, names: &[Held], quiet: &Quiet) -> bool {
        let pickler = pickler.view(quiet);
        self.version.is_some()
            && self.version == pickler.class().version()
            && has_no_own(pickler, names, quiet)
    }

    /// For the collector.
    ///
    /// # Errors
    /// What `visit` gives.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        for held in self.found.all().into_iter().flatten() {
            held.traverse(visit)?;
        }
        Ok(())
    }
}

/// Whether the instance has, for certain, no attribute of its own by one of these names.
fn has_no_own(pickler: View<'_>, names: &[Held], quiet: &Quiet) -> bool {
    match pickler.instance_dict() {
        Ok(Some(own)) if own.len() == 0 => true,
        Ok(Some(own)) => {
            own.has_text_keys()
                && names
                    .iter()
                    .all(|name| own.get_named(name.view(quiet)).is_none())
        }
        _ => false,
    }
}

/// Looks the hooks of a pickler up. Runs Python code.
///
/// # Errors
/// What looking up an attribute raises.
pub fn look_up(
    pickler: &Bound<'_, PyAny>,
    base: &Bound<'_, PyType>,
    face: Face,
) -> PyResult<Found> {
    let py = pickler.py();
    let own = pickler.getattr_opt(intern!(py, "__dict__"))?;
    let own = own.and_then(|d| d.cast_into::<PyDict>().ok());
    let class = pickler.get_type();
    let is_base = class.is(base);
    let overridden = |name: &Bound<'_, PyString>| -> PyResult<Option<Held>> {
        let set = match &own {
            Some(own) => own.contains(name)?,
            None => false,
        };
        if !set && (is_base || class.getattr(name)?.is(&base.getattr(name)?)) {
            return Ok(None);
        }
        Ok(Some(pickler.getattr(name)?.into()))
    };
    let persistent_id = overridden(intern!(py, "persistent_id"))?;
    let resolve_global = overridden(intern!(py, "resolve_global"))?;
    let empty = own.as_ref().is_none_or(|d| d.is_empty());
    if is_base && empty {
        return Ok(Found {
            persistent_id,
            resolve_global,
            ..Found::default()
        });
    }
    let skips_none = face == Face::Hookable && Imports::get(py)?.saving.hookable_skips_none;
    let reducer_override = pickler.getattr_opt(intern!(py, "reducer_override"))?;
    let reducer_override = reducer_override
        .filter(|r| !(skips_none && r.is_none()))
        .map(Held::from);
    let table = match face {
        Face::Hookable => {
            let table = pickler.getattr_opt(intern!(py, "dispatch_table"))?;
            let standard = &Imports::get(py)?.dispatch_table;
            table.filter(|t| !t.is(standard))
        }
        // The lean face's is a slot (`faces/dispatch_table.rs`). What stands in the instance's dict, since the
        // class has an attribute of that name, means nothing, as in C.
        Face::Lean => None,
    };
    Ok(Found {
        persistent_id,
        reducer_override,
        resolve_global,
        dispatch_table: table.map(Held::from),
    })
}
