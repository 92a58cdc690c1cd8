//! Containers and instances made from values that a load has on its stack.

use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

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

/// A new empty list.
#[inline(always)]
pub fn empty_list(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: the call gives a new reference or sets an error.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyList_New(0)) }
}

/// A new empty dict.
#[inline(always)]
pub fn empty_dict(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: as above.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyDict_New()) }
}

/// A new empty set.
pub fn empty_set(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: as above; no iterable means no elements.
    unsafe { Bound::from_owned_ptr_or_err(py, ffi::PySet_New(std::ptr::null_mut())) }
}

/// A tuple of the values from `start` on, which are taken off.
#[inline(always)]
pub fn tuple<'py>(
    py: Python<'py>,
    values: &mut Values<'py>,
    start: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let n = values.len() - start;
    // SAFETY: a fresh tuple has `n` empty places, and nobody else has seen it. The references move
    // into it: the vector forgets them at once.
    unsafe {
        let tuple = ffi::PyTuple_New(n as ffi::Py_ssize_t);
        let tuple = Bound::from_owned_ptr_or_err(py, tuple)?;
        for (i, value) in values.drain(start..).enumerate() {
            ffi::PyTuple_SET_ITEM(tuple.as_ptr(), i as ffi::Py_ssize_t, value.into_ptr());
        }
        Ok(tuple)
    }
}

/// A list of the values from `start` on, which are taken off.
pub fn list<'py>(
    py: Python<'py>,
    values: &mut Values<'py>,
    start: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let n = values.len() - start;
    // SAFETY: as for `tuple`.
    unsafe {
        let list = ffi::PyList_New(n as ffi::Py_ssize_t);
        let list = Bound::from_owned_ptr_or_err(py, list)?;
        for (i, value) in values.drain(start..).enumerate() {
            ffi::PyList_SET_ITEM(list.as_ptr(), i as ffi::Py_ssize_t, value.into_ptr());
        }
        Ok(list)
    }
}

/// Whether the object is a list of the exact type.
#[inline(always)]
pub fn is_exact_list(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the object is alive; its type is only compared.
    unsafe { ffi::Py_TYPE(object.as_ptr()) == &raw mut ffi::PyList_Type }
}

/// Moves the values from `start` on to the end of an exact list.
///
/// # Errors
/// MemoryError; nothing is moved then.
#[inline(always)]
pub fn extend_list<'py>(
    list: &Bound<'py, PyAny>,
    values: &mut Values<'py>,
    start: usize,
) -> PyResult<()> {
    debug_assert!(is_exact_list(list));
    let n = values.len() - start;
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
    // SAFETY: an exact list has this layout on the versions supported: `allocated` places from the
    // interpreter's allocator, of which the first `ob_size` are filled. The GIL is held and no
    // Python code runs from the reading of the size to its writing. A `Bound` is a pointer, and
    // those that are copied are forgotten: the list owns them.
    unsafe {
        let raw = list.as_ptr().cast::<ffi::PyListObject>();
        let old = ffi::Py_SIZE(list.as_ptr()) as usize;
        let new = old + n;
        if new > (*raw).allocated.max(0) as usize {
            // A batch at a time is appended: room for half as many more keeps that linear.
            let room = if old == 0 { new } else { new + new / 2 };
            let bytes = room
                .checked_mul(size_of::<*mut ffi::PyObject>())
                .filter(|bytes| *bytes <= isize::MAX as usize)
                .ok_or_else(|| PyMemoryError::new_err(()))?;
            let items = ffi::PyMem_Realloc((*raw).ob_item.cast(), bytes);
            if items.is_null() {
                return Err(PyMemoryError::new_err(()));
            }
            (*raw).ob_item = items.cast();
            (*raw).allocated = room as ffi::Py_ssize_t;
        }
        let from = values.as_ptr().add(start).cast::<*mut ffi::PyObject>();
        std::ptr::copy_nonoverlapping(from, (*raw).ob_item.add(old), n);
        values.set_len(start);
        (*raw).ob_base.ob_size = new as ffi::Py_ssize_t;
        Ok(())
    }
}

