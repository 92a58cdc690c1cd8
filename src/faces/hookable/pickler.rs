//! The functions of `HookablePickler`, which stands in for the Python class `pickle._Pickler`.
//!
//! The class is a plain Python class (`python/oxipickle/_hookable.py`): its instances are what they are upstream,
//! objects with a `__dict__`, and the state lies in the `framer` that stands there. Each function does upstream's
//! work natively, or calls upstream's own function where the pickler has something that the walk does not model.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyList, PyString, PyType};

use crate::faces::arguments::Given;
use crate::faces::hookable::framer::Framer;
use crate::faces::hookable::memo::PicklerMemo;
use crate::faces::hookable::served::{by_upstream, framer_behind, framer_of};
use crate::faces::hookable::{init, methods, reducing};
use crate::fast::instance::instance_dict;
use crate::fast::method::method_of;
use crate::fast::thread_end::Frames;
use crate::interpreter::face::Face;
use crate::interpreter::functions::{of_pickler, remember_pickler};
use crate::interpreter::hookable;
use crate::save::list_references;
use crate::save::session::{self, Served};
use crate::save::{called, memo_contents};

/// Writes a pickle of `obj` to the file. Follows `pickle._Pickler.dump`.
///
/// Raises PicklingError for what can't be pickled, RuntimeError within a dump of this pickler, and whatever a
/// hook or the file raises; notes tell the path to the culprit.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
fn dump<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    let _frames = Frames::enter();
    if let Some(framer) = framer_of(pickler)? {
        let home = &framer.get().home;
        memo_contents::take_memo(pickler, home)?;
        let served = session::dump_hookable(pickler, home, obj);
        drop(forget_view(pickler, &framer)?);
        if served? == Served::Natively {
            return Ok(());
        }
        by_upstream(pickler, intern!(pickler.py(), "dump"), &[obj], None)?;
        return session::end_dump_by_upstream(pickler, home);
    }
    by_upstream(pickler, intern!(pickler.py(), "dump"), &[obj], None).map(drop)
}

/// Saves `obj`: its persistent id, a reference to what was saved before, or the object itself. To be called
/// from a hook, or by a `dump` of one's own. Follows `pickle._Pickler.save`.
///
/// Raises what `dump` does, and RuntimeError from another thread.
#[pyfunction]
#[pyo3(
    signature = (pickler, /, obj, save_persistent_id=Given::default()),
    text_signature = "(self, /, obj, save_persistent_id=True)"
)]
fn save<'py>(
    pickler: &Bound<'py, PyAny>,
    obj: &Bound<'py, PyAny>,
    save_persistent_id: Given<'py>,
) -> PyResult<()> {
    let _frames = Frames::enter();
    let py = pickler.py();
    if let Some(framer) = framer_of(pickler)? {
        let asks_id = match &save_persistent_id.0 {
            Some(asks) => asks.is_truthy()?,
            None => true,
        };
        if called::save(pickler, &framer.get().home, obj, asks_id)? == Served::Natively {
            return Ok(());
        }
    }
    let options = match save_persistent_id.0 {
        Some(asks) => {
            let options = crate::fast::fresh::dict(py)?;
            options.set_item(intern!(py, "save_persistent_id"), asks)?;
            Some(options)
        }
        None => None,
    };
    by_upstream(pickler, intern!(py, "save"), &[obj], options.as_ref()).map(drop)
}

/// Takes the view of the memo out of the pickler's dict: between two dumps the memo is shown as a dict.
fn forget_view<'py>(
    pickler: &Bound<'py, PyAny>,
    framer: &Bound<'py, Framer>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let own = instance_dict(pickler.as_borrowed())?;
    let name = intern!(pickler.py(), "memo");
    let memo = own.get_item(name)?;
    let memo = memo.filter(|memo| PicklerMemo::belongs_to(memo, framer.as_ptr() as usize));
    if memo.is_some() {
        own.del_item(name)?;
    }
    Ok(memo)
}

