//! A load by the hookable face: natively where nothing is overridden that the machine does not model, and else
//! by upstream's own code, which reads all that it uses through `self`.

use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::error::unpickling_error;
use crate::fast::class::class_attribute;
use crate::fast::count::count_of;
use crate::fast::fresh;
use crate::fast::instance::instance_dict;
use crate::gate::home::Home;
use crate::load::entries::Entries;
use crate::load::late::Late;
use crate::load::nesting::Nesting;
use crate::load::ours::{Ours, answer_of};
use crate::load::premises::Premises;
use crate::load::session::{Loaded, carry_out};
use crate::load::show::show_memo;
use crate::load::state::{Shown, State};
use crate::load::told_after::ToldAfter;
use crate::load::unframer::Unframer;

/// References to a memo that its unpickler alone has, while it is looked at: its own, and ours.
const REFERENCES_TO_OWN_MEMO: usize = 2;

/// Looks through the instance, which may lose things on the way: more often than this nobody puts them back.
const LOOKS: usize = 4;

/// One whole load.
///
/// # Errors
/// What the pickle, the file and the hooks raise; RuntimeError while a load of this unpickler is under way
/// natively.
pub fn load<'py>(unpickler: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = unpickler.py();
    let class = unpickler.get_type();
    let Ok(dict) = instance_dict(unpickler.as_borrowed()) else {
        return by_upstream(unpickler);
    };
    if let Some(unframer) = Unframer::of(&dict)?
        && unframer.get().home.is_working()
    {
        return Err(Home::<State>::in_use());
    }
    if !answer_of(&class)?.is_modelled() {
        return leave_to_upstream(unpickler, &dict);
    }
    let Some(mut entries) = cleared(&dict)? else {
        return leave_to_upstream(unpickler, &dict);
    };
    if entries.file_read.is_none() {
        let name = class.name()?;
        let words = format!("Unpickler.__init__() was not called by {name}.__init__()");
        return Err(unpickling_error(py, &words));
    }
    let dispatch = entries.dispatch.take();
    let dispatch = dispatch.or_else(|| class_attribute(&class, intern!(py, "dispatch")));
    let dispatch = dispatch.and_then(|found| found.cast_into_exact::<PyDict>().ok());
    let settings = entries.settings()?;
    let (Some(dispatch), Some(settings)) = (dispatch, settings) else {
        return leave_to_upstream(unpickler, &dict);
    };
    let memo = entries.memo.take();
    let Some(mut premises) = Premises::of(class, dispatch, dict, entries)? else {
        return leave_to_upstream(unpickler, &instance_dict(unpickler.as_borrowed())?);
    };
    let dict = premises.dict.clone();
    let _nesting = Nesting::enter(py)?;
    let unframer = match Unframer::of(&dict)? {
        Some(unframer) => unframer,
        None => {
            let unframer = Bound::new(py, Unframer::default())?;
            dict.set_item(intern!(py, "_unframer"), &unframer)?;
            unframer
        }
    };
    let has_memo = match memo {
        None => Some(false),
        Some(memo) => own_memo(&dict, memo)?.then_some(true),
    };
    if premises.entries.protocol() != Some(0) {
        dict.set_item(intern!(py, "proto"), 0)?;
    }
    let has_lists = !premises.changed.is_empty();
    if has_lists {
        let stack = fresh::list(py)?;
        dict.set_item(intern!(py, "metastack"), fresh::list(py)?)?;
        dict.set_item(intern!(py, "append"), stack.getattr(intern!(py, "append"))?)?;
        dict.set_item(intern!(py, "stack"), stack)?;
    }
    premises.note_entries();
    let told_after = match &settings.progress {
        Some(_) => ToldAfter::of(&dict)?,
        None => None,
    };
    let home = &unframer.get().home;
    let settings = Arc::new(settings);
    let mut fresh = Some(fresh::boxed(State::new(settings.clone()))?);
    let mut state = home.begin_with(|| fresh.take().unwrap_or_default())?;
    let old_settings = state.settings.replace(settings.clone());
    state.proto = 0;
    // A memo that was the unpickler's takes the place of what was kept natively.
    let old_memo = (has_memo != Some(false)).then(|| {
        let empty = state.empty_memo();
        std::mem::replace(&mut state.memo, empty)
    });
    let is_shown = has_memo == Some(true);
    let mut shown = Shown::new(unpickler.clone().unbind(), is_shown);
    shown.has_lists = has_lists;
    state.shown = Some(Box::new(shown));
    drop((fresh, old_settings, old_memo));
    let dispatch = premises.dispatch.clone();
    match carry_out(unpickler, home, state, &settings, Some(premises))? {
        Loaded::Object(object) => Ok(object),
        Loaded::HandedOver { read } => {
            let object = py
                .import("oxipickle._hookable_answers")?
                .call_method1(intern!(py, "go_on_loading"), (unpickler, read, dispatch))?;
            told_after.map_or(Ok(()), ToldAfter::tell)?;
            Ok(object)
        }
    }
}

/// The entries of an unpickler, once it has lost what an earlier load left behind, and this one would replace.
/// None where there is what the machine does not model.
fn cleared<'py>(dict: &Bound<'py, PyDict>) -> PyResult<Option<Entries<'py>>> {
    let py = dict.py();
    for _ in 0..LOOKS {
        let entries = Entries::of(dict);
        if entries.has_others {
            return Ok(None);
        }
        if !entries.has_lists && !entries.has_readers {
            return Ok(Some(entries));
        }
        drop(entries);
        for name in Late::NAMES.iter().filter(|name| **name != "memo") {
            let name = PyString::intern(py, name);
            if let Some(value) = dict.get_item(&name)? {
                dict.del_item(name)?;
                // A finaliser may run here.
                drop(value);
            }
        }
    }
    Ok(None)
}

/// Whether the memo that the unpickler has as an attribute is to be used as such. If it is the empty dict that
/// `__init__` made, and nobody else has it, the attribute goes: the memo is kept natively.
fn own_memo(dict: &Bound<'_, PyDict>, memo: Bound<'_, PyAny>) -> PyResult<bool> {
    let is_own = count_of(memo.as_borrowed()) == Some(REFERENCES_TO_OWN_MEMO)
        && memo
            .cast_exact::<PyDict>()
            .is_ok_and(|memo| memo.is_empty());
    if is_own {
        dict.del_item(intern!(dict.py(), "memo"))?;
    }
    Ok(!is_own)
}

/// Leaves a load to upstream's code, which finds the memo where it looks for it.
fn leave_to_upstream<'py>(
    unpickler: &Bound<'py, PyAny>,
    dict: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    if let Some(unframer) = Unframer::of(dict)?
        && !dict.contains(intern!(dict.py(), "memo"))?
    {
        show_memo(dict, &unframer.get().home)?;
    }
    let told_after = ToldAfter::of(dict)?;
    let object = by_upstream(unpickler)?;
    told_after.map_or(Ok(()), ToldAfter::tell)?;
    Ok(object)
}

fn by_upstream<'py>(unpickler: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = unpickler.py();
    Ours::get(py)?.load.bind(py).call1((unpickler,))
}
