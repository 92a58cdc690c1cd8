//! Objects of the standard library, resolved once, and how this release's picklers behave.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

/// What the walk needs from the standard library.
pub struct Imports {
    pub pickling_error: Py<PyType>,
    pub unpickling_error: Py<PyType>,
    /// `pickle.DEFAULT_PROTOCOL`.
    pub default_protocol: i64,
    /// `copyreg.dispatch_table`, and the registry of extension codes.
    pub dispatch_table: Py<PyDict>,
    pub extension_registry: Py<PyDict>,
    pub newobj: Py<PyAny>,
    pub codecs_encode: Py<PyAny>,
    /// Makes the partial call of `__new__` that stands for NEWOBJ_EX below protocol 4.
    pub bind_new: Py<PyAny>,
    /// What the Python class makes of a code that `copyreg.add_extension` would refuse.
    pub extension_opcode: Py<PyAny>,
    pub getattr: Py<PyAny>,
    pub import: Py<PyAny>,
    pub bytes_type: Py<PyType>,
    pub bytearray_type: Py<PyType>,
    pub set_type: Py<PyType>,
    pub frozenset_type: Py<PyType>,
    pub type_type: Py<PyType>,
    pub function_type: Py<PyType>,
    pub buffer_type: Py<PyType>,
    pub bytes_io_type: Py<PyType>,
    pub builtin_method_type: Py<PyType>,
    pub deque_type: Py<PyType>,
    pub ordered_dict_type: Py<PyType>,
    pub singletons: [(Py<PyAny>, Py<PyAny>); 3],
    pub empty_tuple: Py<PyTuple>,
    /// `_compat_pickle`'s maps from Python 3's names to Python 2's.
    pub reverse_name_mapping: Py<PyDict>,
    pub reverse_import_mapping: Py<PyDict>,
    /// What a table is asked to answer where it has no entry.
    pub missing: Py<PyAny>,
    pub behaviour: Behaviour,
    pub loading: Loading,
}

/// What a load needs beside that, and how the running release's unpicklers behave.
pub struct Loading {
    /// `copyreg`'s objects by extension code, and its names by extension code.
    pub extension_cache: Py<PyDict>,
    pub inverted_registry: Py<PyDict>,
    /// `_compat_pickle`'s maps from Python 2's names to Python 3's.
    pub name_mapping: Py<PyDict>,
    pub import_mapping: Py<PyDict>,
    pub get_threshold: Py<PyAny>,
    pub set_threshold: Py<PyAny>,
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

impl Loading {
    fn resolve(py: Python<'_>) -> PyResult<Self> {
        let behaviour = py.import("oxipickle._behaviour")?;
        let facts = behaviour.call_method0("observe_loading")?;
        let fact = |name: &str| facts.get_item(name)?.extract::<bool>();
        let copyreg = py.import("copyreg")?;
        let compat = py.import("_compat_pickle")?;
        let gc = py.import("gc")?;
        let mapping = |module: &Bound<'_, PyModule>, name: &str| {
            Ok::<_, PyErr>(module.getattr(name)?.cast_into::<PyDict>()?.unbind())
        };
        Ok(Self {
            extension_cache: mapping(&copyreg, "_extension_cache")?,
            inverted_registry: mapping(&copyreg, "_inverted_registry")?,
            name_mapping: mapping(&compat, "NAME_MAPPING")?,
            import_mapping: mapping(&compat, "IMPORT_MAPPING")?,
            get_threshold: gc.getattr("get_threshold")?.unbind(),
            set_threshold: gc.getattr("set_threshold")?.unbind(),
            lean_text_is_decimal: fact("lean_text_is_decimal")?,
            lean_long_is_decimal: fact("lean_long_is_decimal")?,
            lean_signed_bools: fact("lean_signed_bools")?,
            lean_minds_frames: fact("lean_minds_frames")?,
            lean_asks_for_empty_batches: fact("lean_asks_for_empty_batches")?,
            lean_counts_far_entries: fact("lean_counts_far_entries")?,
            hookable_text_is_decimal: fact("hookable_text_is_decimal")?,
            hookable_skips_none_as_setstate: fact("hookable_skips_none_as_setstate")?,
            hash_recurses: fact("hash_recurses")?,
        })
    }
}

/// How the running release's picklers behave, each fact found by asking them
/// (`oxipickle._behaviour`).
pub struct Behaviour {
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
    pub lean_refuses_bad_codes: bool,
    pub hookable_raises_unicode_errors: bool,
    pub hookable_imports_first: bool,
    pub hookable_asks_past_the_end: bool,
    pub mangles_private_names: bool,
}

