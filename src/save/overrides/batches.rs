//! A pickler's own `_batch_appends` and `_batch_setitems`.

use pickle_format::opcode::Opcode;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::fast::attribute::optional_attribute;
use crate::fast::held::Held;
use crate::fast::memo::Holding;
use crate::fast::view::Kind;
use crate::interpreter::hookable;
use crate::save::next::Next;
use crate::save::walk::Walk;

impl Walk<'_, '_> {
    /// Opens an exact list or dict whose items somebody's `_batch_appends` or `_batch_setitems` saves; None for
    /// anything else.
    ///
    /// # Errors
    /// What the method raises.
    pub fn open_by_hook(&mut self, obj: &Held) -> PyResult<Option<Next>> {
        let quiet = self.quiet();
        let found = &self.state().hooks.found;
        let (hook, opcodes, is_dict) = match obj.view(quiet).kind() {
            Kind::List(_) => (
                &found.batch_appends,
                [Opcode::EMPTY_LIST, Opcode::LIST],
                false,
            ),
            Kind::Dict(_) => (
                &found.batch_setitems,
                [Opcode::EMPTY_DICT, Opcode::DICT],
                true,
            ),
            _ => return Ok(None),
        };
        let Some(hook) = hook.as_ref().map(|hook| hook.again(quiet)) else {
            return Ok(None);
        };
        self.write(|w, quiet| {
            if w.binary {
                w.opcode(opcodes[0])?;
            } else {
                w.opcodes([Opcode::MARK, opcodes[1]])?;
            }
            w.memoize(obj.view(quiet), Holding::Shared)
        })?;
        self.call_asked()?;
        self.reach_file()?;
        self.leave(|py| {
            let obj = obj.bind(py);
            let items = if is_dict {
                obj.call_method0(intern!(py, "items"))?
            } else {
                obj.clone()
            };
            call_batch(hook.bind(py), items, Some(obj))
        })?;
        Ok(Some(Next::Step))
    }
}

impl Walk<'_, '_> {
    /// Lets somebody's method save the items of a reduce value.
    ///
    /// # Errors
    /// What the method raises.
    pub fn call_batch(&mut self, hook: Held, items: Held, owner: Option<Held>) -> PyResult<Next> {
        self.reach_file()?;
        self.leave(|py| {
            let owner = owner.as_ref().map(|owner| owner.bind(py));
            call_batch(hook.bind(py), items.to_bound(py), owner)
        })?;
        self.release([Some(hook), Some(items), owner]);
        Ok(Next::Step)
    }
}

/// Calls a `_batch_appends` or `_batch_setitems`. From Python 3.14 on upstream hands over the object too, for
/// the notes on errors: an override that was written before takes the items alone.
///
/// # Errors
/// What the method raises.
fn call_batch(
    hook: &Bound<'_, PyAny>,
    items: Bound<'_, PyAny>,
    obj: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let py = hook.py();
    if !hookable::does(|facts| facts.names_items) {
        return hook.call1((items,)).map(drop);
    }
    let takes = optional_attribute(hook, intern!(py, "__func__"))?;
    let code = takes.as_ref().unwrap_or(hook);
    let code = optional_attribute(code, intern!(py, "__code__"))?;
    if let Some(code) = code {
        const VARARGS: u32 = 4;
        let flags = code.getattr(intern!(py, "co_flags"))?.extract::<u32>()?;
        let count = code
            .getattr(intern!(py, "co_argcount"))?
            .extract::<usize>()?;
        let own = usize::from(takes.is_some());
        if flags & VARARGS == 0 && count < 2 + own {
            return hook.call1((items,)).map(drop);
        }
    }
    let none = py.None().into_bound(py);
    let arguments = PyTuple::new(py, [items, obj.unwrap_or(&none).clone()])?;
    hook.call1(arguments).map(drop)
}