/// Enters `obj` in the memo, and writes the opcode that does the same on loading. Follows
/// `pickle._Pickler.memoize`.
///
/// Raises AssertionError for an object that is in the memo.
#[pyfunction]
#[pyo3(signature = (pickler, /, obj), text_signature = "(self, /, obj)")]
fn memoize<'py>(pickler: &Bound<'py, PyAny>, obj: &Bound<'py, PyAny>) -> PyResult<()> {
    let _frames = Frames::enter();
    if let Some(framer) = framer_of(pickler)?
        && called::memoize(pickler, &framer.get().home, obj)? == Served::Natively
    {
        return Ok(());
    }
    by_upstream(pickler, intern!(pickler.py(), "memoize"), &[obj], None).map(drop)
}

/// Forgets every object that was pickled. Follows `pickle._Pickler.clear_memo`.
#[pyfunction]
#[pyo3(signature = (pickler, /), text_signature = "(self, /)")]
fn clear_memo(pickler: &Bound<'_, PyAny>) -> PyResult<()> {
    let _frames = Frames::enter();
    let py = pickler.py();
    let own = instance_dict(pickler.as_borrowed())?;
    match (framer_of(pickler)?, own.contains(intern!(py, "memo"))?) {
        (Some(framer), false) => memo_contents::clear_memo(&framer.get().home),
        _ => by_upstream(pickler, intern!(py, "clear_memo"), &[], None).map(drop),
    }
}

/// Makes `memo` when it is asked for: a dict `{id(obj): (index, obj)}`, which is the pickler's memo from then on;
/// during a dump a live view of it that has a dict's methods. Raises AttributeError for any other name.
#[pyfunction]
#[pyo3(signature = (pickler, name, /), text_signature = "(self, name, /)")]
fn __getattr__<'py>(
    pickler: &Bound<'py, PyAny>,
    name: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = pickler.py();
    if name.to_str().is_ok_and(|name| name == "memo")
        && instance_dict(pickler.as_borrowed())?.contains("_file_write")?
    {
        let memo = match framer_behind(pickler)? {
            Some(framer) => memo_of(&framer)?,
            None => crate::fast::fresh::dict(py)?.into_any(),
        };
        instance_dict(pickler.as_borrowed())?.set_item(name, &memo)?;
        return Ok(memo);
    }
    // The ordinary look-up fails once more, and words the error.
    py.get_type::<PyAny>()
        .call_method1(intern!(py, "__getattribute__"), (pickler, name))
}

/// A framer's memo as a dict, which is then empty itself; during a dump, a live view.
fn memo_of<'py>(framer: &Bound<'py, Framer>) -> PyResult<Bound<'py, PyAny>> {
    let py = framer.py();
    let home = &framer.get().home;
    if home.is_working() {
        return Ok(Bound::new(
            py,
            PicklerMemo::new(framer.clone().into_any().unbind(), Framer::home_of),
        )?
        .into_any());
    }
    let memo = memo_contents::copy_memo(py, home)?.into_any();
    memo_contents::clear_memo(home)?;
    Ok(memo)
}

/// The pair (module_name, qualname) under which `obj` is saved as a global; `name` is the string that its
/// `__reduce__` returned, or None. Follows `pickle.whichmodule`. To be overridden.
///
/// Raises PicklingError where that name does not lead back to `obj`.
#[pyfunction]
#[pyo3(signature = (pickler, obj, name=None, /), text_signature = "(self, obj, name=None, /)")]
fn resolve_global<'py>(
    pickler: &Bound<'py, PyAny>,
    obj: &Bound<'py, PyAny>,
    name: Option<Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let _frames = Frames::enter();
    session::resolve_global(pickler.py(), obj, name, Face::Hookable)
}

