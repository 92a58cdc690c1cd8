//! Containers and instances made of values that a load has on its stack.

#[cfg(not(Py_GIL_DISABLED))]
use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};

#[cfg(Py_3_13)]
use crate::fast::libpython;
#[cfg(not(Py_GIL_DISABLED))]
use crate::fast::pages;

type Values<'py> = Vec<Bound<'py, PyAny>>;

/// Pushes a value if there is room, and gives it back if not: one look at the capacity.
#[inline(always)]
pub fn push_within_capacity<T>(values: &mut Vec<T>, value: T) -> Result<(), T> {
    let len = values.len();
    if len == values.capacity() {
        return Err(value);
    }
    // SAFETY: the place is within the capacity, and filled before the length counts it.
    unsafe {
        values.as_mut_ptr().add(len).write(value);
        values.set_len(len + 1);
    }
    Ok(())
}

/// A tuple of the values from `start` on, which are taken off.
#[inline(always)]
pub fn tuple<'py>(
    py: Python<'py>,
    values: &mut Values<'py>,
    start: usize,
) -> PyResult<Bound<'py, PyTuple>> {
    let n = values.len() - start;
    // SAFETY: a fresh tuple has `n` empty places, which nobody else has seen; for `n = 0` it is the
    // shared empty one, and nothing is written. Each place takes one reference over from the vector,
    // whose length ends at `start` while they are drained.
    unsafe {
        let tuple = ffi::PyTuple_New(n as ffi::Py_ssize_t);
        let tuple = Bound::from_owned_ptr_or_err(py, tuple)?;
        for (i, value) in values.drain(start..).enumerate() {
            ffi::PyTuple_SET_ITEM(tuple.as_ptr(), i as ffi::Py_ssize_t, value.into_ptr());
        }
        Ok(tuple.cast_into_unchecked())
    }
}

/// A list of the values from `start` on, which are taken off.
pub fn list<'py>(
    py: Python<'py>,
    values: &mut Values<'py>,
    start: usize,
) -> PyResult<Bound<'py, PyList>> {
    let n = values.len() - start;
    // SAFETY: a fresh list has `n` empty places, which nobody else has seen. Each takes one reference
    // over from the vector, as for `tuple`.
    unsafe {
        let list = ffi::PyList_New(n as ffi::Py_ssize_t);
        let list = Bound::from_owned_ptr_or_err(py, list)?;
        for (i, value) in values.drain(start..).enumerate() {
            ffi::PyList_SET_ITEM(list.as_ptr(), i as ffi::Py_ssize_t, value.into_ptr());
        }
        Ok(list.cast_into_unchecked())
    }
}

/// Moves the values from `start` on to the end of a list.
///
/// # Errors
/// MemoryError; nothing is moved then.
#[inline(always)]
pub fn extend_list<'py>(
    list: &Bound<'py, PyList>,
    values: &mut Values<'py>,
    start: usize,
) -> PyResult<()> {
    #[cfg(Py_GIL_DISABLED)]
    {
        for value in values.drain(start..) {
            // SAFETY: both are alive, and the list is one.
            if unsafe { ffi::PyList_Append(list.as_ptr(), value.as_ptr()) } < 0 {
                return Err(PyErr::fetch(list.py()));
            }
        }
        Ok(())
    }
    #[cfg(not(Py_GIL_DISABLED))]
    // SAFETY: a list has this layout on the versions supported: `allocated` places from the
    // interpreter's allocator, of which the first `ob_size` are filled. The GIL is held and no
    // Python code runs from the reading of the size to its writing. A `Bound` is a pointer, and
    // those that are copied are forgotten: the list owns them.
    unsafe {
        let n = values.len() - start;
        let raw = list.as_ptr().cast::<ffi::PyListObject>();
        let old = ffi::Py_SIZE(list.as_ptr()) as usize;
        let new = old + n;
        if new > (*raw).allocated.max(0) as usize {
            // A batch at a time is appended: room for half as many more keeps that linear.
            let room = if old == 0 { new } else { new + new / 2 };
            let bytes = room
                .checked_mul(size_of::<*mut ffi::PyObject>())
                .map(pages::whole)
                .filter(|bytes| *bytes <= isize::MAX as usize)
                .ok_or_else(|| PyMemoryError::new_err(()))?;
            let items = ffi::PyMem_Realloc((*raw).ob_item.cast(), bytes);
            if items.is_null() {
                return Err(PyMemoryError::new_err(()));
            }
            if bytes >= pages::LARGE {
                pages::ask_for_large_at(items.addr(), bytes);
            }
            (*raw).ob_item = items.cast();
            (*raw).allocated = (bytes / size_of::<*mut ffi::PyObject>()) as ffi::Py_ssize_t;
        }
        let from = values.as_ptr().add(start).cast::<*mut ffi::PyObject>();
        std::ptr::copy_nonoverlapping(from, (*raw).ob_item.add(old), n);
        values.set_len(start);
        (*raw).ob_base.ob_size = new as ffi::Py_ssize_t;
        Ok(())
    }
}

