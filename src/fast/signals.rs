//! Signals, as far as they can be asked about without running Python code.

use pyo3::ffi;
use pyo3::prelude::*;

/// Whether Ctrl-C was pressed and its handler has not run yet; asking leaves it to be run.
///
/// False on threads that handle no signals.
pub fn is_interrupted(py: Python<'_>) -> bool {
    let _ = py;
    // SAFETY: the GIL is held. The first call reads and clears a flag, the second sets it again;
    // neither runs Python code.
    unsafe {
        let interrupted = ffi::PyOS_InterruptOccurred() != 0;
        if interrupted {
            ffi::PyErr_SetInterrupt();
        }
        interrupted
    }
}
