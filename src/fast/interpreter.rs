//! Which interpreter of the process is running.

use pyo3::ffi;
use pyo3::prelude::*;

/// Whether it is the main one, with which the process began.
pub fn is_main(py: Python<'_>) -> bool {
    let _ = py;
    // SAFETY: the GIL is held, so there is a current interpreter. Both calls give a pointer that is
    // only compared.
    unsafe {
        std::ptr::eq(
            ffi::PyInterpreterState_Get(),
            ffi::PyInterpreterState_Main(),
        )
    }
}