/// Stores one entry in a dict by the dict's own method, which takes the references over where it can.
#[inline(always)]
pub fn set_item_taking<'py>(
    dict: &Bound<'py, PyDict>,
    key: Bound<'py, PyAny>,
    value: Bound<'py, PyAny>,
) -> PyResult<()> {
    #[cfg(not(Py_3_13))]
    // SAFETY: all three are alive, and the dict is one.
    let answer = unsafe { ffi::PyDict_SetItem(dict.as_ptr(), key.as_ptr(), value.as_ptr()) };
    #[cfg(Py_3_13)]
    // SAFETY: as above; the call takes both references, whatever comes of it.
    let answer = unsafe {
        libpython::_PyDict_SetItem_Take2(dict.as_ptr(), key.into_ptr(), value.into_ptr())
    };
    if answer < 0 {
        return Err(PyErr::fetch(dict.py()));
    }
    Ok(())
}

/// Stores pairs, keys and values that take turns, in a dict, up to the first whose key it has: how many it stored.
/// Nothing is replaced, and so nothing is released: that runs no Python code where comparing the keys runs none. Without
/// memory it stores fewer, and raises nothing.
#[inline(always)]
pub fn set_new_items(dict: &Bound<'_, PyDict>, pairs: &[Bound<'_, PyAny>]) -> usize {
    let is_stored = |pair: &&[Bound<'_, PyAny>]| {
        let before = dict.len();
        // SAFETY: all three are alive, and the dict is one. The result is borrowed, and not looked at, or null with an
        // exception set, which is forgotten.
        unsafe {
            let (key, value) = (pair[0].as_ptr(), pair[1].as_ptr());
            if ffi::PyDict_SetDefault(dict.as_ptr(), key, value).is_null() {
                ffi::PyErr_Clear();
            }
        }
        dict.len() > before
    };
    pairs.chunks_exact(2).take_while(is_stored).count()
}

/// Adds an element to a set, a subclass's included, by the set's own method.
pub fn add_to_set(set: &Bound<'_, PyAny>, element: &Bound<'_, PyAny>) -> PyResult<()> {
    // SAFETY: both are alive; the call checks the type.
    if unsafe { ffi::PySet_Add(set.as_ptr(), element.as_ptr()) } < 0 {
        return Err(PyErr::fetch(set.py()));
    }
    Ok(())
}

/// A frozenset of a tuple's items.
pub fn frozenset<'py>(items: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the tuple is alive; the call gives a new reference or sets an error.
    unsafe { Bound::from_owned_ptr_or_err(items.py(), ffi::PyFrozenSet_New(items.as_ptr())) }
}

/// Calls with a tuple of arguments; anything but a tuple is a TypeError in the interpreter's words.
pub fn call<'py>(
    callable: &Bound<'py, PyAny>,
    args: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: both are alive; the call checks the arguments' type, and gives a new reference or
    // sets an error.
    unsafe {
        let result = ffi::PyObject_CallObject(callable.as_ptr(), args.as_ptr());
        Bound::from_owned_ptr_or_err(callable.py(), result)
    }
}

/// Calls a class's method with an instance and one argument.
pub fn call_method<'py>(
    method: &Bound<'py, PyAny>,
    instance: &Bound<'py, PyAny>,
    argument: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let args = [instance.as_ptr(), argument.as_ptr()];
    // SAFETY: all three are alive while the call lasts; it gives a new reference or sets an error.
    unsafe {
        let result = ffi::PyObject_Vectorcall(
            method.as_ptr(),
            args.as_ptr(),
            args.len(),
            std::ptr::null_mut(),
        );
        Bound::from_owned_ptr_or_err(method.py(), result)
    }
}

/// How a class makes its instances.
#[derive(Copy, Clone, PartialEq, Eq)]
pub enum Maker {
    /// It has no `__new__`.
    Nobody,
    /// `object.__new__`, which runs no Python code: the class is not abstract, so that there is no error that names
    /// methods which Python code has chosen.
    Object,
    /// Something else.
    Other,
}

/// Who makes instances of the class.
#[inline(always)]
pub fn maker(class: &Bound<'_, PyType>) -> Maker {
    // SAFETY: the class is alive; slots of it and of `object` are compared, and a flag is read.
    unsafe {
        let t = class.as_type_ptr();
        let is_abstract = ffi::PyType_HasFeature(t, ffi::Py_TPFLAGS_IS_ABSTRACT) != 0;
        match ((*t).tp_new, ffi::PyBaseObject_Type.tp_new) {
            (None, _) => Maker::Nobody,
            (Some(new), Some(base)) if std::ptr::fn_addr_eq(new, base) && !is_abstract => {
                Maker::Object
            }
            _ => Maker::Other,
        }
    }
}

/// What the class's `__new__` slot makes of the arguments.
#[inline(always)]
pub fn new_instance<'py>(
    class: &Bound<'py, PyType>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: all are alive, and the arguments are a tuple and a dict, as the slot demands.
    unsafe {
        let t = class.as_type_ptr();
        let Some(new) = (*t).tp_new else {
            return Err(pyo3::exceptions::PyTypeError::new_err("no __new__"));
        };
        let kwargs = kwargs.map_or(std::ptr::null_mut(), |k| k.as_ptr());
        Bound::from_owned_ptr_or_err(class.py(), new(t, args.as_ptr(), kwargs))
    }
}
