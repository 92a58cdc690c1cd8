//! An unpickler's hooks, `find_class` and `persistent_load`: whether somebody overrides them, and how they
//! are called.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};

use crate::error::unpickling_error;
use crate::fast::attribute::optional_attribute;
use crate::fast::class::{contents_version, finds_attributes_ordinarily};
use crate::fast::import::{audit_find_class, is_imported};
use crate::fast::instance::{has_no_attributes, instance_dict};
use crate::interpreter::face::Face;
use crate::load::find_class::{find_audited, known_global};
use crate::load::machine::Machine;
use crate::load::ours::answer_of;

/// The lean class's own methods, as they were when the module was made: find_class, persistent_load.
static OWN_METHODS: PyOnceLock<[Py<PyAny>; 2]> = PyOnceLock::new();

/// For each of them, the number of the contents of the last class that was seen to have it, the lean class's mostly.
static SEEN_OWN: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];

/// Remembers the methods of the lean class: any other method is an override.
pub fn remember_methods(lean: &Bound<'_, PyType>) -> PyResult<()> {
    let methods = [
        lean.getattr("find_class")?.unbind(),
        lean.getattr("persistent_load")?.unbind(),
    ];
    // Where the module is made a second time, what was remembered first stays: meanwhile somebody may
    // have put other methods in place.
    let _ = OWN_METHODS.set(lean.py(), methods);
    Ok(())
}

/// The error for a persistent id where nobody overrides `persistent_load`.
pub fn no_persistent_load(py: Python<'_>) -> PyErr {
    let words = "A load persistent id instruction was encountered, \
                 but no persistent_load function was specified.";
    unpickling_error(py, words)
}

/// Whether the class is as it was when it was seen to have our own method.
fn has_seen_own(class: &Bound<'_, PyType>, which: usize) -> bool {
    let version = contents_version(class);
    // The attributes of a class of another metaclass may be anything at any time.
    version != 0
        && SEEN_OWN[which].load(Ordering::Relaxed) == version
        && class.get_type().is(class.py().get_type::<PyType>())
}

/// Whether an unpickler of the lean face is known to have our own method, without anything being asked.
fn is_known_own(unpickler: &Bound<'_, PyAny>, which: usize) -> bool {
    let class = unpickler.get_type();
    has_seen_own(&class, which)
        && finds_attributes_ordinarily(&class)
        && has_no_attributes(unpickler.as_borrowed())
}

/// A hook, if the instance or its class has another method of that name than ours.
fn overridden<'py>(
    unpickler: &Bound<'py, PyAny>,
    face: Face,
    which: usize,
    name: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = unpickler.py();
    let class = unpickler.get_type();
    let is_own = match face {
        Face::Lean => {
            has_seen_own(&class, which) || {
                let own = OWN_METHODS.get(py).map(|methods| &methods[which]);
                let found = optional_attribute(&class, name)?;
                let is_own = own.is_some_and(|own| found.is_some_and(|found| found.is(own)));
                if is_own {
                    SEEN_OWN[which].store(contents_version(&class), Ordering::Relaxed);
                }
                is_own
            }
        }
        Face::Hookable => answer_of(&class)?.has_own_hook(which),
    };
    if is_own && finds_attributes_ordinarily(&class) {
        if has_no_attributes(unpickler.as_borrowed()) {
            return Ok(None);
        }
        let dict = instance_dict(unpickler.as_borrowed())?;
        if dict.is_empty() || !dict.contains(name)? {
            return Ok(None);
        }
    }
    unpickler.getattr(name).map(Some)
}

impl<'py> Machine<'py, '_> {
    /// Looks up `persistent_load` on the lean face, as the C class does once for a load. The hookable face
    /// looks it up at each persistent id.
    pub fn look_up_hooks(&mut self) -> PyResult<()> {
        if self.face == Face::Lean {
            self.persistent_load = self.overridden_persistent_load()?;
        }
        Ok(())
    }

    /// `persistent_load`, where it is overridden.
    pub fn overridden_persistent_load(&mut self) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(unpickler) = self.unpickler() else {
            return Ok(None);
        };
        let face = self.face;
        if face == Face::Lean && is_known_own(unpickler, 1) {
            return Ok(None);
        }
        self.leave(|py| overridden(unpickler, face, 1, intern!(py, "persistent_load")))
    }

    /// Asks `find_class`: the unpickler's, wherever it comes from. Upstream's code may look up `append` first.
    pub fn find_class(
        &mut self,
        module_name: &Bound<'py, PyAny>,
        name: &Bound<'py, PyAny>,
        appends_first: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.ask_find_class(module_name, name, appends_first) {
            Ok(global) => Ok(global),
            Err(error) => Err(self.noted_global(error, module_name, name)),
        }
    }

    #[inline(always)]
    fn ask_find_class(
        &mut self,
        module_name: &Bound<'py, PyAny>,
        name: &Bound<'py, PyAny>,
        appends_first: bool,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (proto, fix_imports) = (self.state.proto, self.settings.fix_imports);
        if let Some(method) = self.overridden_find_class()? {
            return self.leave_to_hook(appends_first, |_| method.call1((module_name, name)));
        }
        let is_mapped = proto < 3 && fix_imports;
        let known = self.leave(|_| {
            audit_find_class(module_name, name)?;
            match is_mapped {
                true => Ok(None),
                false => known_global(module_name, name),
            }
        })?;
        if let Some(known) = known {
            return Ok(known);
        }
        // Another thread may be importing the module, or its import take long.
        if self.leave(|_| is_imported(module_name)) {
            return self.leave(|_| find_audited(module_name, name, proto, fix_imports));
        }
        self.leave_and_wait(|_| find_audited(module_name, name, proto, fix_imports))
    }

    fn overridden_find_class(&mut self) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(unpickler) = self.unpickler() else {
            return Ok(None);
        };
        let face = self.face;
        if face == Face::Lean && is_known_own(unpickler, 0) {
            return Ok(None);
        }
        self.leave(|py| overridden(unpickler, face, 0, intern!(py, "find_class")))
    }
}
