//! A pickler's own `save_global` and `save_reduce`, and the end of a dump.

use pickle_format::opcode::Opcode;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::fast::fresh;
use crate::fast::held::Held;
use crate::save::next::Next;
use crate::save::walk::Walk;

impl Walk<'_, '_> {
    /// Calls the pickler's `save_global`, if it is not upstream's. `name` is the string that the object's
    /// `__reduce__` returned.
    ///
    /// # Errors
    /// What the method raises.
    pub fn call_save_global(&mut self, obj: &Held, name: Option<&Held>) -> PyResult<Option<Next>> {
        let quiet = self.quiet();
        let hook = self.state().hooks.found.save_global.as_ref();
        let Some(hook) = hook.map(|hook| hook.again(quiet)) else {
            return Ok(None);
        };
        self.reach_file()?;
        self.leave(|py| {
            let (hook, obj) = (hook.bind(py), obj.bind(py));
            match name {
                Some(name) => hook.call1((obj, name.bind(py))).map(drop),
                None => hook.call1((obj,)).map(drop),
            }
        })?;
        Ok(Some(Next::Step))
    }

    /// Ends a dump by the pickler's own `write` and `framer`, where these are modelled no more. False where they
    /// are.
    ///
    /// # Errors
    /// What they raise.
    pub fn end_by_upstream(&mut self) -> PyResult<bool> {
        let Some(pickler) = self
            .pickler()
            .filter(|_| self.state().hooks.found.is_foreign)
        else {
            return Ok(false);
        };
        self.reach_file()?;
        self.leave(|py| {
            let pickler = pickler.bind(py);
            let stop = PyBytes::new(py, &[Opcode::STOP.code()]);
            pickler.call_method1(intern!(py, "write"), (stop,))?;
            let framer = pickler.getattr(intern!(py, "framer"))?;
            framer.call_method0(intern!(py, "end_framing")).map(drop)
        })?;
        Ok(true)
    }

    /// Calls the pickler's `save_reduce` with the parts of a reduce value, if it is not upstream's.
    ///
    /// # Errors
    /// What the method raises.
    pub fn call_save_reduce(&mut self, obj: Option<&Held>, value: &Held) -> PyResult<Option<Next>> {
        let quiet = self.quiet();
        let hook = self.state().hooks.found.save_reduce.as_ref();
        let Some(hook) = hook.map(|hook| hook.again(quiet)) else {
            return Ok(None);
        };
        // What else is wrong with the value is found by the method.
        let parts = value.view(quiet).as_tuple();
        if !parts.is_some_and(|parts| (2..=6).contains(&parts.len())) {
            return Ok(None);
        }
        self.reach_file()?;
        self.leave(|py| {
            let options = fresh::dict(py)?;
            if let Some(obj) = obj {
                options.set_item(intern!(py, "obj"), obj.bind(py))?;
            }
            let value = value.cast::<PyTuple>(py)?;
            hook.bind(py).call(value, Some(&options)).map(drop)
        })?;
        Ok(Some(Next::Step))
    }
}
