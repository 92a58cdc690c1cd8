//! Arguments as the interpreter's own functions take them.

use pyo3::Borrowed;
use pyo3::prelude::*;

use crate::fast::thread_end::Frames;

/// An argument of any type that may be left out, which is another thing than None.
#[derive(Default)]
pub struct Given<'py>(pub Option<Bound<'py, PyAny>>);

impl<'a, 'py> FromPyObject<'a, 'py> for Given<'py> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(Some(object.to_owned())))
    }
}

/// An argument that is text, and may be left out.
#[derive(Copy, Clone, Default)]
pub struct GivenText<'a>(pub Option<&'a str>);

impl<'a, 'py> FromPyObject<'a, 'py> for GivenText<'a> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(Some(object.extract()?)))
    }
}

/// Whether the argument counts as true, whatever its type: a Rust `bool` takes nothing but bools.
pub fn truth(argument: &Bound<'_, PyAny>) -> PyResult<bool> {
    let _frames = Frames::enter();
    argument.is_truthy()
}
