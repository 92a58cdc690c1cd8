//! Arguments that stand for yes or no, as the interpreter's own functions take them.

use pyo3::prelude::*;

use crate::fast::thread_end::Frames;

/// Whether the argument counts as true, whatever its type: a Rust `bool` takes nothing but bools.
pub fn truth(argument: &Bound<'_, PyAny>) -> PyResult<bool> {
    let _frames = Frames::enter();
    argument.is_truthy()
}
