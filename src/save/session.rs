//! A dump begun and ended, for classes and functions.

use pickle_format::frame::FrameWriter;
use pickle_format::protocol::Protocol;
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyTuple, PyType};

use crate::error::pickling_error;
use crate::fast::fresh;
use crate::fast::held::{Held, give_up_late};
use crate::fast::output::BytesOutput;
use crate::gate::home::Home;
use crate::interpreter::face::{Face, GlobalStyle};
use crate::interpreter::imports::Imports;
use crate::save::globals::resolve::resolve;
use crate::save::state::State;
use crate::save::walk::Walk;

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
///
/// # Errors
/// TypeError for a file without `write`; ValueError for a protocol that there is not, and for a
/// `buffer_callback` below protocol 5.
pub fn new_state<'py>(
    py: Python<'py>,
    face: Face,
    file: Option<&Bound<'py, PyAny>>,
    options: &Options<'_, 'py>,
    base: Option<Bound<'py, PyType>>,
) -> PyResult<Box<State>> {
    let imports = Imports::get(py)?;
    let protocol = options.protocol(py)?;
    let callback = options.buffer_callback.filter(|c| !c.is_none());
    if callback.is_some() && !protocol.has_buffers() {
        return Err(PyValueError::new_err("buffer_callback needs protocol >= 5"));
    }
    let keeps_memo = base.is_some();
    let state = State::new(face, protocol, options.fix_imports, keeps_memo);
    let mut state = fresh::boxed(state)?;
    let is_lean = face == Face::Lean;
    state.writer.marks_last_of_batch = is_lean && imports.saving.lean_marks_last_of_batch;
    state.writer.notices_list_growth = is_lean && imports.saving.lean_notices_list_growth;
    state.hooks.base = base.map(Held::from);
    state.buffer_callback = callback.map(Held::from);
    if let Some(file) = file {
        let write = file.getattr_opt(intern!(py, "write"))?;
        let write =
            write.ok_or_else(|| PyTypeError::new_err("file must have a 'write' attribute"))?;
        state.writes_natively = file.get_type().is(&imports.bytes_io_type)
            && write
                .getattr_opt(intern!(py, "__self__"))?
                .is_some_and(|s| s.is(file))
            && write.get_type().is(&imports.builtin_method_type);
        state.write = Some(write.into());
        state.writer.has_file = true;
    }
    Ok(state)
}

/// The style that the pickler's class chooses.
///
/// # Errors
/// ValueError for any but the two.
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
///
/// # Errors
/// PicklingError for what can't be pickled, and before `__init__`; RuntimeError within a dump of this
/// pickler; what hooks and the file raise.
pub fn dump(
    pickler: &Bound<'_, PyAny>,
    home: &Home<State>,
    obj: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let py = pickler.py();
    if !home.is_initialized() {
        let name = pickler.get_type().name()?;
        return Err(pickling_error(
            py,
            format!("Pickler.__init__() was not called by {name}.__init__()"),
        ));
    }
    let imports = Imports::get(py)?;
    let (owner, obj) = (Held::from(pickler), Held::from(obj));
    // From here on the state is away: whatever fails, it comes back.
    let mut walk = Walk::new(py, imports, home.begin()?, Some((home, &owner)));
    let result = walk.dump(&obj);
    let lost = walk.is_abandoned();
    let mut state = walk.into_state();
    // Whatever a failed dump left is dropped; the memo stays, with references to all of it.
    state.writer.out = FrameWriter::new(BytesOutput::new());
    state.writer.memo.claim();
    state.depth = 0;
    let found = state.hooks.take_found(state.writer.face);
    let stack = std::mem::take(&mut state.stack);
    if lost {
        home.abandon();
        drop(state);
    } else {
        home.end(state);
    }
    drop((stack, found, owner, obj));
    give_up_late(py);
    result
}

/// A walk nested in the dump under way on this thread. `asks_id` says whether `obj` may have a persistent id.
///
/// # Errors
/// As for `dump`; RuntimeError outside of a dump, and from another thread.
pub fn save(
    pickler: &Bound<'_, PyAny>,
    home: &Home<State>,
    obj: &Bound<'_, PyAny>,
    asks_id: bool,
) -> PyResult<()> {
    let py = pickler.py();
    if !home.is_working() {
        return Err(PyRuntimeError::new_err(
            "save() is to be called from a hook, during dump()",
        ));
    }
    let imports = Imports::get(py)?;
    let (owner, obj) = (Held::from(pickler), Held::from(obj));
    let mut walk = Walk::new(py, imports, home.take()?, Some((home, &owner)));
    let result = walk.save_whole(&obj, asks_id);
    walk.writer().memo.claim();
    if !walk.is_abandoned() {
        home.put(walk.into_state());
    }
    drop((owner, obj));
    give_up_late(py);
    result
}

