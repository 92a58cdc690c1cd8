//! A dump begun and ended, for classes and functions.

use pickle_format::protocol::Protocol;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};

use crate::error::pickling_error;
use crate::fast::attribute::optional_attribute;
use crate::fast::fresh;
use crate::fast::held::{Held, give_up_late};
use crate::fast::method::builtin_method;
use crate::gate::home::Home;
use crate::gate::progress::{Progress, check_callback};
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::save::globals::resolve::resolve;
use crate::save::hooks::Own;
use crate::save::note::no_write;
use crate::save::spare::{fresh_state, keep};
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
    let mut state = fresh_state(face, protocol, options.fix_imports, keeps_memo)?;
    let is_lean = face == Face::Lean;
    state.writer.marks_last_of_batch = is_lean && imports.lean.marks_last_of_batch;
    state.writer.notices_list_growth = is_lean && imports.lean.notices_list_growth;
    state.hooks.base = base.map(Held::from);
    state.buffer_callback = callback.map(Held::from);
    if let Some(file) = file {
        let write = optional_attribute(file, intern!(py, "write"))?;
        let write = write.ok_or_else(|| no_write(file))?;
        state.write_by(&write)?;
    }
    Ok(state)
}

/// The state of a hookable pickler, which belongs to the framer that `own` tells, writes by this function, and tells
/// `progress`, which can be called, how far it has got. What else there is to know stands in the pickler's dict, and
/// is read from there.
///
/// # Errors
/// MemoryError.
pub fn new_hookable_state(
    write: &Bound<'_, PyAny>,
    progress: Option<&Bound<'_, PyAny>>,
    own: Own,
) -> PyResult<Box<State>> {
    let mut state = fresh_state(Face::Hookable, Protocol::HIGHEST, false, true)?;
    if let Some(progress) = progress {
        state.report_to(progress)?;
    }
    state.hooks.own = own;
    state.write_by(write)?;
    Ok(state)
}

impl State {
    /// Tells this callback how far a dump has got.
    ///
    /// # Errors
    /// TypeError for what can't be called; MemoryError.
    #[cold]
    #[inline(never)]
    pub fn report_to(&mut self, callback: &Bound<'_, PyAny>) -> PyResult<()> {
        check_callback(callback)?;
        self.progress = Some(fresh::boxed(Progress::new(callback.into()))?);
        Ok(())
    }

    /// Hands what is written to this function, a file's `write`.
    fn write_by(&mut self, write: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = write.py();
        let imports = Imports::get(py)?;
        self.writes_natively = builtin_method(write).is_some_and(|(name, owner)| {
            name == c"write" && owner.get_type().is(&imports.bytes_io_type)
        });
        self.write = Some(write.into());
        self.writer.has_file = true;
        Ok(())
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
    work(pickler, home, |walk| walk.dump(&Held::from(obj)))
}

/// How upstream's Python class is stood in for.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Served {
    Natively,
    /// Not at all: the pickler has something that the walk does not model, and upstream's own function is to be
    /// called.
    ByUpstream,
}

/// One whole dump of a hookable pickler.
///
/// # Errors
/// As for `dump`.
pub fn dump_hookable(
    pickler: &Bound<'_, PyAny>,
    home: &Home<State>,
    obj: &Bound<'_, PyAny>,
) -> PyResult<Served> {
    work(pickler, home, |walk| {
        walk.refresh_hooks()?;
        if walk.state().hooks.found.is_foreign {
            return Ok(Served::ByUpstream);
        }
        // As upstream, whatever a `save` outside of a dump left in the framer is dropped.
        walk.writer().drop_frame();
        walk.dump(&Held::from(obj))?;
        Ok(Served::Natively)
    })
}

/// Tells how many bytes were written by a dump of a hookable pickler that upstream's own function has carried out; but
/// not within another dump of this pickler.
///
/// # Errors
/// What the callback raises.
pub fn end_dump_by_upstream(pickler: &Bound<'_, PyAny>, home: &Home<State>) -> PyResult<()> {
    match home.with(|state| state.progress.is_some()) {
        Ok(true) => work(pickler, home, |walk| walk.report_end()),
        _ => Ok(()),
    }
}

fn work<R>(
    pickler: &Bound<'_, PyAny>,
    home: &Home<State>,
    act: impl FnOnce(&mut Walk<'_, '_>) -> PyResult<R>,
) -> PyResult<R> {
    work_on(pickler, home, Ending::DropsFrame, act)
}

/// What becomes of the frame that is open at the end of a session.
#[derive(Copy, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Whatever a failed dump left is dropped.
    DropsFrame,
    KeepsFrame,
}

/// An outermost session.
pub fn work_on<R>(
    pickler: &Bound<'_, PyAny>,
    home: &Home<State>,
    ending: Ending,
    act: impl FnOnce(&mut Walk<'_, '_>) -> PyResult<R>,
) -> PyResult<R> {
    let py = pickler.py();
    let imports = Imports::get(py)?;
    let owner = Held::from(pickler);
    // From here on the state is away: whatever fails, it comes back.
    let mut walk = Walk::new(py, imports, home.begin(py)?, Some((home, &owner)));
    let result = act(&mut walk);
    let lost = walk.is_abandoned();
    let mut state = walk.into_state();
    if ending == Ending::DropsFrame {
        state.writer.drop_frame();
    }
    // The memo stays, with references to all of it.
    state.writer.memo.claim();
    state.drop_work();
    let found = state.hooks.take_found(state.writer.face);
    if lost {
        home.abandon();
        drop(state);
    } else {
        home.end(state);
    }
    drop((found, owner));
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
    end_alone(py, walk, obj);
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
    let result = walk.dump(&obj).and_then(|()| {
        let mut written = walk.writer().take_output();
        let result = written.finish(py)?;
        walk.writer().put_output(written.into_room());
        Ok(result)
    });
    end_alone(py, walk, obj);
    result
}

/// Ends a walk with nobody's hooks.
fn end_alone(py: Python<'_>, walk: Walk<'_, '_>, obj: Held) {
    keep(walk.into_state());
    drop(obj);
    give_up_late(py);
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
