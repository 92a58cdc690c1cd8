//! `HookablePickler.__init__`.

use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::faces::arguments::Given;
use crate::faces::hookable::framer::Framer;
use crate::faces::hookable::served::framer_of;
use crate::fast::attribute::optional_attribute;
use crate::fast::fresh;
use crate::fast::thread_end::Frames;
use crate::gate::home::Home;
use crate::interpreter::imports::Imports;
use crate::save::global_style;
use crate::save::note::no_write;
use crate::save::state::State;

/// Writes pickles to `file`, which has a `write(bytes)` method, in `protocol` 0 to 5 (None: the running
/// release's default; negative: the highest). Follows `pickle._Pickler.__init__`.
///
/// `progress` is called as `progress(done, total)`, as by `Pickler`.
///
/// Raises TypeError for a file without `write` and for a `progress` that can't be called, ValueError for a protocol
/// above 5 and for a `buffer_callback` below protocol 5, RuntimeError during a dump.
#[pyfunction]
#[pyo3(
    signature = (
        pickler, /, file, protocol=None, *, fix_imports=Given::default(), buffer_callback=None, progress=None
    ),
    text_signature = "(self, /, file, protocol=None, *, fix_imports=True, buffer_callback=None, progress=None)"
)]
pub fn __init__<'py>(
    pickler: &Bound<'py, PyAny>,
    file: &Bound<'py, PyAny>,
    protocol: Option<Bound<'py, PyAny>>,
    fix_imports: Given<'py>,
    buffer_callback: Option<Bound<'py, PyAny>>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    let _frames = Frames::enter();
    let py = pickler.py();
    if let Some(framer) = framer_of(pickler)?
        && framer.get().home.is_working()
    {
        return Err(Home::<State>::in_use());
    }
    global_style(&pickler.get_type())?;
    let protocol = match protocol {
        None => Imports::get(py)?
            .default_protocol
            .into_pyobject(py)?
            .into_any(),
        Some(protocol) => protocol,
    };
    let protocol = if protocol.lt(0)? {
        5_u8.into_pyobject(py)?.into_any()
    } else if protocol.gt(5)? {
        return Err(PyValueError::new_err("pickle protocol must be <= 5"));
    } else {
        protocol
    };
    if buffer_callback.is_some() && protocol.lt(5)? {
        return Err(PyValueError::new_err("buffer_callback needs protocol >= 5"));
    }
    let set = |name: &Bound<'py, PyString>, value: &Bound<'py, PyAny>| pickler.setattr(name, value);
    let none = py.None().into_bound(py);
    set(
        intern!(py, "_buffer_callback"),
        buffer_callback.as_ref().unwrap_or(&none),
    )?;
    let Some(write) = optional_attribute(file, intern!(py, "write"))? else {
        return Err(no_write(file));
    };
    set(intern!(py, "_file_write"), &write)?;
    let framer = Framer::make(&write, progress)?.into_any();
    set(intern!(py, "framer"), &framer)?;
    set(intern!(py, "write"), &framer.getattr(intern!(py, "write"))?)?;
    let write_large_bytes = framer.getattr(intern!(py, "write_large_bytes"))?;
    set(intern!(py, "_write_large_bytes"), &write_large_bytes)?;
    // A dump takes it over, and it is shown when somebody asks. Who is handed to upstream's functions by then, since
    // `uninstall()` was called, has one.
    set(intern!(py, "memo"), &fresh::dict(py)?.into_any())?;
    let number = py.get_type::<pyo3::types::PyInt>().call1((&protocol,))?;
    set(intern!(py, "proto"), &number)?;
    let binary = protocol.rich_compare(1, pyo3::basic::CompareOp::Ge)?;
    set(intern!(py, "bin"), &binary)?;
    set(intern!(py, "fast"), &0_u8.into_pyobject(py)?.into_any())?;
    let below = protocol.rich_compare(3, pyo3::basic::CompareOp::Lt)?;
    let fix_imports = match fix_imports.0 {
        Some(fix_imports) if !fix_imports.is_truthy()? => fix_imports,
        _ => below,
    };
    set(intern!(py, "fix_imports"), &fix_imports)
}
