//! How the running release's picklers behave. Each fact was found by asking them: those in C while oxipickle
//! was imported (`python/oxipickle/_behaviour.py`), those in Python when somebody first needed the hookable
//! classes (`_hookable_behaviour.py`).
//!
//! The name of a field is the name under which Python tells the fact; a name that Python does not
//! tell is an error of whoever asks.

use pyo3::prelude::*;
use pyo3::types::PyType;

/// Facts about the classes in C, and about both kinds where they agree.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Lean {
    pub marks_last_of_batch: bool,
    pub notices_list_growth: bool,
    pub local_error: Py<PyType>,
    pub chains_attributes: bool,
    pub shortens_paths: bool,
    pub mangles_private_names: bool,
    pub text_is_decimal: bool,
    pub long_is_decimal: bool,
    pub signed_bools: bool,
    pub minds_frames: bool,
    pub asks_for_empty_batches: bool,
    pub counts_far_entries: bool,
    /// Hashing a tuple recurses natively as deep as the tuple is nested.
    pub hash_recurses: bool,
}

/// Facts about the classes in Python.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Hookable {
    pub local_error: Py<PyType>,
    pub memoizes_escaped_text: bool,
    pub memoizes_buffers: bool,
    pub empty_buffer_fails: bool,
    pub asks_again_for_persistent_ids: bool,
    pub chains_attributes: bool,
    pub skips_none: bool,
    pub shortens_paths: bool,
    pub raises_unicode_errors: bool,
    pub imports_first: bool,
    pub asks_past_the_end: bool,
    pub names_items: bool,
    pub text_is_decimal: bool,
    pub skips_none_as_setstate: bool,
}

/// Asks the classes in C. Runs Python code.
///
/// # Errors
/// What importing raises; KeyError for a fact that is not told.
pub fn of_c(py: Python<'_>) -> PyResult<Lean> {
    py.import("oxipickle._behaviour")?
        .call_method0("facts")?
        .extract()
}

/// Asks the classes in Python. Runs Python code.
///
/// # Errors
/// As `of_c`.
pub fn of_python(py: Python<'_>) -> PyResult<Hookable> {
    py.import("oxipickle._hookable_behaviour")?
        .call_method0("facts")?
        .extract()
}
