//! Work items: what stands on the stack where recursion would be.
//!
//! Each remembers where its container is, so that the walk can leave for Python at any object and
//! come back. Each tells its part of the path when an error passes.

use std::collections::VecDeque;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use crate::error::class_name;
use crate::fast::dict::next_entry;
use crate::fast::memo::Holding;
use crate::fast::sequence::list_item;
use crate::fast::set::next_element;
use crate::save::items::{DictItems, ListItems};
use crate::save::reduce::Reduce;

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

pub struct ListWork {
    pub list: Py<PyList>,
    pub next: usize,
    pub left_in_batch: usize,
    pub batch: Batch,
    pub size: usize,
    /// The rest of the open batch, if it was taken out of the list.
    pub ahead: Option<VecDeque<Py<PyAny>>>,
    pub standing: Standing,
}

pub struct TupleWork {
    pub tuple: Py<PyTuple>,
    pub next: usize,
    pub passages: u64,
    pub standing: Standing,
}

pub struct DictWork {
    pub dict: Py<PyDict>,
    pub position: isize,
    pub done: usize,
    pub left_in_batch: usize,
    pub batch: Batch,
    pub size: usize,
    pub shares_keys: bool,
    /// The entry whose key is being saved (value still to come), or whose value is.
    pub entry: Option<(Py<PyAny>, Py<PyAny>)>,
    pub value_next: Option<Holding>,
    /// The rest of the open batch, if it was taken out of the dict.
    pub ahead: Option<VecDeque<(Py<PyAny>, Py<PyAny>)>>,
    pub standing: Standing,
}

pub struct SetWork {
    pub set: Py<PyAny>,
    pub frozen: bool,
    pub position: isize,
    pub done: usize,
    pub left_in_batch: usize,
    pub batch: Batch,
    pub size: usize,
    pub passages: u64,
    /// The rest of the open batch, if it was taken out of the set.
    pub ahead: Option<VecDeque<Py<PyAny>>>,
    pub standing: Standing,
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

pub struct AttributeChain {
    pub obj: Py<PyAny>,
    pub module_name: Py<PyAny>,
    pub top: Py<PyString>,
    pub path: Vec<Py<PyAny>>,
    pub stage: usize,
}

impl Work {
    /// Takes the rest of the open batch out of its container, for a face whose batches do not see
    /// what is changed while they are written.
    pub fn take_batch(&mut self, py: Python<'_>) {
        match self {
            Work::List(w) if w.ahead.is_none() && w.batch == Batch::Marked => {
                let list = w.list.bind(py);
                let rest = w.next..w.next + w.left_in_batch;
                let items = rest.map_while(|i| list_item(list, i));
                w.ahead = Some(items.map(|item| item.to_owned().unbind()).collect());
            }
            Work::Dict(w) if w.ahead.is_none() && w.batch == Batch::Marked => {
                let dict = w.dict.bind(py);
                let mut rest = VecDeque::with_capacity(w.left_in_batch);
                while rest.len() < w.left_in_batch {
                    let Some((key, value)) = next_entry(dict, &mut w.position) else {
                        break;
                    };
                    rest.push_back((key.to_owned().unbind(), value.to_owned().unbind()));
                }
                w.ahead = Some(rest);
            }
            Work::Set(w) if w.ahead.is_none() && w.batch == Batch::Marked && !w.frozen => {
                let set = w.set.bind(py).as_borrowed();
                let mut rest = VecDeque::with_capacity(w.left_in_batch);
                while rest.len() < w.left_in_batch {
                    let Some(item) = next_element(set, &mut w.position) else {
                        break;
                    };
                    rest.push_back(item.to_owned().unbind());
                }
                w.ahead = Some(rest);
            }
            _ => {}
        }
    }

    /// What this item adds to the path of an error, innermost first.
    pub fn notes(&self, py: Python<'_>) -> Vec<String> {
        match self {
            Work::List(w) => vec![format!(
                "when serializing list item {}",
                w.next.saturating_sub(1)
            )],
            Work::Tuple(w) => {
                vec![format!(
                    "when serializing tuple item {}",
                    w.next.saturating_sub(1)
                )]
            }
            Work::Dict(w) => match (&w.entry, w.value_next) {
                (Some((key, _)), None) => key_note("dict", key.bind(py)),
                _ => Vec::new(),
            },
            Work::Set(w) => {
                let kind = if w.frozen { "frozenset" } else { "set" };
                vec![format!("when serializing {kind} element")]
            }
            Work::Reduce(w) => w.notes(py),
            Work::ListItems(w) => {
                let name = owner_name(py, w.owner.as_ref());
                vec![format!("when serializing {name} item {}", w.done)]
            }
            Work::DictItems(w) => match &w.saving_value_of {
                Some(key) => key_note(&owner_name(py, w.owner.as_ref()), key.bind(py)),
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

/// A key whose `repr` raises gives no note, and never replaces the error.
fn key_note(name: &str, key: &Bound<'_, PyAny>) -> Vec<String> {
    match key.repr() {
        Ok(repr) => vec![format!("when serializing {name} item {repr}")],
        Err(_) => Vec::new(),
    }
}
