//! Work items: what stands on the stack where recursion would be.
//!
//! Each remembers where its container is, so that the walk can leave for Python at any object and
//! come back. Each tells its part of the path when an error passes.

use pyo3::prelude::*;

use crate::error::class_name;
use crate::fast::memo::Holding;
use crate::save::attribute_chain::AttributeChain;
use crate::save::dict_items::DictItems;
use crate::save::list::ListWork;
use crate::save::list_items::ListItems;
use crate::save::mapping::DictWork;
use crate::save::reduce::Reduce;
use crate::save::set::SetWork;
use crate::save::tuple::TupleWork;

/// Elements between MARK and APPENDS, SETITEMS or ADDITEMS.
pub const BATCH_SIZE: usize = 1000;

/// What every open container carries.
#[derive(Copy, Clone, Debug)]
pub struct Standing {
    /// How the container itself is held.
    pub holding: Holding,
    /// Whether only the pickler held the container when it was met. A hook that saw it since may
    /// hold it too, which changes `holding` but ends no chain.
    pub made: bool,
    /// Whether it lies in the state or the items of an object that only the pickler held. What
    /// such an object shares with its own parts is counted twice, and no end of a chain.
    pub within_made: bool,
    /// How many levels made during the dump lie one inside the other up to here.
    pub chain: u32,
}

impl Standing {
    pub const fn new(holding: Holding, chain: u32) -> Self {
        Self {
            holding,
            made: matches!(holding, Holding::Temporary),
            within_made: false,
            chain,
        }
    }

    /// The standing after Python code ran that may hold the object now. It was made during the dump
    /// all the same.
    pub fn seen(self) -> Self {
        Self {
            holding: Holding::Shared,
            within_made: self.within_made || self.made,
            ..self
        }
    }

    /// The standing of a part that is held like this.
    pub fn part(self, holding: Holding) -> Self {
        self.part_held(holding, holding == Holding::Deferred)
    }

    /// The standing of a part, and whether its container alone holds it. If so it was made with the
    /// container, even where Python code has seen that since.
    pub fn part_held(self, holding: Holding, alone: bool) -> Self {
        let part = Self::new(holding, self.chain);
        Self {
            within_made: self.within_made,
            made: part.made || self.made && alone,
            ..part
        }
    }
}

/// One open container, or the rest of an object that is being written.
pub enum Work {
    List(ListWork),
    Tuple(TupleWork),
    Dict(DictWork),
    Set(SetWork),
    Reduce(Reduce),
    ListItems(Box<ListItems>),
    DictItems(Box<DictItems>),
    /// The module's name is written; the qualified name follows, then STACK_GLOBAL.
    StackGlobal {
        obj: Py<PyAny>,
        name: Option<Py<PyAny>>,
    },
    /// Attribute by attribute, below protocol 4 (CPython 3.13 and later).
    AttributeChain(Box<AttributeChain>),
    /// Give `obj` an index, once what is above is written.
    Memoize(Py<PyAny>),
    /// BUILD, once the state of a plain instance is written.
    Build {
        obj: Py<PyAny>,
        holding: Holding,
    },
    /// BINPERSID, once the persistent id is written.
    PersistentId,
}

/// Which opcode closes the batch that is open.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Batch {
    /// None is open: one may begin.
    Closed,
    /// MARK was written.
    Marked,
    /// One element alone: APPEND, SETITEM.
    Single,
}

impl Work {
    /// Takes the rest of the open batch out of its container, for a face whose batches do not see
    /// what is changed while they are written.
    pub fn take_batch(&mut self, py: Python<'_>) {
        match self {
            Work::List(w) => w.take_batch(py),
            Work::Dict(w) => w.take_batch(py),
            Work::Set(w) => w.take_batch(py),
            _ => {}
        }
    }

    /// What this item adds to the path of an error, innermost first.
    pub fn notes(&self, py: Python<'_>) -> Vec<String> {
        match self {
            Work::List(w) => vec![w.note()],
            Work::Tuple(w) => vec![w.note()],
            Work::Dict(w) => w.note(py).into_iter().collect(),
            Work::Set(w) => vec![w.note()],
            Work::Reduce(w) => w.notes(py),
            Work::ListItems(w) => {
                let name = owner_name(py, w.owner.as_ref());
                vec![format!("when serializing {name} item {}", w.done)]
            }
            Work::DictItems(w) => match &w.saving_value_of {
                Some(key) => key_note(&owner_name(py, w.owner.as_ref()), key.bind(py))
                    .into_iter()
                    .collect(),
                None => Vec::new(),
            },
            Work::Build { obj, .. } => build_notes(py, obj),
            Work::StackGlobal { .. }
            | Work::AttributeChain(_)
            | Work::Memoize(_)
            | Work::PersistentId => Vec::new(),
        }
    }
}

/// An instance that is saved by a plan tells the same as one that was reduced.
fn build_notes(py: Python<'_>, obj: &Py<PyAny>) -> Vec<String> {
    let name = class_name(obj.bind(py));
    vec![
        format!("when serializing {name} state"),
        format!("when serializing {name} object"),
    ]
}

fn owner_name(py: Python<'_>, owner: Option<&Py<PyAny>>) -> String {
    owner.map_or_else(|| "NoneType".to_owned(), |o| class_name(o.bind(py)))
}

/// The note of an entry. A key whose `repr` raises gives none, and never replaces the error.
pub fn key_note(name: &str, key: &Bound<'_, PyAny>) -> Option<String> {
    let repr = key.repr().ok()?;
    Some(format!("when serializing {name} item {repr}"))
}
