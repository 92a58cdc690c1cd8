//! A load from its beginning to its end: by an unpickler object, or by a function. And what an unpickler
//! answers between two loads.

use std::sync::Arc;

use pyo3::exceptions::{PyMemoryError, PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt};

use crate::error::unpickling_error;
use crate::fast::fresh;
use crate::gate::home::Home;
use crate::interpreter::imports::Imports;
use crate::load::input::file::File;
use crate::load::input::{Input, Source};
use crate::load::machine::Machine;
use crate::load::nesting::Nesting;
use crate::load::premises::Premises;
use crate::load::settings::Settings;
use crate::load::spare;
use crate::load::state::{State, look};
use crate::load::{collector, find_class};

/// Begins afresh with these settings and an empty memo.
///
/// # Errors
/// RuntimeError while a load is under way; MemoryError.
pub fn initialize(py: Python<'_>, home: &Home<State>, settings: Settings) -> PyResult<()> {
    let mut state = spare::fresh_state(py)?;
    state.begin_with(Arc::new(settings));
    // The release of the old state may run Python code, so it happens out here.
    drop(home.initialize(py, state)?);
    Ok(())
}

/// The state of an unpickler that was given nothing but a file.
///
/// # Errors
/// MemoryError.
#[inline(always)]
pub fn plain_state(file: File, py: Python<'_>) -> PyResult<Box<State>> {
    let mut state = spare::fresh_state(py)?;
    state.begin_with(Arc::new(Settings::plain_of_file(py, file)?));
    Ok(state)
}

/// `find_class`'s own answer, for the pickle that is being read.
///
/// # Errors
/// As `find_class::find_class`; RuntimeError while a load runs natively.
pub fn find_class<'py>(
    home: &Home<State>,
    module_name: &Bound<'py, PyAny>,
    name: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let (proto, settings) = look(home, |state| (state.proto, state.settings.clone()))?;
    let fix_imports = settings.is_none_or(|settings| settings.fix_imports);
    find_class::find_class(module_name, name, proto, fix_imports)
}

/// Bytes that the unpickler takes: the object, and its memo.
///
/// # Errors
/// What reading the class's attribute raises.
pub fn size_of(class: &Bound<'_, PyAny>, home: &Home<State>) -> PyResult<usize> {
    let object = class.getattr("__basicsize__")?.extract::<usize>()?;
    let entries = look(home, |state| state.memo.len()).unwrap_or(0);
    Ok(object + entries * std::mem::size_of::<usize>())
}

fn no_memory<E>(_: E) -> PyErr {
    PyMemoryError::new_err(())
}

/// Forgets every object that was memoized.
///
/// # Errors
/// RuntimeError while a load runs natively.
pub fn clear_memo(home: &Home<State>) -> PyResult<()> {
    let old = look(home, |state| {
        let empty = state.empty_memo();
        let memo = std::mem::replace(&mut state.memo, empty);
        (memo, state.unfilled.forget())
    })?;
    drop(old);
    Ok(())
}

/// The memo's contents: `{index: obj}`.
///
/// # Errors
/// RuntimeError while a load runs natively; MemoryError.
pub fn copy_memo<'py>(py: Python<'py>, home: &Home<State>) -> PyResult<Bound<'py, PyDict>> {
    let filled = look(home, |state| state.unfilled.fill(py))??;
    drop(filled);
    let entries = look(home, |state| {
        let mut entries = Vec::new();
        let memo = &state.memo;
        entries.try_reserve_exact(memo.len()).map_err(no_memory)?;
        let values = memo.iter().map_err(no_memory)?;
        entries.extend(values.map(|(index, value)| (index, value.clone_ref(py))));
        Ok::<_, PyErr>(entries)
    })??;
    let contents = fresh::dict(py)?;
    for (index, value) in entries {
        contents.set_item(fresh::int(py, index)?, value)?;
    }
    Ok(contents)
}

/// Puts a dict's contents in place of the memo's.
///
/// # Errors
/// TypeError, ValueError and OverflowError for a key that is no index; RuntimeError while a load runs
/// natively; MemoryError.
pub fn assign_memo(home: &Home<State>, contents: &Bound<'_, PyDict>) -> PyResult<()> {
    let mut memo = look(home, |state| state.empty_memo())?;
    for (key, value) in contents.iter() {
        if !key.is_instance_of::<PyInt>() {
            return Err(PyTypeError::new_err("memo key must be integers"));
        }
        let index = key.extract::<isize>().map_err(|_| {
            PyOverflowError::new_err("Python int too large to convert to C ssize_t")
        })?;
        let index = usize::try_from(index)
            .map_err(|_| PyValueError::new_err("memo key must be positive integers."))?;
        memo.put(index, value.unbind()).map_err(no_memory)?;
    }
    // Whichever memo is left over is released out here.
    let swapped = look(home, |state| {
        std::mem::swap(&mut state.memo, &mut memo);
        state.unfilled.forget()
    });
    drop(memo);
    swapped.map(drop)
}

