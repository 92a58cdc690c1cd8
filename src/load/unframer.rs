//! What an unpickler of the hookable face has as its `_unframer`: its native half.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::gate::home::Home;
use crate::load::state::State;

/// Gives an unpickler the bytes of its pickle, frame by frame, and keeps its memo.
///
/// Its methods are those of the class of this name in `pickle`: who asks for one gets it of such an object, which
/// reads on from where the load is.
#[pyclass(name = "_Unframer", frozen, module = "oxipickle._oxipickle")]
#[derive(Default)]
pub struct Unframer {
    pub home: Home<State>,
}

impl Unframer {
    /// That of the unpickler with this `__dict__`, if it has a native one.
    ///
    /// # Errors
    /// What a key's comparison raises.
    pub fn of<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Option<Bound<'py, Self>>> {
        let found = dict.get_item(intern!(dict.py(), "_unframer"))?;
        Ok(found.and_then(|found| found.cast_into_exact::<Self>().ok()))
    }
}
