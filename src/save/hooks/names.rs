//! The names that upstream's pickler reads through `self`, and what becomes of each where somebody overrides it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use pickle_format::memo::Identity;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use crate::fast::attached::Attached;
use crate::fast::held::Held;
use crate::fast::view::Kind;

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

/// An entry that upstream's `__init__` makes in the instance's dict.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    Framer,
    Write,
    WriteLargeBytes,
    FileWrite,
    BufferCallback,
    Memo,
    Proto,
    Bin,
    Fast,
    FixImports,
}

/// What a name is to the walk.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Role {
    /// The walk calls it.
    Hook(Hook),
    /// `__init__` puts it into the instance's dict, and the walk reads it there.
    Entry(Entry),
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

/// Entries, by name.
const ENTRIES: [(&str, Entry); 10] = [
    ("framer", Entry::Framer),
    ("write", Entry::Write),
    ("_write_large_bytes", Entry::WriteLargeBytes),
    ("_file_write", Entry::FileWrite),
    ("_buffer_callback", Entry::BufferCallback),
    ("memo", Entry::Memo),
    ("proto", Entry::Proto),
    ("bin", Entry::Bin),
    ("fast", Entry::Fast),
    ("fix_imports", Entry::FixImports),
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
    by_address: HashMap<usize, Role, BuildHasherDefault<AddressHasher>>,
    by_text: HashMap<String, Role>,
}

impl Names {
    fn new(py: Python<'_>) -> PyResult<Self> {
        let hooks = HOOKS.iter().map(|(name, hook)| (*name, Role::Hook(*hook)));
        let entries = ENTRIES.iter();
        let entries = entries.map(|(name, entry)| (*name, Role::Entry(*entry)));
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
        if found.is_some() || is_interned(key) {
            return found.copied();
        }
        let text = key.cast::<PyString>().ok()?.to_str().ok()?;
        self.by_text.get(text).copied()
    }
}

/// Whether a key is an interned string: then any other object is another text.
fn is_interned(key: &Bound<'_, PyAny>) -> bool {
    let attached = Attached::new(key.py());
    let key = Held::from(key);
    let kind = key.view(attached.quiet()).kind();
    matches!(kind, Kind::Str(text) if text.is_interned())
}

/// Hashes addresses of objects, which nobody chooses, as the memo does.
#[derive(Default)]
pub struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize((*byte).into());
        }
    }

    fn write_usize(&mut self, address: usize) {
        self.0 ^= Identity::hash(address);
    }
}
