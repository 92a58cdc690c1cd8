//! What an unpickler owns from one load to the next, and a load while it runs.

use std::sync::Arc;

use pickle_format::memo::UnpicklerMemo;
use pyo3::prelude::*;

use crate::fast::window::Window;
use crate::gate::home::Home;
use crate::load::settings::Settings;
use crate::load::stack::Resting;
use crate::load::unfilled::Unfilled;

/// Values by memo index.
pub type Memo = UnpicklerMemo<Py<PyAny>>;

/// What a load by the hookable face has at hand for Python code that looks at its unpickler.
pub struct Shown {
    pub unpickler: Py<PyAny>,
    /// The stack, while Python code runs and nobody has looked at it.
    pub stack: Resting,
    /// Somebody has: the values are in the unpickler's lists.
    pub has_lists: bool,
    /// The method `append` of the list that the topmost values went to.
    pub append: Option<Py<PyAny>>,
    /// The memo is the unpickler's attribute, and what is in this state is none.
    pub has_memo: bool,
    /// The bytes at hand, while a hook of the unpickler runs, and whether they are a frame's.
    pub window: Option<(Window, bool)>,
    /// All is the unpickler's, and upstream's own code goes on with the load, which reads opcodes by this method.
    pub handed_over: Option<Py<PyAny>>,
}

impl Shown {
    /// Nobody has looked yet.
    pub fn new(unpickler: Py<PyAny>, has_memo: bool) -> Self {
        Self {
            unpickler,
            stack: Resting::default(),
            has_lists: false,
            append: None,
            has_memo,
            window: None,
            handed_over: None,
        }
    }
}

/// The state of an unpickler.
#[derive(Default)]
pub struct State {
    /// None before `__init__`.
    pub settings: Option<Arc<Settings>>,
    pub memo: Memo,
    /// Dicts in the memo that are still to be filled.
    pub unfilled: Unfilled,
    /// The protocol that the last pickle named so far, 0 before it did.
    pub proto: u8,
    /// Bytes that the last load read without taking them from the file, since it failed.
    pub ahead: usize,
    /// None on the lean face, and between two loads.
    pub shown: Option<Box<Shown>>,
    /// Room for a load's stack and its marks, both empty.
    pub values: Vec<Py<PyAny>>,
    pub marks: Vec<usize>,
}

impl State {
    /// A state for these settings, with an empty memo.
    pub fn new(settings: Arc<Settings>) -> Self {
        Self {
            memo: empty_memo(&settings),
            settings: Some(settings),
            ..Self::default()
        }
    }

    /// Takes these settings, as a state that holds nothing.
    pub fn begin_with(&mut self, settings: Arc<Settings>) {
        self.memo.count(settings.counts_far_entries);
        self.settings = Some(settings);
    }

    /// Gives up all that the state holds, but for room; `release` is given what was memoized.
    #[inline(always)]
    pub fn begin_anew(&mut self, release: impl Fn(Py<PyAny>)) {
        // Each field by its name: one that is forgotten does not compile.
        let Self {
            settings,
            memo,
            unfilled,
            proto,
            ahead,
            shown,
            values,
            marks,
        } = self;
        memo.release(&release);
        unfilled.forget().into_iter().for_each(release);
        *unfilled = Unfilled::default();
        *settings = None;
        (*proto, *ahead) = (0, 0);
        *shown = None;
        values.clear();
        marks.clear();
    }

    /// Entries for which there is room in the largest place.
    pub fn room(&self) -> usize {
        let (values, marks) = (self.values.capacity(), self.marks.capacity());
        self.memo.room().max(values).max(marks)
    }

    /// An empty memo that counts as this one does.
    pub fn empty_memo(&self) -> Memo {
        match &self.settings {
            Some(settings) => empty_memo(settings),
            None => Memo::new(),
        }
    }
}

/// An empty memo that counts as the model's does.
#[inline(always)]
pub fn empty_memo(settings: &Settings) -> Memo {
    if settings.counts_far_entries {
        Memo::new()
    } else {
        Memo::counting_near_entries()
    }
}

/// Looks at an unpickler's state, where there may be none yet. `look` runs no Python code and releases
/// nothing.
///
/// # Errors
/// RuntimeError while a load runs natively.
pub fn look<R>(home: &Home<State>, look: impl FnOnce(&mut State) -> R) -> PyResult<R> {
    home.with_early(Box::default, look)
}
