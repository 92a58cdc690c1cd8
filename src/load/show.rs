//! What Python code finds that looks at an unpickler of the hookable face: upstream's attributes. What was kept
//! natively becomes the unpickler's own when it is asked for, once, and stays so for the rest of the load.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

use crate::fast::fresh;
use crate::fast::instance::instance_dict;
use crate::fast::no_memory::NoMemory;
use crate::gate::home::Home;
use crate::interpreter::imports::Imports;
use crate::load::state::{State, look};
use crate::load::unframer::Unframer;

/// An attribute that the unpickler has only once it is asked for; None where upstream's would have none.
///
/// # Errors
/// RuntimeError while a load runs natively; MemoryError.
pub fn show<'py>(
    unpickler: &Bound<'py, PyAny>,
    name: &'static str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = unpickler.py();
    let dict = instance_dict(unpickler.as_borrowed())?;
    let name = PyString::intern(py, name);
    if let Some(value) = dict.get_item(&name)? {
        return Ok(Some(value));
    }
    match Unframer::of(&dict)? {
        Some(unframer) => {
            let home = &unframer.get().home;
            match name.to_str()? {
                "memo" => show_memo(&dict, home)?,
                "stack" | "metastack" | "append" => show_lists(&dict, home)?,
                _ => hand_over(unpickler, home)?,
            }
        }
        // A load that somebody has written himself has put another one there, and begins with no memo.
        None if name.to_str()? == "memo" && dict.contains(intern!(py, "_unframer"))? => {
            dict.set_item(&name, fresh::dict(py)?)?;
        }
        None => {}
    }
    dict.get_item(name)
}

/// Sets an attribute that the unpickler does not have yet.
fn set_missing(dict: &Bound<'_, PyDict>, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
    let name = PyString::intern(dict.py(), name);
    if !dict.contains(&name)? {
        dict.set_item(name, value)?;
    }
    Ok(())
}

/// The memo becomes the unpickler's: a dict `{index: obj}`.
///
/// # Errors
/// RuntimeError while a load runs natively; MemoryError.
pub fn show_memo(dict: &Bound<'_, PyDict>, home: &Home<State>) -> PyResult<()> {
    let py = dict.py();
    let memo = look(home, |state| {
        if let Some(shown) = &mut state.shown {
            shown.has_memo = true;
        }
        let empty = state.empty_memo();
        std::mem::replace(&mut state.memo, empty)
    })?;
    let contents = fresh::dict(py)?;
    let entries = memo.iter().map_err(|_| NoMemory)?;
    for (index, value) in entries {
        contents.set_item(index, value)?;
    }
    set_missing(dict, "memo", contents.as_any())
}

/// The stack becomes the unpickler's: `stack`, and below each mark a list of `metastack`.
fn show_lists(dict: &Bound<'_, PyDict>, home: &Home<State>) -> PyResult<()> {
    let py = dict.py();
    let resting = look(home, |state| {
        let shown = state.shown.as_mut()?;
        shown.has_lists = true;
        Some(std::mem::take(&mut shown.stack))
    })?;
    let metastack = fresh::list(py)?;
    let mut stack = fresh::list(py)?;
    if let Some(resting) = resting {
        let (values, marks) = resting.into_parts(py);
        let mut marks = marks.iter().peekable();
        for (place, value) in values.into_iter().enumerate() {
            while marks.next_if_eq(&&place).is_some() {
                metastack.append(std::mem::replace(&mut stack, fresh::list(py)?))?;
            }
            stack.append(value)?;
        }
        for _ in marks {
            metastack.append(std::mem::replace(&mut stack, fresh::list(py)?))?;
        }
    }
    let append = stack.getattr(intern!(py, "append"))?;
    let kept = append.clone().unbind();
    let old = look(home, |state| {
        let shown = state.shown.as_mut()?;
        shown.append.replace(kept)
    })?;
    drop(old);
    set_missing(dict, "metastack", metastack.as_any())?;
    set_missing(dict, "stack", stack.as_any())?;
    set_missing(dict, "append", &append)
}

