//! What the two faces and the functions share: options checked, hooks looked up, a dump begun and
//! ended.

use pickle_format::frame::FrameWriter;
use pickle_format::protocol::Protocol;
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::error::pickling_error;
use crate::fast::instance::{instance_dict, type_version};
use crate::fast::output::BytesOutput;
use crate::hooks::{Home, Walk};
use crate::interpreter::face::{Face, GlobalStyle};
use crate::interpreter::imports::Imports;
use crate::save::resolve::resolve;
use crate::save::state::State;

/// The arguments that picklers and functions take beside the file.
pub struct Options<'a, 'py> {
    pub protocol: Option<&'a Bound<'py, PyAny>>,
    pub fix_imports: bool,
    pub buffer_callback: Option<&'a Bound<'py, PyAny>>,
}

impl Options<'_, '_> {
    fn protocol(&self, py: Python<'_>) -> PyResult<Protocol> {
        let number = match self.protocol.filter(|p| !p.is_none()) {
            None => Imports::get(py)?.default_protocol,
            Some(protocol) => match protocol.extract::<i64>() {
                Ok(number) => number,
                Err(error) if error.is_instance_of::<PyTypeError>(py) => return Err(error),
                Err(_) => i64::MAX,
            },
        };
        if number < 0 {
            return Ok(Protocol::HIGHEST);
        }
        u8::try_from(number)
            .ok()
            .and_then(Protocol::new)
            .ok_or_else(|| {
                PyValueError::new_err(format!(
                    "pickle protocol must be <= {}",
                    Protocol::HIGHEST.number()
                ))
            })
    }
}

/// A fresh state. Without a file, the output is kept (`dumps`). `base` is the class of a pickler whose
/// hooks are to be looked up; its memo outlives the dump.
pub fn new_state<'py>(
    py: Python<'py>,
    face: Face,
    file: Option<&Bound<'py, PyAny>>,
    options: &Options<'_, 'py>,
    base: Option<Bound<'py, PyType>>,
) -> PyResult<Box<State>> {
    let protocol = options.protocol(py)?;
    let callback = options.buffer_callback.filter(|c| !c.is_none());
    if callback.is_some() && !protocol.has_buffers() {
        return Err(PyValueError::new_err("buffer_callback needs protocol >= 5"));
    }
    let mut state = Box::new(State::new(
        face,
        protocol,
        options.fix_imports,
        base.is_some(),
    ));
    state.hooks.base = base.map(Bound::unbind);
    state.buffer_callback = callback.map(|c| c.clone().unbind());
    if let Some(file) = file {
        let write = file.getattr_opt(intern!(py, "write"))?;
        let write =
            write.ok_or_else(|| PyTypeError::new_err("file must have a 'write' attribute"))?;
        state.writes_natively = file.get_type().is(&Imports::get(py)?.bytes_io_type)
            && write
                .getattr_opt(intern!(py, "__self__"))?
                .is_some_and(|s| s.is(file))
            && write.get_type().is(&Imports::get(py)?.builtin_method_type);
        state.write = Some(write.unbind());
    }
    Ok(state)
}

/// The style that the pickler's class chooses.
pub fn global_style(pickler: &Bound<'_, PyAny>) -> PyResult<GlobalStyle> {
    let style = pickler.getattr("global_style")?.extract::<String>()?;
    match style.as_str() {
        "interpreter" => Ok(GlobalStyle::Interpreter),
        "package" => Ok(GlobalStyle::Package),
        other => Err(PyValueError::new_err(format!(
            "global_style must be 'interpreter' or 'package', not {other:?}"
        ))),
    }
}

/// One whole dump of a pickler object.
pub fn dump<'py>(
    pickler: &Bound<'py, PyAny>,
    home: &Home,
    obj: &Bound<'py, PyAny>,
) -> PyResult<()> {
    if !home.is_initialized() {
        let name = pickler.get_type().name()?;
        return Err(pickling_error(
            pickler.py(),
            format!("Pickler.__init__() was not called by {name}.__init__()"),
        ));
    }
    let state = home.begin()?;
    let mut walk = Walk::new(pickler.py(), state, Some((home, pickler)));
    let result = walk.dump(obj);
    let lost = walk.is_abandoned();
    let mut state = walk.into_state();
    // Whatever a failed dump left is dropped; the memo stays, with references to all of it.
    state.out = FrameWriter::new(BytesOutput::new());
    state.memo.claim();
    state.depth = 0;
    // What was looked up would keep the pickler alive through its own bound methods.
    let hooks = state.hooks.take_found(state.face);
    let stack = std::mem::take(&mut state.stack);
    if lost {
        home.abandon();
    } else {
        home.end(state);
    }
    drop((stack, hooks));
    result
}

/// A walk nested in the dump under way on this thread.
pub fn save<'py>(
    pickler: &Bound<'py, PyAny>,
    home: &Home,
    obj: &Bound<'py, PyAny>,
    ask: bool,
) -> PyResult<()> {
    if !home.is_walking() {
        return Err(PyRuntimeError::new_err(
            "save() is to be called from a hook, during dump()",
        ));
    }
    let state = home.take()?;
    let mut walk = Walk::new(pickler.py(), state, Some((home, pickler)));
    let result = walk.save_whole(obj, ask);
    walk.memo.claim();
    if !walk.is_abandoned() {
        home.put(walk.into_state());
    }
    result
}

/// A pickle in memory, with nobody's hooks.
pub fn dumps<'py>(
    py: Python<'py>,
    obj: &Bound<'py, PyAny>,
    mut state: Box<State>,
) -> PyResult<Bound<'py, pyo3::types::PyBytes>> {
    state.hooks.quiet = true;
    let mut walk = Walk::new(py, state, None);
    walk.dump(obj)?;
    let fresh = BytesOutput::new();
    let (output, filled) = walk.out.replace_output(fresh);
    output.finish(py, filled)
}

