//! The pickler's methods that overriding ones call: `save_global`, `save_reduce`, `_batch_appends` and
//! `_batch_setitems`.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::faces::hookable::served::{by_upstream, framer_of};
use crate::fast::fresh;
use crate::fast::thread_end::Frames;
use crate::interpreter::hookable;
use crate::save::Items;
use crate::save::called;
use crate::save::session::Served;

/// Saves `obj` by reference: the module where it is found, and its qualified name, or `name`. Follows
/// `pickle._Pickler.save_global`.
///
/// Raises PicklingError where that name does not lead back to `obj`.
#[pyfunction]
#[pyo3(
    signature = (pickler, /, obj, name=None),
    text_signature = "(self, /, obj, name=None)"
)]
pub fn save_global<'py>(
    pickler: &Bound<'py, PyAny>,
    obj: &Bound<'py, PyAny>,
    name: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    let _frames = Frames::enter();
    let py = pickler.py();
    if let Some(framer) = framer_of(pickler)?
        && called::save_global(pickler, &framer.get().home, obj, name)? == Served::Natively
    {
        return Ok(());
    }
    let none = py.None().into_bound(py);
    let arguments = [obj, name.unwrap_or(&none)];
    by_upstream(pickler, intern!(py, "save_global"), &arguments, None).map(drop)
}

/// Saves a call of `func` with the tuple `args`, which makes `obj` anew, and what is put into it then: the parts of
/// a value that `__reduce__` returns. Follows `pickle._Pickler.save_reduce`.
///
/// Raises PicklingError for what is no such value.
#[pyfunction]
#[pyo3(
    signature = (
        pickler, /, func, args, state=None, listitems=None, dictitems=None, state_setter=None, *, obj=None
    ),
    text_signature = "(self, /, func, args, state=None, listitems=None, dictitems=None, state_setter=None, *, obj=None)"
)]
#[expect(clippy::too_many_arguments, reason = "upstream's has as many")]
pub fn save_reduce<'py>(
    pickler: &Bound<'py, PyAny>,
    func: &Bound<'py, PyAny>,
    args: &Bound<'py, PyAny>,
    state: Option<&Bound<'py, PyAny>>,
    listitems: Option<&Bound<'py, PyAny>>,
    dictitems: Option<&Bound<'py, PyAny>>,
    state_setter: Option<&Bound<'py, PyAny>>,
    obj: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    let _frames = Frames::enter();
    let py = pickler.py();
    let none = py.None().into_bound(py);
    let others = [state, listitems, dictitems, state_setter];
    let others = others.map(|part| part.unwrap_or(&none).clone());
    let [state, listitems, dictitems, state_setter] = others;
    let value = [
        func.clone(),
        args.clone(),
        state,
        listitems,
        dictitems,
        state_setter,
    ];
    if let Some(framer) = framer_of(pickler)? {
        let value = fresh::tuple(py, value.clone())?;
        if called::save_reduce(pickler, &framer.get().home, &value, obj)? == Served::Natively {
            return Ok(());
        }
    }
    let options = fresh::dict(py)?;
    options.set_item(intern!(py, "obj"), obj)?;
    let value = value.each_ref();
    by_upstream(pickler, intern!(py, "save_reduce"), &value, Some(&options)).map(drop)
}

/// Saves items that are appended to the list, or the like, which was written last. Follows
/// `pickle._Pickler._batch_appends`.
///
/// Raises TypeError for what is no iterable.
#[pyfunction]
#[pyo3(
    signature = (pickler, /, items, obj=None),
    text_signature = "(self, /, items, obj=None)"
)]
pub fn _batch_appends<'py>(
    pickler: &Bound<'py, PyAny>,
    items: &Bound<'py, PyAny>,
    obj: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    save_items(
        pickler,
        Items::List,
        items,
        obj,
        intern!(pickler.py(), "_batch_appends"),
    )
}

/// Saves pairs of a key and a value that are set in the dict, or the like, which was written last. Follows
/// `pickle._Pickler._batch_setitems`.
///
/// Raises TypeError for what is no iterable of pairs.
#[pyfunction]
#[pyo3(
    signature = (pickler, /, items, obj=None),
    text_signature = "(self, /, items, obj=None)"
)]
pub fn _batch_setitems<'py>(
    pickler: &Bound<'py, PyAny>,
    items: &Bound<'py, PyAny>,
    obj: Option<&Bound<'py, PyAny>>,
) -> PyResult<()> {
    save_items(
        pickler,
        Items::Dict,
        items,
        obj,
        intern!(pickler.py(), "_batch_setitems"),
    )
}

fn save_items<'py>(
    pickler: &Bound<'py, PyAny>,
    kind: Items,
    items: &Bound<'py, PyAny>,
    obj: Option<&Bound<'py, PyAny>>,
    name: &Bound<'py, PyString>,
) -> PyResult<()> {
    let _frames = Frames::enter();
    if let Some(framer) = framer_of(pickler)?
        && called::save_items(pickler, &framer.get().home, kind, items, obj)? == Served::Natively
    {
        return Ok(());
    }
    let py = pickler.py();
    let none = py.None().into_bound(py);
    let arguments = [items, obj.unwrap_or(&none)];
    let takes_object = hookable::does(|facts| facts.names_items);
    by_upstream(
        pickler,
        name,
        &arguments[..1 + usize::from(takes_object)],
        None,
    )
    .map(drop)
}
