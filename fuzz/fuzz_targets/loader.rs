//! The loader over any bytes, in an interpreter of its own: whichever way they are loaded, they come
//! to the same. What that means is said in Python, in `tests/property/ways.py`, which also sees to
//! it that no pickle names anything outside of a closed world.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyList};

/// Where the Python files are, from the fuzz crate's folder.
const FOLDERS: [&str; 2] = ["../python", "../tests/property"];

static CHECK: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// The native half under the name by which the package imports it: what it imports itself begins with the
/// package.
mod named {
    pub use _oxipickle::_oxipickle::__pyo3_init;
    pub const __PYO3_NAME: &std::ffi::CStr = c"oxipickle._oxipickle";
}

/// Begins the interpreter, with the module that was linked in as the package's native half.
fn start() {
    assert_eq!(
        std::env::var("PYTHONMALLOC").as_deref(),
        Ok("malloc"),
        "the sanitizer has to see each object's own memory"
    );
    pyo3::append_to_inittab!(named);
    Python::initialize();
    Python::attach(|py| prepare(py).unwrap_or_else(|error| give_up(py, &error)));
}

fn prepare(py: Python<'_>) -> PyResult<()> {
    let sys = py.import("sys")?;
    let path = sys.getattr("path")?.cast_into::<PyList>()?;
    for folder in FOLDERS {
        path.insert(0, format!("{}/{folder}", env!("CARGO_MANIFEST_DIR")))?;
    }
    let check = py.import("ways")?.getattr("check_sometimes_kept")?;
    py.import("gc")?.call_method0("freeze")?;
    let _ = CHECK.set(py, check.unbind());
    Ok(())
}

/// Shows the exception, and ends as the fuzzer wants a failure to end.
fn give_up(py: Python<'_>, error: &PyErr) -> ! {
    error.print(py);
    std::process::abort();
}

fuzz_target!(init: start(), |data: &[u8]| {
    Python::attach(|py| {
        let check = CHECK.get(py).expect("the fuzzer was started");
        if let Err(error) = check.call1(py, (PyBytes::new(py, data),)) {
            give_up(py, &error);
        }
    });
});
