//! Whether the running interpreter is the build of CPython that this module was compiled for.
//!
//! Asked before anything is read by its layout. The name of the module's file tells the release, but not all
//! that an interpreter can be configured to be, and the file can be given another name.

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

use crate::fast::layout::expect;
use crate::fast::view::DIGIT_BITS;

/// The release that this was compiled for.
const RELEASE: (u8, u8) = (
    3,
    if cfg!(Py_3_15) {
        15
    } else if cfg!(Py_3_14) {
        14
    } else if cfg!(Py_3_13) {
        13
    } else if cfg!(Py_3_12) {
        12
    } else {
        11
    },
);

/// Refuses an interpreter that lays objects out in another way than the one compiled for.
///
/// # Errors
/// ImportError that says what was found and what was expected.
pub fn check(py: Python<'_>) -> PyResult<()> {
    let sys = py.import("sys")?;
    let info = sys.getattr("version_info")?;
    let release = (
        info.getattr("major")?.extract()?,
        info.getattr("minor")?.extract()?,
    );
    expect("release", release, RELEASE)?;
    let version: String = sys.getattr("version")?.extract()?;
    let is_free_threaded = version.contains("free-threading build");
    let expected = cfg!(Py_GIL_DISABLED);
    expect("can run without the GIL", is_free_threaded, expected)?;
    let traces = sys.hasattr("getobjects")?;
    let expected = cfg!(py_sys_config = "Py_TRACE_REFS");
    expect("traces references", traces, expected)?;
    let bits = sys.getattr("int_info")?.getattr("bits_per_digit")?;
    expect("bits of an int's digit", bits.extract()?, DIGIT_BITS)
}

/// Refuses an interpreter that was told to run without the GIL whatever is imported.
///
/// # Errors
/// ImportError there.
pub fn check_lock(py: Python<'_>) -> PyResult<()> {
    let is_enabled = py.import("sys")?.getattr("_is_gil_enabled");
    let Ok(is_enabled) = is_enabled else {
        return Ok(());
    };
    if is_enabled.call0()?.is_truthy()? {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "oxipickle needs the GIL, which this interpreter was told to do without whatever is imported; leave out \
         `-X gil=0` and `PYTHON_GIL=0`, or use `pickle` here",
    ))
}
