//! Calls of a class of ours with nothing but its first argument, carried out by one function: by itself the interpreter
//! makes a tuple of the argument, and calls `__new__` and then `__init__` with it.

use std::ptr::null_mut;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyType};

/// The function, and what the class had for `__new__` and `__init__` when the function was as good as these.
pub struct Made {
    function: Py<PyCFunction>,
    new: Option<ffi::newfunc>,
    init: Option<ffi::initproc>,
}

/// A class with such a function. The classes that inherit from it are called as ever.
pub trait MadeByFunction {
    /// Where it is remembered.
    fn made() -> &'static PyOnceLock<Made>;
}

/// From now on `function` carries out the calls of `class`, unless somebody exchanges `__new__` or `__init__`.
pub fn install<T: MadeByFunction>(class: &Bound<'_, PyType>, function: &Bound<'_, PyCFunction>) {
    // SAFETY: the class is alive, and the GIL held. Its metaclass is `type`, which looks for a call where it is put, and
    // such a call gets what `call` asks for.
    unsafe {
        let raw = class.as_type_ptr();
        let made = Made {
            function: function.clone().unbind(),
            new: (*raw).tp_new,
            init: (*raw).tp_init,
        };
        if T::made().set(class.py(), made).is_ok() {
            (*raw).tp_vectorcall = Some(call::<T>);
        }
    }
}

/// # Safety
/// As the interpreter calls it: with the class, and arguments as vectorcall has them.
unsafe extern "C" fn call<T: MadeByFunction>(
    class: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the GIL is held, and the class and the arguments are alive during the call. What is called checks its
    // arguments, and gives a new reference, or null with an exception set.
    unsafe {
        let raw = class.cast::<ffi::PyTypeObject>();
        #[expect(
            clippy::disallowed_methods,
            reason = "no view is alive where the interpreter calls"
        )]
        let made = T::made().get(Python::assume_attached());
        if let Some(made) = made
            && ffi::PyVectorcall_NARGS(count) == 1
            && names.is_null()
            && made.new.map(|new| new as usize) == (*raw).tp_new.map(|new| new as usize)
            && made.init.map(|init| init as usize) == (*raw).tp_init.map(|init| init as usize)
        {
            return ffi::PyObject_Vectorcall(made.function.as_ptr(), arguments, count, null_mut());
        }
        call_as_ever(
            class,
            arguments,
            ffi::PyVectorcall_NARGS(count) as usize,
            names,
        )
    }
}

/// What the interpreter does for a class without such a function.
///
/// # Safety
/// As for `call`, with the number of positional arguments.
#[cold]
unsafe fn call_as_ever(
    class: *mut ffi::PyObject,
    arguments: *const *mut ffi::PyObject,
    count: usize,
    names: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: as for `call`; a fresh tuple has `count` empty places, each of which takes a new reference over, and
    // there is a value behind the positional arguments for each of the names, a tuple of strings.
    unsafe {
        let positional = ffi::PyTuple_New(count as ffi::Py_ssize_t);
        if positional.is_null() {
            return null_mut();
        }
        for i in 0..count {
            let argument = *arguments.add(i);
            ffi::Py_INCREF(argument);
            ffi::PyTuple_SET_ITEM(positional, i as ffi::Py_ssize_t, argument);
        }
        let mut named = null_mut();
        let mut is_complete = true;
        if !names.is_null() {
            named = ffi::PyDict_New();
            is_complete = !named.is_null();
            for i in 0..ffi::PyTuple_GET_SIZE(names) {
                let value = *arguments.add(count + i as usize);
                is_complete = is_complete
                    && ffi::PyDict_SetItem(named, ffi::PyTuple_GET_ITEM(names, i), value) == 0;
            }
        }
        let result = match ffi::PyType_Type.tp_call {
            Some(call) if is_complete => call(class, positional, named),
            _ => null_mut(),
        };
        ffi::Py_DECREF(positional);
        ffi::Py_XDECREF(named);
        result
    }
}
