//! What a hookable pickler's methods do when they are called by themselves: from a hook, in the midst of a dump, or
//! outside of one, by a `dump` that somebody wrote anew.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::fast::held::{Held, give_up_late};
use crate::fast::memo::Holding;
use crate::gate::home::Home;
use crate::interpreter::imports::Imports;
use crate::save::containers::batch::Items;
use crate::save::hooks::Builtin;
use crate::save::next::{Next, Questions};
use crate::save::session::{Ending, Served, work_on};
use crate::save::standing::Standing;
use crate::save::state::State;
use crate::save::walk::Walk;

/// A hookable pickler's own `save`: a walk nested in the dump under way on this thread, or else one whose output
/// stays in the framer. `asks_id` says whether `obj` may have a persistent id.
///
/// # Errors
/// As for `dump`; RuntimeError from another thread.
pub fn save(
    pickler: &Bound<'_, PyAny>,
    home: &Home<State>,
    obj: &Bound<'_, PyAny>,
    asks_id: bool,
) -> PyResult<Served> {
    within(pickler, home, |walk| {
        walk.save_whole(&Held::from(obj), Questions::Base { asks_id })
    })
}

/// Saves an exact instance of a builtin type as upstream's method for that type does.
///
/// # Errors
/// As for `save`.
pub fn save_builtin(
    pickler: &Bound<'_, PyAny>,
    home: &Home<State>,
    obj: &Bound<'_, PyAny>,
    builtin: Builtin,
) -> PyResult<Served> {
    let mut is_saved = true;
    let served = within(pickler, home, |walk| {
        walk.nest(|walk| {
            let next = walk.save_builtin(&Held::from(obj), builtin)?;
            is_saved = next.is_some();
            Ok(next.unwrap_or(Next::Step))
        })
    })?;
    Ok(if is_saved { served } else { Served::ByUpstream })
}

/// Saves a global as upstream's `save_global` does.
///
/// # Errors
/// As for `save`.
pub fn save_global(
    pickler: &Bound<'_, PyAny>,
    home: &Home<State>,
    obj: &Bound<'_, PyAny>,
    name: Option<&Bound<'_, PyAny>>,
) -> PyResult<Served> {
    within(pickler, home, |walk| {
        walk.nest(|walk| {
            let name = name.map(Held::from);
            walk.save_global(&Held::from(obj), name, SHARED)
        })
    })
}

/// Saves the parts of a reduce value, two to six of them, as upstream's `save_reduce` does.
///
/// # Errors
/// As for `save`.
pub fn save_reduce(
    pickler: &Bound<'_, PyAny>,
    home: &Home<State>,
    value: &Bound<'_, PyTuple>,
    obj: Option<&Bound<'_, PyAny>>,
) -> PyResult<Served> {
    within(pickler, home, |walk| {
        walk.nest(|walk| {
            let met = walk.state().writer.memo.no_mark();
            walk.save_reduce_natively(obj.map(Held::from), value.into(), SHARED, Some(met))
        })
    })
}

/// Saves the items of an iterable as upstream's `_batch_appends` or `_batch_setitems` does. `owner` is the object
/// whose they are.
///
/// # Errors
/// As for `save`.
pub fn save_items(
    pickler: &Bound<'_, PyAny>,
    home: &Home<State>,
    kind: Items,
    items: &Bound<'_, PyAny>,
    owner: Option<&Bound<'_, PyAny>>,
) -> PyResult<Served> {
    within(pickler, home, |walk| {
        walk.nest(|walk| walk.begin_items(kind, items.into(), owner.map(Held::from), SHARED))
    })
}

/// How everything is held that a hook hands over.
const SHARED: Standing = Standing::new(Holding::Shared, 0);

/// Memoizes an object on behalf of a method that somebody overrides.
///
/// # Errors
/// AssertionError for an object that is in the memo; RuntimeError from another thread; MemoryError.
pub fn memoize(
    pickler: &Bound<'_, PyAny>,
    home: &Home<State>,
    obj: &Bound<'_, PyAny>,
) -> PyResult<Served> {
    within(pickler, home, |walk| {
        walk.memoize_for_hook(&Held::from(obj))
    })
}

/// Works within the dump under way on this thread, or outside of one as its methods do that are called by
/// themselves: what is written reaches the framer, and below protocol 4 the file.
fn within(
    pickler: &Bound<'_, PyAny>,
    home: &Home<State>,
    act: impl FnOnce(&mut Walk<'_, '_>) -> PyResult<()>,
) -> PyResult<Served> {
    let py = pickler.py();
    let served = |walk: &mut Walk<'_, '_>| {
        walk.refresh_hooks()?;
        if walk.state().hooks.found.is_foreign {
            return Ok(Served::ByUpstream);
        }
        act(walk)?;
        walk.reach_file()?;
        Ok(Served::Natively)
    };
    if !home.is_working() {
        return work_on(pickler, home, Ending::KeepsFrame, served);
    }
    let imports = Imports::get(py)?;
    let owner = Held::from(pickler);
    let mut walk = Walk::new(py, imports, home.take(py)?, Some((home, &owner)));
    let result = served(&mut walk);
    walk.writer().memo.claim();
    if !walk.is_abandoned() {
        home.put(walk.into_state());
    }
    drop(owner);
    give_up_late(py);
    result
}
