//! What a method that is written in Python rests on: its code, and the names that it looks up.

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::fast::attached::Attached;
use crate::fast::quiet::Quiet;
use crate::fast::view::{Dict, Function, View};
use crate::interpreter::imports::Imports;

/// A function written in Python, and its code, which may be exchanged.
pub struct Method<'py> {
    function: Bound<'py, PyAny>,
    code: Bound<'py, PyAny>,
}

impl<'py> Method<'py> {
    /// A function with the code that it has now; None for anything else.
    pub fn of(function: Bound<'py, PyAny>) -> Option<Self> {
        let py = function.py();
        let attached = Attached::new(py);
        let quiet = attached.quiet();
        let view = View::of(function.as_unbound(), quiet).as_function()?;
        let code = view.code().hold().into_bound(py);
        Some(Self { function, code })
    }

    /// Whether it is known as the method of this name.
    ///
    /// # Errors
    /// MemoryError, and what taking a digest raises.
    pub fn is_known_as(&self, name: &str, imports: &Imports) -> PyResult<bool> {
        let py = self.code.py();
        let told = imports.known_method.bind(py).call1((&self.code,))?;
        Ok(told.cast::<PyString>().is_ok_and(|told| told == name))
    }

    /// Its code.
    pub fn code(&self) -> &Bound<'py, PyAny> {
        &self.code
    }

    /// Its globals.
    ///
    /// # Errors
    /// MemoryError.
    pub fn globals(&self) -> PyResult<Bound<'py, PyAny>> {
        self.function.getattr("__globals__")
    }

    /// The names that it looks up, if its code is the same still, and all names are exact strings.
    #[inline(always)]
    pub fn names<'q>(&'q self, quiet: &'q Quiet) -> Option<Names<'q>> {
        let function = View::of(self.function.as_unbound(), quiet).as_function()?;
        let globals = function
            .globals()
            .filter(|globals| globals.has_text_keys())?;
        let is_same = function.code().is(View::of(self.code.as_unbound(), quiet));
        is_same.then_some(Names {
            function,
            globals,
            quiet,
        })
    }
}

/// What a function finds by name.
pub struct Names<'q> {
    function: Function<'q>,
    globals: Dict<'q>,
    quiet: &'q Quiet,
}

impl<'q> Names<'q> {
    /// Its own global of this name.
    #[inline(always)]
    pub fn global(&self, name: &'q Bound<'_, PyString>) -> Option<View<'q>> {
        self.globals
            .get_named(View::of(name.as_unbound(), self.quiet))
    }

    /// Whether a name stands for this object of the builtins.
    #[inline(always)]
    pub fn has_builtin(&self, name: &'q Bound<'_, PyString>, object: &'q Bound<'_, PyAny>) -> bool {
        let own = View::of(name.as_unbound(), self.quiet);
        let builtins = self.function.builtins();
        self.globals.get_named(own).is_none()
            && builtins
                .and_then(|builtins| builtins.get_named(own))
                .is_some_and(|found| found.is(View::of(object.as_unbound(), self.quiet)))
    }

    /// What it takes from the class around it, for `super()`.
    pub fn class_around(&self) -> Option<View<'q>> {
        self.function.first_of_closure()
    }
}