/// Stores one entry in an exact dict, which takes the references over where it can.
#[inline(always)]
pub fn set_item_taking<'py>(
    dict: &Bound<'py, PyAny>,
    key: Bound<'py, PyAny>,
    value: Bound<'py, PyAny>,
) -> PyResult<()> {
    #[cfg(not(Py_3_13))]
    // SAFETY: all three are alive, and the caller saw an exact dict.
    let answer = unsafe { ffi::PyDict_SetItem(dict.as_ptr(), key.as_ptr(), value.as_ptr()) };
    #[cfg(Py_3_13)]
    // SAFETY: as above; the call takes both references, whatever comes of it.
    let answer = unsafe { _PyDict_SetItem_Take2(dict.as_ptr(), key.into_ptr(), value.into_ptr()) };
    if answer < 0 {
        return Err(PyErr::fetch(dict.py()));
    }
    Ok(())
}

#[cfg(Py_3_13)]
unsafe extern "C" {
    /// Exported by every interpreter from 3.13 on, though not declared by `pyo3::ffi`.
    fn _PyDict_SetItem_Take2(
        dict: *mut ffi::PyObject,
        key: *mut ffi::PyObject,
        value: *mut ffi::PyObject,
    ) -> std::ffi::c_int;
}

/// Whether the object is a dict of the exact type.
#[inline(always)]
pub fn is_exact_dict(object: &Bound<'_, PyAny>) -> bool {
    // SAFETY: the object is alive; its type is only compared.
    unsafe { ffi::Py_TYPE(object.as_ptr()) == &raw mut ffi::PyDict_Type }
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
    /// `object.__new__`, which runs no Python code.
    Object,
    /// Something else.
    Other,
}

/// Who makes instances of the class.
#[inline(always)]
pub fn maker(class: &Bound<'_, PyType>) -> Maker {
    // SAFETY: the class is alive; slots of it and of `object` are compared.
    unsafe {
        match ((*class.as_type_ptr()).tp_new, ffi::PyBaseObject_Type.tp_new) {
            (None, _) => Maker::Nobody,
            (Some(new), Some(base)) if std::ptr::fn_addr_eq(new, base) => Maker::Object,
            _ => Maker::Other,
        }
    }
}

/// What the class's `__new__` slot makes of the arguments, a tuple.
#[inline(always)]
pub fn new_instance<'py>(
    class: &Bound<'py, PyType>,
    args: &Bound<'py, PyAny>,
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

/// The attribute, or None where there is none; no exception is made for its absence.
#[inline(always)]
pub fn optional_attribute<'py>(
    object: &Bound<'py, PyAny>,
    name: &Bound<'py, pyo3::types::PyString>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let mut found = std::ptr::null_mut();
    // SAFETY: both are alive; `found` gets a new reference where the answer is 1, null otherwise.
    unsafe {
        #[cfg(Py_3_13)]
        let answer = ffi::PyObject_GetOptionalAttr(object.as_ptr(), name.as_ptr(), &raw mut found);
        #[cfg(not(Py_3_13))]
        let answer = _PyObject_LookupAttr(object.as_ptr(), name.as_ptr(), &raw mut found);
        if answer < 0 {
            return Err(PyErr::fetch(object.py()));
        }
        Ok(Bound::from_owned_ptr_or_opt(object.py(), found))
    }
}

#[cfg(not(Py_3_13))]
unsafe extern "C" {
    /// Exported by every interpreter before the public name came.
    fn _PyObject_LookupAttr(
        object: *mut ffi::PyObject,
        name: *mut ffi::PyObject,
        found: *mut *mut ffi::PyObject,
    ) -> std::ffi::c_int;
}