/// Every global that this pickler has named so far, such as classes and functions, as (module, qualified name);
/// first seen first.
#[pyfunction]
#[pyo3(signature = (pickler, /), text_signature = "(self, /)")]
fn global_references(pickler: &Bound<'_, PyAny>) -> PyResult<Py<PyList>> {
    let py = pickler.py();
    let pairs = match framer_of(pickler)? {
        Some(framer) => framer
            .get()
            .home
            .with(|state| state.references.held().map(|pairs| pairs.to_bound(py)))?,
        None => None,
    };
    list_references(py, pairs)
}

/// The functions that stand in for upstream's, and those that are the class's own.
fn functions(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyCFunction>>> {
    Ok(vec![
        pyo3::wrap_pyfunction!(init::__init__, py)?,
        pyo3::wrap_pyfunction!(dump, py)?,
        pyo3::wrap_pyfunction!(save, py)?,
        pyo3::wrap_pyfunction!(memoize, py)?,
        pyo3::wrap_pyfunction!(methods::save_none, py)?,
        pyo3::wrap_pyfunction!(methods::save_bool, py)?,
        pyo3::wrap_pyfunction!(methods::save_long, py)?,
        pyo3::wrap_pyfunction!(methods::save_float, py)?,
        pyo3::wrap_pyfunction!(methods::save_bytes, py)?,
        pyo3::wrap_pyfunction!(methods::save_bytearray, py)?,
        pyo3::wrap_pyfunction!(methods::save_picklebuffer, py)?,
        pyo3::wrap_pyfunction!(methods::save_str, py)?,
        pyo3::wrap_pyfunction!(methods::save_tuple, py)?,
        pyo3::wrap_pyfunction!(methods::save_list, py)?,
        pyo3::wrap_pyfunction!(methods::save_dict, py)?,
        pyo3::wrap_pyfunction!(methods::save_set, py)?,
        pyo3::wrap_pyfunction!(methods::save_frozenset, py)?,
        pyo3::wrap_pyfunction!(methods::save_type, py)?,
        pyo3::wrap_pyfunction!(reducing::save_global, py)?,
        pyo3::wrap_pyfunction!(reducing::save_reduce, py)?,
        pyo3::wrap_pyfunction!(reducing::_batch_appends, py)?,
        pyo3::wrap_pyfunction!(reducing::_batch_setitems, py)?,
        pyo3::wrap_pyfunction!(clear_memo, py)?,
        pyo3::wrap_pyfunction!(__getattr__, py)?,
        pyo3::wrap_pyfunction!(resolve_global, py)?,
        pyo3::wrap_pyfunction!(global_references, py)?,
    ])
}

/// Remembers the functions, and upstream's: any other of the same name is an override.
fn remember(py: Python<'_>) -> PyResult<()> {
    hookable::observe(py)?;
    if of_pickler(py).is_some() {
        return Ok(());
    }
    remember_pickler(py, functions(py)?)
}

/// Whether what a class has under a name is no override: upstream's function, or ours in its place.
///
/// Raises TypeError for a name that is no str.
#[pyfunction]
#[pyo3(signature = (name, attribute, /))]
pub fn is_upstreams_method(
    name: &Bound<'_, PyString>,
    attribute: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    match of_pickler(name.py()) {
        Some(functions) => functions.is_untouched(name, attribute),
        None => Ok(false),
    }
}

/// The native functions as methods of `cls`, by name; `module` is what each has as its `__module__`.
///
/// The first call looks at the release's own classes, and raises what importing raises.
#[pyfunction]
#[pyo3(signature = (cls, module, /))]
pub fn pickler_methods<'py>(
    cls: &Bound<'py, PyType>,
    module: &Bound<'py, PyString>,
) -> PyResult<Bound<'py, PyDict>> {
    let py = cls.py();
    remember(py)?;
    let methods = crate::fast::fresh::dict(py)?;
    if let Some(functions) = of_pickler(py) {
        for (name, function) in functions.ours() {
            methods.set_item(name, method_of(function.bind(py), cls, module)?)?;
        }
    }
    Ok(methods)
}
