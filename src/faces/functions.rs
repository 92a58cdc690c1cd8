//! `dump`, `dumps`, `load` and `loads`, and the table of opcodes.

use pickle_format::opcode::OPCODES;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::error::with_note;
use crate::faces::arguments::{GivenText, truth};
use crate::fast::thread_end::Frames;
use crate::interpreter::face::Face;
use crate::load::input::Source;
use crate::load::input::file::File;
use crate::load::session::load_alone;
use crate::load::settings::Settings;
use crate::save::session::{self, Options};

/// Writes a pickle of `obj` to `file`: the same as `Pickler(file, ...).dump(obj)`, and as C's
/// `pickle.dump`. Raises what these raise.
///
/// `progress` is called as by `Pickler`: with the bytes written so far, and None.
#[pyfunction]
#[pyo3(signature = (obj, file, protocol=None, *, fix_imports=true, buffer_callback=None, progress=None))]
pub fn dump<'py>(
    obj: &Bound<'py, PyAny>,
    file: &Bound<'py, PyAny>,
    protocol: Option<&Bound<'py, PyAny>>,
    #[pyo3(from_py_with = truth)] fix_imports: bool,
    buffer_callback: Option<&Bound<'py, PyAny>>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    let _frames = Frames::enter();
    let options = Options {
        protocol,
        fix_imports,
        buffer_callback,
    };
    let mut state = session::new_state(obj.py(), Face::Lean, Some(file), &options, None)?;
    if let Some(progress) = progress {
        state.report_to(progress)?;
    }
    session::dump_alone(obj.py(), obj, state)
}

/// A pickle of `obj` as bytes; the options are those of `Pickler`. The same as C's `pickle.dumps`, and raises
/// the same.
///
/// `progress` is called as by `Pickler`: with the bytes written so far, and None.
#[pyfunction]
#[pyo3(signature = (obj, protocol=None, *, fix_imports=true, buffer_callback=None, progress=None))]
pub fn dumps<'py>(
    obj: &Bound<'py, PyAny>,
    protocol: Option<&Bound<'py, PyAny>>,
    #[pyo3(from_py_with = truth)] fix_imports: bool,
    buffer_callback: Option<&Bound<'py, PyAny>>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyBytes>> {
    let _frames = Frames::enter();
    let options = Options {
        protocol,
        fix_imports,
        buffer_callback,
    };
    let mut state = session::new_state(obj.py(), Face::Lean, None, &options, None)?;
    if let Some(progress) = progress {
        state.report_to(progress)?;
    }
    session::dumps(obj.py(), obj, state)
}

/// Reads one pickle from `file`: the same as `Unpickler(file, ...).load()`, and as C's
/// `pickle.load`. Raises what these raise.
///
/// `progress` is called as by `Unpickler`: with the bytes of the pickle that were read so far, and those that the file
/// had from there to its end, or None.
#[pyfunction]
#[pyo3(
    signature = (
        file, *, fix_imports=true, encoding=GivenText::default(), errors=GivenText::default(), buffers=None,
        progress=None
    ),
    text_signature = "(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=None, progress=None)"
)]
pub fn load<'py>(
    file: &Bound<'py, PyAny>,
    #[pyo3(from_py_with = truth)] fix_imports: bool,
    encoding: GivenText<'_>,
    errors: GivenText<'_>,
    buffers: Option<&Bound<'py, PyAny>>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let _frames = Frames::enter();
    let face = Face::Lean;
    let methods = Some(File::of(file)?);
    let settings = Settings::new(
        file.py(),
        face,
        methods,
        fix_imports,
        [encoding.0, errors.0],
        buffers,
        progress,
    )?;
    load_alone(file.py(), &settings, Source::File)
}

/// The object of the pickle in `data`, any bytes-like object; `bytes` are not copied. Bytes behind the pickle
/// are ignored. The options are those of `Unpickler`. The same as C's `pickle.loads`, and raises the same.
///
/// `progress` is called as by `Unpickler`: with the bytes of the pickle that were read so far, and those of `data`.
#[pyfunction]
#[pyo3(
    signature = (
        data, /, *, fix_imports=true, encoding=GivenText::default(), errors=GivenText::default(), buffers=None,
        progress=None
    ),
    text_signature = "(data, /, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=None, progress=None)"
)]
pub fn loads<'py>(
    data: &Bound<'py, PyAny>,
    #[pyo3(from_py_with = truth)] fix_imports: bool,
    encoding: GivenText<'_>,
    errors: GivenText<'_>,
    buffers: Option<&Bound<'py, PyAny>>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let _frames = Frames::enter();
    let py = data.py();
    let source = match Source::of_object(data) {
        Ok(source) => source,
        Err(error) => return Err(of_text(data, error)),
    };
    let names = [encoding.0, errors.0];
    match Settings::plain(py, fix_imports, names, buffers, progress)? {
        Some(settings) => load_alone(py, settings, source),
        None => {
            let face = Face::Lean;
            let settings = Settings::new(py, face, None, fix_imports, names, buffers, progress)?;
            load_specially(py, &settings, source)
        }
    }
}

/// The error for data that is no bytes, with a note where it is text.
#[cold]
#[inline(never)]
fn of_text(data: &Bound<'_, PyAny>, error: PyErr) -> PyErr {
    if !data.is_instance_of::<PyString>() {
        return error;
    }
    let note = "a pickle is bytes, and no text: what was read as text is read in mode 'rb', and what was decoded \
                is not to be decoded";
    with_note(data.py(), error, note)
}

/// Apart from `loads`, which is faster without it.
#[cold]
#[inline(never)]
fn load_specially<'py>(
    py: Python<'py>,
    settings: &Settings,
    source: Source,
) -> PyResult<Bound<'py, PyAny>> {
    load_alone(py, settings, source)
}

/// Names the package as the functions' module: there a user finds them, and a pickle of a function too.
///
/// # Errors
/// What setting an attribute raises.
pub fn move_to_package(module: &Bound<'_, PyModule>) -> PyResult<()> {
    for name in [
        "dump", "dumps", "load", "loads", "genops", "dis", "optimize",
    ] {
        module.getattr(name)?.setattr("__module__", "oxipickle")?;
    }
    Ok(())
}

/// One row of the table: name, code, argument, stack before, stack after, protocol.
type Row = (String, u8, Option<String>, Vec<String>, Vec<String>, u8);

/// The table of opcodes that reader and writer rest on, in the order of `pickletools.opcodes`.
#[pyfunction]
pub fn opcode_table() -> Vec<Row> {
    OPCODES
        .iter()
        .map(|row| {
            (
                row.name.to_owned(),
                row.code,
                row.argument.map(|a| a.name().to_owned()),
                row.stack_before
                    .iter()
                    .map(|s| s.name().to_owned())
                    .collect(),
                row.stack_after
                    .iter()
                    .map(|s| s.name().to_owned())
                    .collect(),
                row.protocol,
            )
        })
        .collect()
}
