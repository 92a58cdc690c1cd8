//! How the running release's picklers behave. Each fact was found by asking them
//! (`python/oxipickle/_behaviour.py`), while oxipickle was imported.
//!
//! The name of a field is the name under which Python tells the fact; a name that Python does not
//! tell is an error of the import.

use pyo3::prelude::*;
use pyo3::types::PyType;

/// Facts about saving.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Saving {
    pub lean_marks_last_of_batch: bool,
    pub lean_notices_list_growth: bool,
    pub lean_local_error: Py<PyType>,
    pub hookable_local_error: Py<PyType>,
    pub hookable_memoizes_escaped_text: bool,
    pub hookable_memoizes_buffers: bool,
    pub hookable_empty_buffer_fails: bool,
    pub hookable_asks_again_for_persistent_ids: bool,
    pub lean_chains_attributes: bool,
    pub hookable_chains_attributes: bool,
    pub hookable_skips_none: bool,
    pub lean_shortens_paths: bool,
    pub hookable_shortens_paths: bool,
    pub hookable_raises_unicode_errors: bool,
    pub hookable_imports_first: bool,
    pub hookable_asks_past_the_end: bool,
    pub hookable_names_items: bool,
    pub mangles_private_names: bool,
}

/// Facts about loading.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Loading {
    pub lean_text_is_decimal: bool,
    pub lean_long_is_decimal: bool,
    pub lean_signed_bools: bool,
    pub lean_minds_frames: bool,
    pub lean_asks_for_empty_batches: bool,
    pub lean_counts_far_entries: bool,
    pub hookable_text_is_decimal: bool,
    pub hookable_skips_none_as_setstate: bool,
    /// Hashing a tuple recurses natively as deep as the tuple is nested.
    pub hash_recurses: bool,
}

/// Both, as `oxipickle._behaviour` tells them.
pub fn observe(py: Python<'_>) -> PyResult<(Saving, Loading)> {
    let behaviour = py.import("oxipickle._behaviour")?;
    let saving = behaviour.call_method0("saving")?;
    let loading = behaviour.call_method0("loading")?;
    Ok((saving.extract()?, loading.extract()?))
}