/// All becomes the unpickler's, where the bytes come from included: upstream's own code goes on with the load
/// from here.
///
/// # Errors
/// RuntimeError where the load is at a place from which nobody else can read on; MemoryError.
pub fn hand_over(unpickler: &Bound<'_, PyAny>, home: &Home<State>) -> PyResult<()> {
    let py = unpickler.py();
    let dict = instance_dict(unpickler.as_borrowed())?;
    let (frame, is_under_way) = look(home, |state| match &mut state.shown {
        Some(shown) => (shown.window.take(), true),
        None => (None, false),
    })?;
    if is_under_way && frame.is_none() {
        return Err(Home::<State>::in_use());
    }
    let unframer = upstream_unframer(py, home)?;
    if let Some((window, is_frame)) = frame
        && (is_frame || window.rest() > 0)
    {
        let frame = Imports::get(py)?.bytes_io_type.bind(py);
        let frame = frame.call1((PyBytes::new(py, window.up_to_limit()),))?;
        frame.call_method1(intern!(py, "seek"), (window.position(),))?;
        unframer.setattr(intern!(py, "current_frame"), frame)?;
    }
    show_memo(&dict, home)?;
    show_lists(&dict, home)?;
    for name in ["read", "readinto", "readline"] {
        set_missing(&dict, name, &unframer.getattr(name)?)?;
    }
    let read = unframer.getattr(intern!(py, "read"))?.unbind();
    look(home, |state| {
        if let Some(shown) = &mut state.shown {
            shown.handed_over = Some(read);
        }
    })?;
    if Unframer::of(&dict)?.is_some() {
        dict.set_item(intern!(py, "_unframer"), unframer)?;
    }
    Ok(())
}

/// Where a hook has put something in the place of a part of the stack, the other parts become the unpickler's too:
/// what is pushed next goes where upstream's code would have put it.
///
/// # Errors
/// RuntimeError while a load runs natively; MemoryError.
pub fn show_beside_what_was_set(unpickler: &Bound<'_, PyAny>, home: &Home<State>) -> PyResult<()> {
    let py = unpickler.py();
    let dict = instance_dict(unpickler.as_borrowed())?;
    let is_set = dict.contains(intern!(py, "append"))?
        || dict.contains(intern!(py, "stack"))?
        || dict.contains(intern!(py, "metastack"))?;
    let has_lists = look(home, |state| {
        state.shown.as_ref().is_none_or(|shown| shown.has_lists)
    })?;
    if is_set && !has_lists {
        show_lists(&dict, home)?;
    }
    Ok(())
}

/// An `_Unframer` of upstream's, outside of frames.
fn upstream_unframer<'py>(py: Python<'py>, home: &Home<State>) -> PyResult<Bound<'py, PyAny>> {
    let settings = look(home, |state| state.settings.clone())?;
    let Some(file) = settings.as_ref().and_then(|s| s.file.as_ref()) else {
        return Err(Home::<State>::in_use());
    };
    let class = py
        .import("oxipickle._pristine_python")?
        .getattr("PythonUnframer")?;
    class.call1((file.read(py)?, file.readline(py)?))
}

/// An attribute of an unpickler's `_unframer`: upstream's, which from then on takes its place.
///
/// # Errors
/// AttributeError where upstream's has none of that name; as `hand_over`.
pub fn unframer_attribute<'py>(
    home: &Home<State>,
    name: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = name.py();
    if name.to_str()?.starts_with("__") {
        let words = format!("'_Unframer' object has no attribute '{name}'");
        return Err(pyo3::exceptions::PyAttributeError::new_err(words));
    }
    let unpickler = look(home, |state| {
        let shown = state.shown.as_ref()?;
        Some(shown.unpickler.clone_ref(py))
    })?;
    let Some(unpickler) = unpickler else {
        return upstream_unframer(py, home)?.getattr(name);
    };
    let unpickler = unpickler.bind(py);
    hand_over(unpickler, home)?;
    let dict = instance_dict(unpickler.as_borrowed())?;
    match dict.get_item(intern!(py, "_unframer"))? {
        Some(unframer) => unframer.getattr(name),
        None => Err(Home::<State>::in_use()),
    }
}
