//! A pickler's `dispatch`: its methods by the exact type of the object.

use pyo3::intern;
use pyo3::prelude::*;

use crate::fast::held::Held;
use crate::interpreter::functions::of_pickler;
use crate::save::hooks::Builtin;
use crate::save::next::Next;
use crate::save::walk::Walk;

/// What `dispatch` says of an object.
pub enum Method {
    /// Upstream's own method, or ours in its place.
    Native,
    /// Another method, to be called with the pickler and the object.
    Other(Held),
    /// Nothing: the object is reduced.
    Missing,
}

impl Walk<'_, '_> {
    /// What the pickler's `dispatch` has for an object.
    ///
    /// # Errors
    /// What its `get` raises, where it is no exact dict.
    pub fn method_of(&mut self, obj: &Held) -> PyResult<Method> {
        let (state, quiet) = self.split();
        let Some(dispatch) = &state.hooks.found.dispatch else {
            return Ok(Method::Native);
        };
        if dispatch.is_upstreams() {
            return Ok(match self.builtin_of(obj) {
                Some(_) => Method::Native,
                None => Method::Missing,
            });
        }
        if let Some(contents) = dispatch.contents
            && !(contents.minds_classes && obj.view(quiet).as_class().is_some())
            && let Some(table) = dispatch.table.view(quiet).as_any_dict()
            && let class = obj.view(quiet).class()
            && class.is_known_by_identity()
            && let Some(table) = state.methods.view(table, quiet)
        {
            let native = dispatch.native();
            let method = table.get(class).filter(|method| !method.is_none());
            let method = method.map(|method| method.hold());
            let builtin = self.builtin_of(obj);
            return Ok(match method {
                None => Method::Missing,
                Some(_) if builtin.is_some_and(|builtin| native.has(builtin)) => Method::Native,
                Some(method) => Method::Other(method),
            });
        }
        let table = dispatch.table.again(quiet);
        self.leave(|py| {
            let class = obj.bind(py).get_type();
            let method = table.bind(py).call_method1(intern!(py, "get"), (&class,))?;
            if method.is_none() {
                return Ok(Method::Missing);
            }
            let builtin = Builtin::of_class(class.as_any())?;
            if let (Some((_, name)), Some(functions)) = (builtin, of_pickler(py))
                && functions.is_untouched(&name, &method)?
            {
                return Ok(Method::Native);
            }
            Ok(Method::Other(method.into()))
        })
    }

    /// The type that an object is exactly an instance of, among those for which upstream has methods.
    pub fn builtin_of(&self, obj: &Held) -> Option<Builtin> {
        let quiet = self.quiet();
        let obj = obj.view(quiet);
        if let Some(builtin) = Builtin::of_kind(obj.kind()) {
            return Some(builtin);
        }
        let class = obj.class().object().address();
        let is = |known: &Py<pyo3::types::PyType>| known.as_ptr() as usize == class;
        if is(&self.imports.function_type) {
            return Some(Builtin::Function);
        }
        is(&self.imports.buffer_type).then_some(Builtin::Buffer)
    }

    /// Calls a method of `dispatch` that is not upstream's.
    ///
    /// # Errors
    /// What it raises.
    pub fn call_method(&mut self, method: Held, obj: &Held) -> PyResult<Next> {
        let Some(pickler) = self.pickler() else {
            return Ok(Next::Step);
        };
        self.reach_file()?;
        self.leave(|py| {
            let arguments = (pickler.bind(py), obj.bind(py));
            method.into_bound(py).call1(arguments).map(drop)
        })?;
        Ok(Next::Step)
    }
}
