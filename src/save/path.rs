//! What each work item adds to the path that an error tells.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::class_name;
use crate::fast::held::Held;
use crate::save::reduce::parts::{Reduce, Stage};
use crate::save::work::Work;

/// How many notes the work item has. Runs no Python code.
pub fn number_of_notes(work: &Work) -> usize {
    match work {
        Work::List(_) | Work::Tuple(_) | Work::Set(_) | Work::FrozenSet(_) | Work::ListItems(_) => {
            1
        }
        Work::Dict(w) => w.elements.key_in_path().is_some().into(),
        Work::DictItems(w) => w.elements.pair_in_path().is_some().into(),
        Work::Reduce(w) => usize::from(part_of_reduce(w).is_some()) + usize::from(w.met.is_some()),
        Work::Build { .. } => 2,
        Work::StackGlobal { .. }
        | Work::AttributeChain(_)
        | Work::Memoize(_)
        | Work::PersistentId => 0,
    }
}

/// The notes of a work item, innermost first. Runs Python code.
pub fn notes(work: &Work, py: Python<'_>) -> Vec<String> {
    match work {
        Work::List(w) => vec![w.elements.note()],
        Work::Tuple(w) => vec![w.elements.note()],
        Work::Set(w) => vec![w.elements.note()],
        Work::FrozenSet(w) => vec![w.elements.note()],
        Work::Dict(w) => {
            let key = w.elements.key_in_path();
            let note = key.and_then(|key| key_note("dict", key.bind(py)));
            note.into_iter().collect()
        }
        Work::Reduce(w) => notes_of_reduce(w, py),
        Work::ListItems(w) => {
            let name = name_of(w.elements.taken.owner.as_ref(), py);
            vec![format!("when serializing {name} item {}", w.elements.done)]
        }
        Work::DictItems(w) => {
            let name = name_of(w.elements.taken.owner.as_ref(), py);
            let pair = w.elements.pair_in_path();
            let key = pair.and_then(|pair| pair.cast::<PyTuple>(py).ok()?.get_item(0).ok());
            let note = key.and_then(|key| key_note(&name, &key));
            note.into_iter().collect()
        }
        // An instance that is saved by a plan tells the same as one that was reduced.
        Work::Build { obj, .. } => {
            let name = class_name(obj.bind(py));
            vec![
                format!("when serializing {name} state"),
                format!("when serializing {name} object"),
            ]
        }
        Work::StackGlobal { .. }
        | Work::AttributeChain(_)
        | Work::Memoize(_)
        | Work::PersistentId => Vec::new(),
    }
}

fn notes_of_reduce(reduce: &Reduce, py: Python<'_>) -> Vec<String> {
    let name = name_of(reduce.obj.as_ref(), py);
    let part = part_of_reduce(reduce).map(|part| format!("when serializing {name} {part}"));
    let mut notes: Vec<String> = part.into_iter().collect();
    if reduce.met.is_some() {
        notes.push(format!("when serializing {name} object"));
    }
    notes
}

/// The part of a reduce value within which the walk is, as the notes name it.
fn part_of_reduce(reduce: &Reduce) -> Option<&'static str> {
    match reduce.stage {
        Stage::Class => Some("class"),
        Stage::Function => Some("reconstructor"),
        Stage::Arguments => Some("reconstructor arguments"),
        Stage::NewArguments | Stage::KeywordArguments => Some("__new__ arguments"),
        Stage::State => Some("state"),
        Stage::StateSetter => Some("state setter"),
        _ => None,
    }
}

fn name_of(owner: Option<&Held>, py: Python<'_>) -> String {
    owner.map_or_else(|| "NoneType".to_owned(), |obj| class_name(obj.bind(py)))
}

/// The note of an entry. A key whose `repr` raises gives none, and never replaces the error.
fn key_note(name: &str, key: &Bound<'_, PyAny>) -> Option<String> {
    let repr = key.repr().ok()?;
    Some(format!("when serializing {name} item {repr}"))
}
