//! A framer's own methods, called from outside of the walk: between two sessions, or from somebody's method in
//! the midst of one. Follows `pickle._Framer`.

use pickle_format::sink::Sink;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyMemoryView};

use crate::fast::fresh;
use crate::fast::held::give_up_late;
use crate::fast::written;
use crate::gate::home::Home;
use crate::save::fault::Fault;
use crate::save::state::State;

fn checked<R>(py: Python<'_>, result: Result<R, impl Into<Fault>>) -> PyResult<R> {
    result.map_err(|fault| fault.into().into_exception(py))
}

/// Whether what is written goes into frames.
///
/// # Errors
/// RuntimeError while a session runs natively.
pub fn is_framing(home: &Home<State>) -> PyResult<bool> {
    home.with(|state| state.writer.out.is_framing())
}

/// Bytes in the open frame.
///
/// # Errors
/// As for `is_framing`.
pub fn frame_size(home: &Home<State>) -> PyResult<usize> {
    home.with(|state| state.writer.out.frame_size().unwrap_or(0))
}

/// The bytes in the open frame.
///
/// # Errors
/// As for `is_framing`.
pub fn frame_contents<'py>(py: Python<'py>, home: &Home<State>) -> PyResult<Bound<'py, PyBytes>> {
    home.with(|state| written::frame_contents(py, &mut state.writer.out))?
}

/// Begins framing.
///
/// # Errors
/// MemoryError; as for `is_framing`.
pub fn start_framing(home: &Home<State>) -> PyResult<()> {
    let started = home.with(|state| state.writer.out.start_framing())?;
    started.map_err(|_| pyo3::exceptions::PyMemoryError::new_err(()))
}

/// Ends framing; as upstream, an empty frame stays open.
///
/// # Errors
/// What the file's `write` raises; as for `is_framing`.
pub fn end_framing(py: Python<'_>, home: &Home<State>) -> PyResult<()> {
    if frame_size(home)? == 0 {
        return Ok(());
    }
    let ended = home.with(|state| state.writer.out.end_framing())?;
    checked(py, ended)?;
    flush(py, home)
}

/// Commits the open frame if it is full, or if it must be.
///
/// # Errors
/// As for `end_framing`; MemoryError.
pub fn commit_frame(py: Python<'_>, home: &Home<State>, force: bool) -> PyResult<()> {
    let commits = home.with(|state| {
        let out = &mut state.writer.out;
        let commits = out.frame_size().is_some() && (force || out.is_frame_full());
        if commits {
            out.commit_frame();
        }
        commits
    })?;
    if !commits {
        return Ok(());
    }
    flush(py, home)?;
    let opened = home.with(|state| state.writer.out.open_frame())?;
    checked(py, opened)
}

/// Hands what was written, and belongs to no open frame, to the file.
fn flush(py: Python<'_>, home: &Home<State>) -> PyResult<()> {
    let (mut written, write) = home.with(|state| {
        let write = state.write.as_ref().map(|write| write.bind(py).clone());
        (state.writer.take_for_file(), write)
    })?;
    if !written.is_empty()
        && let Some(write) = write
    {
        write.call1((written.finish(py)?,))?;
    }
    give_up_late(py);
    Ok(())
}

/// Puts bytes into the open frame, and gives their number; hands them to the file where none is open, and gives
/// what the file gives.
///
/// # Errors
/// TypeError for what has no bytes; MemoryError; as for `end_framing`.
pub fn write<'py>(home: &Home<State>, data: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = data.py();
    if !is_framing(home)? {
        flush(py, home)?;
        let write = home.with(|state| state.write.as_ref().map(|write| write.bind(py).clone()))?;
        let Some(write) = write else {
            return Ok(py.None().into_bound(py));
        };
        let result = write.call1((data,))?;
        count(home, data)?;
        return Ok(result);
    }
    // A copy of what others may write to meanwhile.
    let bytes = match data.cast::<PyBytes>() {
        Ok(bytes) => bytes.clone(),
        Err(_) => {
            let view = py.get_type::<PyMemoryView>().call1((data,))?;
            let copy = view.call_method0(intern!(py, "tobytes"))?;
            copy.cast_into::<PyBytes>()?
        }
    };
    let bytes = bytes.as_bytes();
    let written = home.with(|state| state.writer.out.write_slice(bytes))?;
    checked(py, written)?;
    fresh::int(py, bytes.len())
}

/// Hands the open frame to the file, and then a header and a payload.
///
/// # Errors
/// As for `commit_frame`.
pub fn write_large_bytes(
    home: &Home<State>,
    header: &Bound<'_, PyAny>,
    payload: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let py = header.py();
    if is_framing(home)? {
        commit_frame(py, home, true)?;
    } else {
        flush(py, home)?;
    }
    let write = home.with(|state| state.write.as_ref().map(|write| write.bind(py).clone()))?;
    if let Some(write) = write {
        for data in [header, payload] {
            write.call1((data,))?;
            count(home, data)?;
        }
    }
    Ok(())
}

/// Counts what was handed to the file at once.
fn count(home: &Home<State>, data: &Bound<'_, PyAny>) -> PyResult<()> {
    let len = match (data.cast::<PyBytes>(), data.cast::<PyByteArray>()) {
        (Ok(bytes), _) => bytes.as_bytes().len(),
        (_, Ok(bytes)) => bytes.len(),
        _ => 0,
    };
    home.with(|state| state.writer.out.count_handed_out(len))
}