/// `resolve_global`'s own answer, as a pair.
pub fn resolve_global<'py>(
    py: Python<'py>,
    obj: &Bound<'py, PyAny>,
    name: Option<Bound<'py, PyAny>>,
    face: Face,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let found = resolve(py, obj, name.filter(|n| !n.is_none()), face)?;
    Ok((found.module_name, found.qualname))
}

/// Bytes that the pickler takes: the object, and its memo.
pub fn size_of(class: &Bound<'_, PyAny>, home: &Home) -> PyResult<usize> {
    let object = class.getattr("__basicsize__")?.extract::<usize>()?;
    let held = home
        .with(|s| std::mem::size_of::<State>() + s.memo.size())
        .unwrap_or(0);
    Ok(object + held)
}

impl<'py> Walk<'py, '_> {
    /// Looks the hooks up if anything they rest on may have changed: the lean face at the start of
    /// a dump, the hookable face at each object that follows a passage of the gate.
    pub fn refresh_hooks(&mut self) -> PyResult<()> {
        let Some(pickler) = self.pickler().cloned() else {
            self.hooks.quiet = true;
            return Ok(());
        };
        let seen = self.hooks.seen_at;
        if seen == self.passages && seen != 0 {
            return Ok(());
        }
        // A key of the instance's own may run Python code when it is compared.
        self.memo.claim();
        if seen != 0 && self.hooks_stand(&pickler)? {
            self.hooks.seen_at = self.passages;
            return Ok(());
        }
        let face = self.face;
        let Some(base) = self.hooks.base.as_ref().map(|b| b.bind(self.py).clone()) else {
            return Ok(());
        };
        let (persistent_id, reducer_override, resolve_global, table) =
            self.leave(|py| look_up(py, &pickler, &base, face))?;
        let passages = self.passages;
        let hooks = &mut self.hooks;
        hooks.quiet = persistent_id.is_none() && (face == Face::Lean || reducer_override.is_none());
        hooks.persistent_id = persistent_id;
        hooks.reducer_override = reducer_override;
        hooks.resolve_global = resolve_global;
        if face == Face::Hookable || table.is_some() {
            hooks.dispatch_table = table;
        }
        hooks.seen_at = passages;
        hooks.class_version = type_version(pickler.as_borrowed());
        hooks.own = own_hooks(&pickler)?;
        Ok(())
    }

    /// Whether what was looked up still stands: the class is the same in all its contents, and the
    /// instance has no hook of its own, nor had one. Asking runs no Python code.
    fn hooks_stand(&self, pickler: &Bound<'py, PyAny>) -> PyResult<bool> {
        let hooks = &self.hooks;
        Ok(!hooks.own
            && hooks.class_version != 0
            && hooks.class_version == type_version(pickler.as_borrowed())
            && !own_hooks(pickler)?)
    }
}

/// Whether the instance has an attribute of its own by the name of a hook.
fn own_hooks(pickler: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = pickler.py();
    let own = instance_dict(pickler.as_borrowed())?;
    if own.is_empty() {
        return Ok(false);
    }
    let names = [
        intern!(py, "persistent_id"),
        intern!(py, "reducer_override"),
        intern!(py, "dispatch_table"),
        intern!(py, "resolve_global"),
    ];
    for name in names {
        if own.contains(name)? {
            return Ok(true);
        }
    }
    Ok(false)
}

type Found = (
    Option<Py<PyAny>>,
    Option<Py<PyAny>>,
    Option<Py<PyAny>>,
    Option<Py<PyAny>>,
);

fn look_up(
    py: Python<'_>,
    pickler: &Bound<'_, PyAny>,
    base: &Bound<'_, PyType>,
    face: Face,
) -> PyResult<Found> {
    let own = pickler.getattr_opt(intern!(py, "__dict__"))?;
    let own = own.and_then(|d| d.cast_into::<PyDict>().ok());
    let class = pickler.get_type();
    let is_base = class.is(base);
    let overridden = |name: &Bound<'_, pyo3::types::PyString>| -> PyResult<Option<Py<PyAny>>> {
        let set = match &own {
            Some(own) => own.contains(name)?,
            None => false,
        };
        if !set && (is_base || class.getattr(name)?.is(&base.getattr(name)?)) {
            return Ok(None);
        }
        Ok(Some(pickler.getattr(name)?.unbind()))
    };
    let persistent_id = overridden(intern!(py, "persistent_id"))?;
    let resolve_global = overridden(intern!(py, "resolve_global"))?;
    let empty = own.as_ref().is_none_or(|d| d.is_empty());
    if is_base && empty {
        return Ok((persistent_id, None, resolve_global, None));
    }
    let skips_none = face == Face::Hookable && Imports::get(py)?.behaviour.hookable_skips_none;
    let reducer_override = pickler.getattr_opt(intern!(py, "reducer_override"))?;
    let reducer_override = reducer_override
        .filter(|r| !(skips_none && r.is_none()))
        .map(Bound::unbind);
    let table = match face {
        Face::Hookable => {
            let table = pickler.getattr_opt(intern!(py, "dispatch_table"))?;
            let standard = &Imports::get(py)?.dispatch_table;
            table.filter(|t| !t.is(standard)).map(Bound::unbind)
        }
        // The slot is the lean face's; an attribute of the instance stands before it.
        Face::Lean => match &own {
            Some(own) => own
                .get_item(intern!(py, "dispatch_table"))?
                .map(Bound::unbind),
            None => None,
        },
    };
    Ok((persistent_id, reducer_override, resolve_global, table))
}