/// A pickle to a file, with nobody's hooks.
///
/// # Errors
/// PicklingError for what can't be pickled; what methods of the objects and the file raise.
pub fn dump_alone(py: Python<'_>, obj: &Bound<'_, PyAny>, state: Box<State>) -> PyResult<()> {
    let obj = Held::from(obj);
    let mut walk = Walk::new(py, Imports::get(py)?, state, None);
    let result = walk.dump(&obj);
    drop((walk, obj));
    give_up_late(py);
    result
}

/// A pickle in memory, with nobody's hooks.
///
/// # Errors
/// As for `dump_alone`.
pub fn dumps<'py>(
    py: Python<'py>,
    obj: &Bound<'py, PyAny>,
    state: Box<State>,
) -> PyResult<Bound<'py, PyBytes>> {
    let obj = Held::from(obj);
    let mut walk = Walk::new(py, Imports::get(py)?, state, None);
    let result = walk.dump(&obj);
    let (output, filled) = walk.writer().take_output_of(result.is_ok());
    drop((walk, obj));
    give_up_late(py);
    result?;
    output.finish(py, filled)
}

/// `resolve_global`'s own answer, as a pair.
///
/// # Errors
/// PicklingError where no name leads back to the object.
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
///
/// # Errors
/// What reading `__basicsize__` raises.
pub fn size_of(class: &Bound<'_, PyAny>, home: &Home<State>) -> PyResult<usize> {
    let object = class.getattr("__basicsize__")?.extract::<usize>()?;
    let held = home
        .with(|s| std::mem::size_of::<State>() + s.writer.memo.size())
        .unwrap_or(0);
    Ok(object + held)
}

/// Empties the memo; what it held is released after.
///
/// # Errors
/// RuntimeError while a dump runs natively.
pub fn clear_memo(home: &Home<State>) -> PyResult<()> {
    drop(home.with(|state| state.writer.memo.clear())?);
    Ok(())
}

/// The memo's contents: `{id(obj): (index, obj)}`.
///
/// # Errors
/// RuntimeError while a dump runs natively; MemoryError.
pub fn copy_memo<'py>(py: Python<'py>, home: &Home<State>) -> PyResult<Bound<'py, PyDict>> {
    let entries = home.with(|state| state.writer.memo.entries(py))??;
    let contents = fresh::dict(py)?;
    let object_type = py.get_type::<PyAny>();
    for (index, object) in entries {
        let object = match object {
            Some(object) => object.into_bound(py),
            None => object_type.call0()?,
        };
        contents.set_item(object.as_ptr() as usize, (index, object))?;
    }
    Ok(contents)
}

/// Puts the contents of a dict, `{anything: (index, obj)}`, in place of the memo's.
///
/// # Errors
/// TypeError for what is no such dict; RuntimeError while a dump runs natively; MemoryError.
pub fn assign_memo(home: &Home<State>, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let dict = value.cast::<PyDict>().map_err(|_| {
        let name = value.get_type().name();
        let name = name.map_or_else(|_| String::new(), |n| n.to_string());
        PyTypeError::new_err(format!(
            "'memo' attribute must be a PicklerMemoProxy object or dict, not {name}"
        ))
    })?;
    let items = dict.iter().map(|(_, entry)| match entry.cast::<PyTuple>() {
        Ok(pair) if pair.len() == 2 => Ok((
            pair.get_item(0)?.extract::<usize>()?,
            pair.get_item(1)?.unbind(),
        )),
        _ => Err(PyTypeError::new_err("'memo' values must be 2-item tuples")),
    });
    let items = items.collect::<PyResult<Vec<_>>>()?;
    let has_atoms = items.iter().any(|(_, obj)| is_atom(obj.bind(value.py())));
    let replaced = home.with(|state| {
        if has_atoms {
            state.writer.expect_memoized_atoms();
        }
        state.writer.memo.assign(items)
    });
    drop(replaced??);
    Ok(())
}

/// Whether an object is written without being looked up in the memo, unless one like it was entered there.
fn is_atom(obj: &Bound<'_, PyAny>) -> bool {
    obj.is_none()
        || obj.is_exact_instance_of::<PyBool>()
        || obj.is_exact_instance_of::<PyInt>()
        || obj.is_exact_instance_of::<PyFloat>()
        || obj
            .cast_exact::<PyTuple>()
            .is_ok_and(|tuple| tuple.is_empty())
}