/// One whole load of an unpickler object of the lean face.
///
/// # Errors
/// What the pickle, the file and the hooks raise; RuntimeError while another load is under way.
pub fn load<'py>(unpickler: &Bound<'py, PyAny>, home: &Home<State>) -> PyResult<Bound<'py, PyAny>> {
    let py = unpickler.py();
    if !home.is_initialized() {
        let name = unpickler.get_type().name()?;
        let words = format!("Unpickler.__init__() was not called by {name}.__init__()");
        return Err(unpickling_error(py, &words));
    }
    let _nesting = Nesting::enter(py)?;
    let mut state = home.begin(py)?;
    let Some(settings) = state.settings.clone() else {
        home.end(state);
        return Err(Home::<State>::in_use());
    };
    state.proto = 0;
    match carry_out(unpickler, home, state, &settings, None)? {
        Loaded::Object(object) => Ok(object),
        Loaded::HandedOver { .. } => Err(Home::<State>::in_use()),
    }
}

/// What a load comes to.
pub enum Loaded<'py> {
    /// To its STOP.
    Object(Bound<'py, PyAny>),
    /// To a place in the middle of the pickle, from where upstream's own code goes on, and reads by this method.
    HandedOver { read: Bound<'py, PyAny> },
}

/// A load on this state, which a session has taken.
///
/// # Errors
/// What the pickle, the file and the hooks raise.
pub fn carry_out<'py>(
    unpickler: &Bound<'py, PyAny>,
    home: &Home<State>,
    mut state: Box<State>,
    settings: &Settings,
    premises: Option<Premises<'py>>,
) -> PyResult<Loaded<'py>> {
    let py = unpickler.py();
    let imports = match Imports::get(py) {
        Ok(imports) => imports,
        Err(error) => {
            let shown = state.shown.take();
            home.end(state);
            drop(shown);
            return Err(error);
        }
    };
    let ahead = state.ahead;
    let input = Input::new(settings, Source::File);
    let memo_is_shown = state.shown.as_ref().is_some_and(|shown| shown.has_memo);
    let mut machine = Machine::new(py, imports, input, state, Some((home, unpickler)));
    machine.memo_is_shown = memo_is_shown;
    machine.premises = premises;
    machine.has_handlers = machine
        .premises
        .as_ref()
        .is_some_and(|premises| !premises.changed.is_empty());
    let result = machine
        .read_from_file(|input| input.skip(py, ahead))
        .and_then(|()| machine.begin_above_lists())
        .and_then(|()| machine.look_up_hooks())
        .and_then(|()| machine.load());
    machine.leave_lists();
    machine.state.ahead = machine.input.ahead();
    let shown = machine.state.shown.take();
    let result = match machine.give_state_back() {
        Some(state) => {
            home.end(state);
            result
        }
        None => {
            home.abandon();
            Err(Home::<State>::in_use())
        }
    };
    // Only now are the stack's values released: a finaliser may use the unpickler again.
    drop(machine);
    if result.is_err() {
        collector::give_back_late(py, imports);
    }
    let read = shown.and_then(|shown| shown.handed_over);
    match (result?, read) {
        (Some(object), _) => Ok(Loaded::Object(object)),
        (None, Some(read)) => Ok(Loaded::HandedOver {
            read: read.into_bound(py),
        }),
        (None, None) => Err(Home::<State>::in_use()),
    }
}

/// A load by a function, with nobody's hooks.
///
/// # Errors
/// What the pickle and the file raise.
#[inline(always)]
pub fn load_alone<'py>(
    py: Python<'py>,
    settings: &Settings,
    source: Source,
) -> PyResult<Bound<'py, PyAny>> {
    let _nesting = Nesting::enter(py)?;
    let imports = Imports::get(py)?;
    let mut state = spare::fresh_state(py)?;
    state.memo.count(settings.counts_far_entries);
    let input = Input::new(settings, source);
    let mut machine = Machine::new(py, imports, input, state, None);
    let result = machine.load();
    if let Some(state) = machine.give_state_out() {
        spare::keep(state, py);
    }
    if result.is_err() {
        collector::give_back_late(py, imports);
    }
    result?.ok_or_else(Home::<State>::in_use)
}
