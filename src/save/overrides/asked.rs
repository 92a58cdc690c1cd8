//! A pickler's own `memoize`, `get` and `write`, and what stands in for `memoize` when somebody's method calls it.

use pickle_format::sink::Sink;
use pyo3::exceptions::PyAssertionError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fast::call::call_hook;
use crate::fast::fresh;
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::save::file::bytes_of;
use crate::save::walk::Walk;
use crate::save::write::asked::{Asked, Ending};

impl Walk<'_, '_> {
    /// Memoizes an object on behalf of somebody's method, as upstream's `memoize`.
    ///
    /// # Errors
    /// AssertionError for an object that is in the memo.
    pub fn memoize_for_hook(&mut self, obj: &Held) -> PyResult<()> {
        let is_new = self.write(|w, quiet| {
            let obj = obj.view(quiet);
            if !w.fast && w.memo.get(obj)?.is_some() {
                return Ok(false);
            }
            w.note_reduced(obj);
            w.memoize_natively(obj, Holding::Shared)?;
            Ok(true)
        })?;
        if is_new {
            Ok(())
        } else {
            Err(PyAssertionError::new_err(()))
        }
    }

    /// Calls the function that was put down for what comes next, if one was.
    ///
    /// # Errors
    /// What the function raises.
    pub fn call_asked(&mut self) -> PyResult<()> {
        match self.writer().asked.take() {
            None => Ok(()),
            Some(Asked::Memoize(obj)) => self.call_memoize(obj),
            Some(Asked::Get(index)) => self.call_get(index),
            Some(Asked::Write(ending)) => self.call_write(ending),
            Some(Asked::Report) => self.report(),
        }
    }

    fn call_memoize(&mut self, obj: Held) -> PyResult<()> {
        let quiet = self.quiet();
        let hook = self.state().hooks.found.memoize.as_ref();
        let Some(hook) = hook.map(|hook| hook.again(quiet)) else {
            return self.write(|w, quiet| w.memoize_natively(obj.view(quiet), Holding::Shared));
        };
        self.reach_file()?;
        self.leave(|py| call_hook(hook.bind(py), obj.bind(py)).map(drop))?;
        self.release([Some(hook), Some(obj)]);
        Ok(())
    }

    /// Writes what the pickler's `get` returns.
    fn call_get(&mut self, index: usize) -> PyResult<()> {
        let Some(pickler) = self.pickler() else {
            return self.write(|w, _| w.get(index));
        };
        self.reach_file()?;
        let opcode = self.leave(|py| {
            let empty = PyBytes::new(py, &[]).into_any();
            let opcode = with_get(empty, pickler.bind(py), index)?;
            Ok(Held::from(opcode.cast_into::<PyBytes>()?))
        })?;
        self.write(|w, quiet| Ok(w.out.write_slice(bytes_of(opcode.view(quiet)))?))?;
        self.release([Some(opcode)]);
        Ok(())
    }

    /// Ends an object by the pickler's `write`.
    fn call_write(&mut self, ending: Ending) -> PyResult<()> {
        let Ending {
            opcode: (opcode, times),
            get,
            memoize,
        } = ending;
        if let Some(pickler) = self.pickler() {
            self.reach_file()?;
            self.leave(|py| {
                let pickler = pickler.bind(py);
                let opcode = PyBytes::new(py, &[opcode.code()]).into_any();
                let mut end = opcode.mul(fresh::int(py, times)?)?;
                if let Some(index) = get {
                    end = with_get(end, pickler, index)?;
                }
                let arguments = fresh::tuple(py, [end])?;
                let write = pickler.getattr(intern!(py, "write"))?;
                write.call1(arguments).map(drop)
            })?;
        }
        match memoize {
            Some(obj) => self.call_memoize(obj),
            None => Ok(()),
        }
    }
}

/// The bytes, and behind them what the pickler's `get` returns for an index.
fn with_get<'py>(
    bytes: Bound<'py, PyAny>,
    pickler: &Bound<'py, PyAny>,
    index: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let py = pickler.py();
    let arguments = fresh::tuple(py, [fresh::int(py, index)?])?;
    let get = pickler.getattr(intern!(py, "get"))?;
    bytes.add(get.call1(arguments)?)
}
