//! Who reduces an object before its own methods are asked: a hook, or a function registered for its class.

use pyo3::exceptions::PyKeyError;
use pyo3::intern;
use pyo3::prelude::*;

use crate::fast::call::call_hook;
use crate::fast::held::Held;
use crate::fast::memo::{Holding, Mark};
use crate::fast::view::{Kind, View};
use crate::interpreter::face::Face;
use crate::interpreter::hookable;
use crate::save::next::Next;
use crate::save::standing::Standing;
use crate::save::walk::Walk;

impl Walk<'_, '_> {
    /// Calls `reducer_override` if there is one. None where the object is to be saved otherwise.
    ///
    /// # Errors
    /// What the hook raises, and what is wrong with the value that it gives.
    pub fn ask_reducer_override(
        &mut self,
        obj: &Held,
        standing: Standing,
        met: Mark,
    ) -> PyResult<Option<Next>> {
        let hook = self.state().hooks.found.reducer_override.as_ref();
        let Some(hook) = hook.map(|hook| hook.again(self.quiet())) else {
            return Ok(None);
        };
        let value = self.leave(|py| {
            let value = call_hook(hook.bind(py), obj.bind(py))?;
            Ok((!value.is(py.NotImplemented())).then(|| Held::from(value)))
        })?;
        match value {
            None => Ok(None),
            Some(value) => {
                let obj = obj.again(self.quiet());
                self.save_reduce_value(obj, value, standing, met).map(Some)
            }
        }
    }

    /// The reducer registered for an object's class in the pickler's own table or in `copyreg`'s.
    ///
    /// # Errors
    /// What looking the class up raises.
    pub fn find_reducer(&mut self, obj: &Held) -> PyResult<Option<Held>> {
        let imports = self.imports;
        let face = self.writer().face;
        let skips_none = face == Face::Hookable && hookable::does(|facts| facts.skips_none);
        if let Some(found) = self.find_reducer_quietly(obj, skips_none) {
            return Ok(found);
        }
        let own = self.state().hooks.found.dispatch_table.as_ref();
        let own = own.map(|table| table.again(self.quiet()));
        self.leave(|py| {
            let class = obj.bind(py).get_type();
            let table = match &own {
                Some(table) => table.bind(py),
                None => imports.dispatch_table.bind(py).as_any(),
            };
            let missing = imports.missing.bind(py);
            let found = match face {
                Face::Lean => match table.get_item(class) {
                    Ok(reducer) => Some(reducer),
                    Err(error) if error.is_instance_of::<PyKeyError>(py) => None,
                    Err(error) => return Err(error),
                },
                Face::Hookable if skips_none => {
                    let reducer = table.call_method1(intern!(py, "get"), (class,))?;
                    (!reducer.is_none()).then_some(reducer)
                }
                Face::Hookable => {
                    let reducer = table.call_method1(intern!(py, "get"), (class, missing))?;
                    (!reducer.is(missing)).then_some(reducer)
                }
            };
            Ok(found.map(Held::from))
        })
    }

    /// What the table has, where looking a class up runs no Python code; None elsewhere.
    fn find_reducer_quietly(&mut self, obj: &Held, skips_none: bool) -> Option<Option<Held>> {
        let imports = self.imports;
        let (state, quiet) = self.split();
        let table = match &state.hooks.found.dispatch_table {
            Some(table) => table.view(quiet),
            None => View::of(&imports.dispatch_table, quiet),
        };
        let Kind::Dict(table) = table.kind() else {
            return None;
        };
        let class = obj.view(quiet).class();
        if !class.is_known_by_identity() {
            return None;
        }
        let table = state.table.view(table, quiet)?;
        if state.plans.unregistered(class, table).is_some() {
            return Some(None);
        }
        let found = table.get(class);
        let found = found.filter(|reducer| !skips_none || !reducer.is_none());
        Some(found.map(View::hold))
    }

    /// What was returned by a reducer: a string names a global, a tuple rebuilds the object.
    ///
    /// # Errors
    /// What is wrong with the value.
    #[inline(always)]
    pub fn save_reduce_value(
        &mut self,
        obj: Held,
        value: Held,
        standing: Standing,
        met: Mark,
    ) -> PyResult<Next> {
        if value.view(self.quiet()).is_str() {
            if self.writer().face == Face::Hookable {
                self.refresh_hooks()?;
            }
            let next = match self.call_save_global(&obj, Some(&value)) {
                Ok(None) => self.save_global(&obj, Some(value), standing),
                Ok(Some(next)) => Ok(next),
                Err(error) => Err(error),
            };
            let (state, quiet) = self.split();
            state.writer.close(obj.view(quiet), Holding::Shared);
            self.release([Some(obj)]);
            return next;
        }
        self.save_reduce(Some(obj), value, standing, Some(met))
    }
}
