//! What a pickler is between two passages of the gate: options, hooks, memo, output, work stack.

use std::collections::HashSet;

use pickle_format::frame::FrameWriter;
use pickle_format::protocol::Protocol;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};

use crate::fast::fresh;
use crate::fast::memo::Memo;
use crate::fast::output::BytesOutput;
use crate::hooks::Hooks;
use crate::interpreter::face::{Face, GlobalStyle};
use crate::save::plan::PlanCache;
use crate::save::work::Work;

/// Everything that one pickler owns. It is handed back to the Python object before user code
/// runs, and taken again after (`hooks.rs`).
pub struct State {
    pub face: Face,
    pub style: GlobalStyle,
    pub protocol: Protocol,
    pub fix_imports: bool,
    pub fast: bool,
    /// `Pickler.bin` can be set apart from the protocol; this is what was set.
    pub binary: bool,
    /// What `bin` and `fast` were set to on the hookable face, where they keep any value.
    pub bin_given: Option<Py<PyAny>>,
    pub fast_given: Option<Py<PyAny>>,
    pub out: FrameWriter<BytesOutput>,
    pub memo: Memo,
    pub hooks: Hooks,
    /// `file.write`, or None for `dumps`.
    pub write: Option<Py<PyAny>>,
    /// Whether `write` is known to run no Python code.
    pub writes_natively: bool,
    pub buffer_callback: Option<Py<PyAny>>,
    pub stack: Vec<Work>,
    /// Items below this one have their open batch taken out already (hookable face).
    pub batches_taken: usize,
    /// Containers that are open in `fast` mode, by identity.
    pub fast_path: HashSet<usize>,
    /// How many walks are nested on this stack.
    pub depth: usize,
    /// How often the gate was passed: what was known before may have changed after.
    pub passages: u64,
    /// The dispatch table, by identity, that was seen to hold nothing but keys that compare by
    /// identity, and until when that is known.
    pub table_of_classes: Option<(usize, Until)>,
    /// Set when an atom was memoized by a reduce hook, so that atoms must be looked up.
    pub atoms_memoized: bool,
    pub references: GlobalReferences,
    pub plans: PlanCache,
}

/// Until when something holds that was seen of a dict.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// As long as the dict has this version.
    Version(u64),
    /// As long as the gate was not passed more often than this.
    Passage(u64),
}

/// Every global that was emitted, first seen first.
#[derive(Default)]
pub struct GlobalReferences {
    /// Pairs (module, qualified name) as the keys of a dict, which keeps their order.
    pairs: Option<Py<PyDict>>,
}

impl GlobalReferences {
    pub fn record(
        &mut self,
        module: &Bound<'_, PyString>,
        qualname: &Bound<'_, PyString>,
    ) -> PyResult<()> {
        let py = module.py();
        let pairs = match &self.pairs {
            Some(pairs) => pairs.bind(py).clone(),
            None => {
                let pairs = fresh::dict(py)?;
                self.pairs = Some(pairs.clone().unbind());
                pairs
            }
        };
        pairs.set_item((plain(module)?, plain(qualname)?), py.None())
    }

    /// The pairs, as a new list.
    pub fn list(&self, py: Python<'_>) -> PyResult<Py<PyList>> {
        let pairs = match &self.pairs {
            Some(pairs) => pairs.bind(py).keys(),
            None => fresh::list(py)?,
        };
        Ok(pairs.unbind())
    }
}

/// The text as an exact str: the hash of a subclass may be anybody's.
pub fn plain<'py>(text: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyString>> {
    match text.to_str() {
        Ok(exact) => fresh::text(text.py(), exact),
        Err(_) => Ok(text.clone()),
    }
}

impl State {
    /// `keeps` says that the pickler outlives its dump.
    pub fn new(face: Face, protocol: Protocol, fix_imports: bool, keeps: bool) -> Self {
        Self {
            face,
            style: GlobalStyle::Interpreter,
            protocol,
            fix_imports: fix_imports && protocol.number() < 3,
            fast: false,
            binary: protocol.is_binary(),
            bin_given: None,
            fast_given: None,
            out: FrameWriter::new(BytesOutput::new()),
            memo: Memo::new(keeps),
            hooks: Hooks::default(),
            write: None,
            writes_natively: false,
            buffer_callback: None,
            stack: Vec::new(),
            batches_taken: 0,
            fast_path: HashSet::new(),
            depth: 0,
            passages: 0,
            table_of_classes: None,
            atoms_memoized: false,
            references: GlobalReferences::default(),
            plans: PlanCache::default(),
        }
    }

    /// Whether leaves may be written without asking anybody.
    #[inline(always)]
    pub fn is_quiet(&self) -> bool {
        self.hooks.quiet
            && !self.atoms_memoized
            && (self.face == Face::Lean || self.hooks.seen_at == self.passages)
    }
}