impl Behaviour {
    fn observe(py: Python<'_>) -> PyResult<Self> {
        let facts = py.import("oxipickle._behaviour")?.call_method0("observe")?;
        let fact = |name: &str| facts.get_item(name)?.extract::<bool>();
        let class =
            |name: &str| Ok::<_, PyErr>(facts.get_item(name)?.cast_into::<PyType>()?.unbind());
        Ok(Self {
            lean_marks_last_of_batch: fact("lean_marks_last_of_batch")?,
            lean_notices_list_growth: fact("lean_notices_list_growth")?,
            lean_local_error: class("lean_local_error")?,
            hookable_local_error: class("hookable_local_error")?,
            hookable_memoizes_escaped_text: fact("hookable_memoizes_escaped_text")?,
            hookable_memoizes_buffers: fact("hookable_memoizes_buffers")?,
            hookable_empty_buffer_fails: fact("hookable_empty_buffer_fails")?,
            hookable_asks_again_for_persistent_ids: fact("hookable_asks_again_for_persistent_ids")?,
            lean_chains_attributes: fact("lean_chains_attributes")?,
            hookable_chains_attributes: fact("hookable_chains_attributes")?,
            hookable_skips_none: fact("hookable_skips_none")?,
            lean_shortens_paths: fact("lean_shortens_paths")?,
            hookable_shortens_paths: fact("hookable_shortens_paths")?,
            lean_refuses_bad_codes: fact("lean_refuses_bad_codes")?,
            hookable_raises_unicode_errors: fact("hookable_raises_unicode_errors")?,
            hookable_imports_first: fact("hookable_imports_first")?,
            hookable_asks_past_the_end: fact("hookable_asks_past_the_end")?,
            mangles_private_names: fact("mangles_private_names")?,
        })
    }
}

static IMPORTS: PyOnceLock<Imports> = PyOnceLock::new();

impl Imports {
    /// The one instance, made at first use.
    pub fn get(py: Python<'_>) -> PyResult<&'static Imports> {
        // The cell lives as long as the process, so the reference does, whatever `py` says.
        IMPORTS.get_or_try_init(py, || Self::resolve(py))
    }

    fn resolve(py: Python<'_>) -> PyResult<Self> {
        let pickle = py.import("pickle")?;
        let builtins = py.import("builtins")?;
        let copyreg = py.import("copyreg")?;
        let compat = py.import("_compat_pickle")?;
        let types = py.import("types")?;
        let collections = py.import("collections")?;
        let behaviour = py.import("oxipickle._behaviour")?;
        let class = |module: &Bound<'_, PyModule>, name: &str| {
            Ok::<_, PyErr>(module.getattr(name)?.cast_into::<PyType>()?.unbind())
        };
        let mapping = |module: &Bound<'_, PyModule>, name: &str| {
            Ok::<_, PyErr>(module.getattr(name)?.cast_into::<PyDict>()?.unbind())
        };
        let singleton =
            |value: Bound<'_, PyAny>| (value.get_type().into_any().unbind(), value.unbind());
        Ok(Self {
            pickling_error: class(&pickle, "PicklingError")?,
            unpickling_error: class(&pickle, "UnpicklingError")?,
            default_protocol: pickle.getattr("DEFAULT_PROTOCOL")?.extract()?,
            dispatch_table: mapping(&copyreg, "dispatch_table")?,
            extension_registry: mapping(&copyreg, "_extension_registry")?,
            newobj: copyreg.getattr("__newobj__")?.unbind(),
            codecs_encode: py.import("codecs")?.getattr("encode")?.unbind(),
            bind_new: behaviour.getattr("bind_new")?.unbind(),
            extension_opcode: behaviour.getattr("extension_opcode")?.unbind(),
            getattr: builtins.getattr("getattr")?.unbind(),
            import: builtins.getattr("__import__")?.unbind(),
            bytes_type: class(&builtins, "bytes")?,
            bytearray_type: class(&builtins, "bytearray")?,
            set_type: class(&builtins, "set")?,
            frozenset_type: class(&builtins, "frozenset")?,
            type_type: class(&builtins, "type")?,
            function_type: class(&types, "FunctionType")?,
            buffer_type: class(&pickle, "PickleBuffer")?,
            bytes_io_type: class(&py.import("io")?, "BytesIO")?,
            builtin_method_type: class(&types, "BuiltinMethodType")?,
            deque_type: class(&collections, "deque")?,
            ordered_dict_type: class(&collections, "OrderedDict")?,
            singletons: [
                singleton(py.None().into_bound(py)),
                singleton(py.NotImplemented().into_bound(py)),
                singleton(py.Ellipsis().into_bound(py)),
            ],
            empty_tuple: PyTuple::empty(py).unbind(),
            reverse_name_mapping: mapping(&compat, "REVERSE_NAME_MAPPING")?,
            reverse_import_mapping: mapping(&compat, "REVERSE_IMPORT_MAPPING")?,
            missing: py.get_type::<PyAny>().call0()?.unbind(),
            behaviour: Behaviour::observe(py)?,
            loading: Loading::resolve(py)?,
        })
    }
}
