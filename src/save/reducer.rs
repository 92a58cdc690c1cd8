//! Who reduces an object: a function registered for its class, or a method of its own.

use pyo3::exceptions::PyKeyError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyType};

use crate::error::{class_name, pickling_error};
use crate::fast::dict::{get_item, next_entry};
use crate::fast::dict_version::version;
use crate::fast::memo::Mark;
use crate::fast::object::{Exact, compares_by_identity, exact, identity, is_of_immutable_type};
use crate::hooks::Walk;
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::save::state::Until;
use crate::save::work::Standing;

impl<'py> Walk<'py, '_> {
    /// Calls `reducer_override` if there is one; true when it took the object on.
    pub fn ask_reducer_override(
        &mut self,
        obj: &Bound<'py, PyAny>,
        standing: Standing,
        met: Mark,
    ) -> PyResult<bool> {
        let py = self.py;
        let hook = self.hooks.reducer_override.as_ref();
        let Some(hook) = hook.map(|h| h.clone_ref(py)) else {
            return Ok(false);
        };
        let value = self.leave(|py| hook.bind(py).call1((obj,)))?;
        if value.is(py.NotImplemented()) {
            return Ok(false);
        }
        self.save_reduce_value(obj, value, standing, met)?;
        Ok(true)
    }

    /// The reducer registered for a class in the pickler's own table or in `copyreg`'s.
    pub fn find_reducer(
        &mut self,
        class: &Bound<'py, PyType>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = self.py;
        let imports = Imports::get(py)?;
        let skips_none = imports.behaviour.hookable_skips_none;
        // A class whose metaclass is `type` hashes and compares without Python code.
        let plain = exact(class.as_any().as_borrowed()) == Exact::Type;
        let own = self.hooks.dispatch_table.as_ref();
        let own = own.map(|table| table.bind(py).clone());
        let table = match &own {
            Some(table) => table,
            None => imports.dispatch_table.bind(py).as_any(),
        };
        let until = if plain {
            self.holds_classes(table)
        } else {
            None
        };
        if let Some(until) = until {
            let table = table.cast::<PyDict>()?;
            let place = identity(class.as_any().as_borrowed());
            let version = match until {
                Until::Version(version) => Some((identity(table.as_any().as_borrowed()), version)),
                Until::Passage(_) => None,
            };
            if version.is_some_and(|version| self.plans.is_unregistered(place, version)) {
                return Ok(None);
            }
            let found = get_item(table.as_borrowed(), class.as_any().as_borrowed())?;
            if let (None, Some(version)) = (&found, version) {
                self.plans.note_unregistered(place, version);
            }
            let none_counts = self.face == Face::Lean || !skips_none;
            return Ok(found.filter(|reducer| none_counts || !reducer.is_none()));
        }
        let face = self.face;
        let missing = imports.missing.bind(py);
        self.leave(|py| match face {
            Face::Lean => match table.get_item(class) {
                Ok(reducer) => Ok(Some(reducer)),
                Err(error) if error.is_instance_of::<PyKeyError>(py) => Ok(None),
                Err(error) => Err(error),
            },
            Face::Hookable if skips_none => {
                let reducer = table.call_method1(intern!(py, "get"), (class,))?;
                Ok((!reducer.is_none()).then_some(reducer))
            }
            Face::Hookable => {
                let reducer = table.call_method1(intern!(py, "get"), (class, missing))?;
                Ok((!reducer.is(missing)).then_some(reducer))
            }
        })
    }

    /// Until when the table is a dict whose keys compare by identity, so that nothing runs when a class
    /// is looked up; None where it is not. The keys of which that can change without a change of the
    /// table are classes of a metaclass written in Python: only Python code could do it, so there one
    /// look lasts until the next passage.
    fn holds_classes(&mut self, table: &Bound<'py, PyAny>) -> Option<Until> {
        let dict = table.cast_exact::<PyDict>().ok()?;
        let place = identity(table.as_borrowed());
        let passage = Until::Passage(self.passages);
        let version = version(dict).map_or(passage, Until::Version);
        for until in [version, passage] {
            if self.table_of_classes == Some((place, until)) {
                return Some(until);
            }
        }
        let mut until = version;
        let mut position = 0;
        while let Some((key, _)) = next_entry(dict, &mut position) {
            if !compares_by_identity(key) {
                return None;
            }
            if !is_of_immutable_type(key) {
                until = passage;
            }
        }
        self.table_of_classes = Some((place, until));
        Some(until)
    }

    /// The object's own reduce value, by `__reduce_ex__` or `__reduce__`.
    pub fn call_reduce(&mut self, obj: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let protocol = self.protocol.number();
        let skips_none =
            self.face == Face::Hookable && Imports::get(self.py)?.behaviour.hookable_skips_none;
        self.leave(|py| {
            let there = |reduce: &Bound<'py, PyAny>| !skips_none || !reduce.is_none();
            let reduce = obj.getattr_opt(intern!(py, "__reduce_ex__"))?;
            if let Some(reduce) = reduce.filter(there) {
                return reduce.call1((protocol,));
            }
            let reduce = obj.getattr_opt(intern!(py, "__reduce__"))?;
            if let Some(reduce) = reduce.filter(there) {
                return reduce.call0();
            }
            let words = format!("Can't pickle {} object", class_name(obj));
            Err(pickling_error(py, words))
        })
    }

    /// What was returned by a reducer: a string names a global, a tuple rebuilds the object.
    pub fn save_reduce_value(
        &mut self,
        obj: &Bound<'py, PyAny>,
        value: Bound<'py, PyAny>,
        standing: Standing,
        met: Mark,
    ) -> PyResult<()> {
        if value.is_instance_of::<PyString>() {
            return self.save_global(obj, Some(value), standing);
        }
        self.save_reduce(Some(obj), value, standing, Some(met))
    }
}
