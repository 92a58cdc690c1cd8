//! The functions that look at pickles: `pickletools`' by name, and what the commands ask.

use pickle_format::census::Census;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fast::thread_end::Frames;
use crate::look::dis::{Disassembly, Form};
use crate::look::instructions::Instructions;
use crate::look::optimizer::optimized;
use crate::look::palette::Palette;
use crate::look::source::{Source, in_bytes};
use crate::look::text::Text;

/// An iterator over the instructions of `pickle`, which is bytes, a bytearray, or a file with `read(n)` and
/// `readline()`: tuples (opcode, argument, position), up to STOP. Nothing is loaded.
///
/// The opcode is a `pickletools.OpcodeInfo`, the argument an object, or None where the opcode takes none. The
/// position is the offset in bytes, or what the file's `tell()` gives, or None where it has none. A file is read
/// no further than the instruction.
///
/// Same as `pickletools.genops`, but that it is an iterator and no generator. Raises ValueError where the pickle
/// can't be read on, with a note that tells the place, and what the file raises.
#[pyfunction]
pub fn genops(pickle: &Bound<'_, PyAny>) -> Instructions {
    Instructions::of(pickle)
}

/// Writes a line for each instruction of `pickle`, bytes or a file as for `genops`, to `out`, a text file, or else
/// to `sys.stdout`. What the pickle does to its stack and its memo is checked, and nothing is loaded.
///
/// `memo` is a dict that keeps what is known of the memo for the pickles that follow, by the same pickler. A MARK
/// indents what it holds by `indentlevel` blanks. `annotate` is the column, 0 for none, at which a few words on
/// each opcode begin.
///
/// Same text as `pickletools.dis`, never in colours. Raises ValueError for a pickle that can't be read or is not
/// well-formed, after the lines before it, with a note that tells the place, and what the files raise.
#[pyfunction]
#[pyo3(signature = (pickle, out=None, memo=None, indentlevel=4, annotate=0))]
pub fn dis<'py>(
    pickle: &Bound<'py, PyAny>,
    out: Option<&Bound<'py, PyAny>>,
    memo: Option<Bound<'py, PyAny>>,
    indentlevel: i64,
    annotate: i64,
) -> PyResult<()> {
    let _frames = Frames::enter();
    let form = Form {
        indent: usize::try_from(indentlevel).unwrap_or(0),
        deepest: usize::MAX,
        annotate,
        palette: Palette::default(),
    };
    // As there, the output is found before the pickle is looked at.
    let text = Text::to(pickle.py(), out)?;
    Disassembly::write(text, memo, form, Source::of(pickle)?)
}

/// As `dis`, for the commands: of the pickle that begins at `start` of bytes, with a memo that is kept in `memo` if
/// it is a dict. MARKs beyond `deepest` indent no further, and the parts of a line begin with the strings of
/// `palette` and end with its last one.
#[pyfunction]
#[pyo3(signature = (pickle, start, out, memo, annotate, deepest, palette))]
pub fn disassemble<'py>(
    pickle: &Bound<'py, PyAny>,
    start: usize,
    out: &Bound<'py, PyAny>,
    memo: Option<Bound<'py, PyAny>>,
    annotate: i64,
    deepest: usize,
    palette: Option<Palette>,
) -> PyResult<()> {
    let _frames = Frames::enter();
    let form = Form {
        indent: 4,
        deepest,
        annotate,
        palette: palette.unwrap_or_default(),
    };
    let source = Source::of(pickle)?.beginning_at(start);
    Disassembly::write(Text::to(pickle.py(), Some(out))?, memo, form, source)
}

/// The opcodes of the pickle that begins at `start`: the offset behind it, and for each opcode that it has the name,
/// how often it stands there, and the bytes that it takes with its arguments. What these mean is not looked at.
///
/// Raises ValueError where an opcode is unknown or an argument is not there.
#[pyfunction]
pub fn census(data: &Bound<'_, PyBytes>, start: usize) -> PyResult<Counted> {
    let counted = Census::take(data.as_bytes(), start);
    let counted = counted.map_err(|error| PyValueError::new_err(error.to_string()))?;
    let rows = counted.rows();
    let rows = rows.map(|(opcode, count, bytes)| (opcode.name(), count, bytes));
    Ok((counted.end, rows.collect()))
}

/// What `census` gives.
type Counted = (usize, Vec<(&'static str, usize, usize)>);

/// The pickle that `p`, bytes or a bytearray, begins with, without the instructions that store into the memo what
/// is never fetched. It loads as the same object. Nothing is loaded meanwhile.
///
/// Same bytes as `pickletools.optimize`. Raises ValueError for a pickle that can't be read, with a note that
/// tells the place, or of a protocol that there is not, and TypeError for other objects.
#[pyfunction]
pub fn optimize<'py>(p: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    let _frames = Frames::enter();
    optimized(&in_bytes(p)?)
}
