//! The names that upstream's pickler reads through `self`, and what becomes of each where somebody overrides it.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

/// What the walk calls where it is overridden.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Hook {
    PersistentId,
    ReducerOverride,
    DispatchTable,
    ResolveGlobal,
    Dispatch,
    Save,
    SaveGlobal,
    SaveReduce,
    Memoize,
    BatchAppends,
    BatchSetitems,
}

/// What a name is to the walk.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Role {
    /// The walk calls it.
    Hook(Hook),
    /// `__init__` puts it into the instance's dict, and the walk reads it there.
    Entry,
    /// The walk does not model it: where it is overridden, upstream's own code runs.
    Upstreams,
}

/// Hooks, by name. Upstream's class has no `resolve_global`: it is ours.
const HOOKS: [(&str, Hook); 11] = [
    ("persistent_id", Hook::PersistentId),
    ("reducer_override", Hook::ReducerOverride),
    ("dispatch_table", Hook::DispatchTable),
    ("resolve_global", Hook::ResolveGlobal),
    ("dispatch", Hook::Dispatch),
    ("save", Hook::Save),
    ("save_global", Hook::SaveGlobal),
    ("save_reduce", Hook::SaveReduce),
    ("memoize", Hook::Memoize),
    ("_batch_appends", Hook::BatchAppends),
    ("_batch_setitems", Hook::BatchSetitems),
];

/// What upstream's `__init__` sets.
const ENTRIES: [&str; 10] = [
    "framer",
    "write",
    "_write_large_bytes",
    "_file_write",
    "_buffer_callback",
    "memo",
    "proto",
    "bin",
    "fast",
    "fix_imports",
];

/// What else upstream reads, on one release or another.
const UPSTREAMS: [&str; 11] = [
    "put",
    "get",
    "save_pers",
    "_BATCHSIZE",
    "_save_bytes_no_memo",
    "_save_bytearray_no_memo",
    "_save_toplevel_by_name",
    "save_bytes",
    "save_bytearray",
    "__getattribute__",
    "__getattr__",
];

/// All of them.
pub struct Names {
    all: Vec<(Py<PyString>, Role)>,
    by_address: HashMap<usize, Role>,
    by_text: HashMap<String, Role>,
}

impl Names {
    fn new(py: Python<'_>) -> PyResult<Self> {
        let hooks = HOOKS.iter().map(|(name, hook)| (*name, Role::Hook(*hook)));
        let entries = ENTRIES.iter().map(|name| (*name, Role::Entry));
        let others = UPSTREAMS.iter().map(|name| (*name, Role::Upstreams));
        let all: Vec<_> = hooks
            .chain(entries)
            .chain(others)
            .map(|(name, role)| (PyString::intern(py, name).unbind(), role))
            .collect();
        let by_address = all.iter();
        let by_address = by_address.map(|(name, role)| (name.as_ptr() as usize, *role));
        let by_text = all
            .iter()
            .map(|(name, role)| Ok((name.extract::<String>(py)?, *role)));
        Ok(Self {
            by_address: by_address.collect(),
            by_text: by_text.collect::<PyResult<_>>()?,
            all,
        })
    }

    /// The one instance.
    ///
    /// # Errors
    /// MemoryError.
    pub fn get(py: Python<'_>) -> PyResult<&'static Self> {
        static NAMES: PyOnceLock<Names> = PyOnceLock::new();
        NAMES.get_or_try_init(py, || Self::new(py))
    }

    /// Each name, with its role.
    pub fn iter(&self) -> impl Iterator<Item = &(Py<PyString>, Role)> {
        self.all.iter()
    }

    /// The role of a key of an instance's dict; None for any other. Keys that were set as attributes are
    /// interned, and so found by their addresses.
    pub fn role(&self, key: &Bound<'_, PyAny>) -> Option<Role> {
        let found = self.by_address.get(&(key.as_ptr() as usize));
        found
            .or_else(|| {
                self.by_text
                    .get(key.cast::<PyString>().ok()?.to_str().ok()?)
            })
            .copied()
    }
}
