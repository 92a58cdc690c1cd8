//! Hooks that are a `functools.partial` of a Python function and one argument: what they bind is passed beside the object
//! at once, as of a bound method. That type is no part of the interpreter's interface, so it is looked at first.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::fast::libpython;
use crate::fast::vectorcall::way_in;

/// The head of a partial, which no header of the interpreter declares: [`observe`] finds out whether it is laid out like
/// this.
#[repr(C)]
struct Partial {
    object: ffi::PyObject,
    function: *mut ffi::PyObject,
    /// An exact tuple.
    arguments: *mut ffi::PyObject,
    /// An exact dict.
    keywords: *mut ffi::PyObject,
}

/// The type, with a reference of its own, once a partial was found to be laid out so.
static CLASS: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(null_mut());

/// Whether a hook may be the first partial that is met.
#[inline(always)]
pub fn may_be_new(hook: &Bound<'_, PyAny>) -> bool {
    let class = hook.get_type_ptr();
    // The types of the interpreter are compared by address.
    class != &raw mut ffi::PyFunction_Type
        && class != &raw mut libpython::PyMethod_Type
        && !cfg!(Py_GIL_DISABLED)
        && CLASS.load(Ordering::Relaxed).is_null()
}

/// Looks at a hook that `may_be_new`: if it is a partial, the next ones are known. `modules` is `sys.modules`.
///
/// # Errors
/// What looking up an attribute raises.
pub fn observe(hook: &Bound<'_, PyAny>, modules: &Bound<'_, PyDict>) -> PyResult<()> {
    let py = hook.py();
    let Some(module) = modules.get_item(intern!(py, "_functools"))? else {
        return Ok(());
    };
    let class = module.getattr(intern!(py, "partial"))?;
    let Ok(class) = class.cast_into::<PyType>() else {
        return Ok(());
    };
    // SAFETY: the class is alive. One that is written in Python has no such offset, or another base.
    let is_native = unsafe {
        let class = class.as_type_ptr();
        (*class).tp_basicsize as usize >= size_of::<Partial>()
            && (*class).tp_vectorcall_offset > 0
            && (*class).tp_base == &raw mut ffi::PyBaseObject_Type
    };
    if !is_native || !hook.get_type().is(&class) {
        return Ok(());
    }
    let parts = [
        hook.getattr(intern!(py, "func"))?,
        hook.getattr(intern!(py, "args"))?,
        hook.getattr(intern!(py, "keywords"))?,
    ];
    // SAFETY: the hook is alive and as large as this at least; what is read are plain numbers, whatever they mean.
    let found = unsafe {
        let partial = hook.as_ptr().cast::<Partial>();
        [
            (*partial).function,
            (*partial).arguments,
            (*partial).keywords,
        ]
    };
    let is_exact =
        parts[1].is_exact_instance_of::<PyTuple>() && parts[2].is_exact_instance_of::<PyDict>();
    if is_exact && found == parts.map(|part| part.as_ptr()) {
        CLASS.store(class.into_ptr().cast(), Ordering::Relaxed);
    }
    Ok(())
}

/// Whether a hook is of the type, and the type is known.
#[inline(always)]
pub(super) fn is_known(hook: &Bound<'_, PyAny>) -> bool {
    hook.get_type_ptr() == CLASS.load(Ordering::Relaxed)
}

/// Calls `hook(obj)` for a hook that `is_known`; None where it binds anything else than one argument to a Python function.
/// What comes back is a new reference, or null with an exception set.
#[inline(always)]
pub(super) fn call(hook: &Bound<'_, PyAny>, obj: &Bound<'_, PyAny>) -> Option<*mut ffi::PyObject> {
    let py = hook.py();
    debug_assert!(is_known(hook));
    // SAFETY: the hook is alive, the thread attached, and the layout known, as the caller says. A partial that somebody
    // has holds an exact tuple and an exact dict. Who exchanges `__call__` of its type takes the flag away. The hook may
    // be given another state while it is called, so what it binds is held. Before the arguments there is the place that
    // the flag promises.
    unsafe {
        let partial = hook.as_ptr().cast::<Partial>();
        let (function, arguments) = ((*partial).function, (*partial).arguments);
        let keywords = (*partial).keywords.cast::<ffi::PyDictObject>();
        if (*hook.get_type_ptr()).tp_flags & ffi::Py_TPFLAGS_HAVE_VECTORCALL == 0
            || function.is_null()
            || ffi::PyTuple_GET_SIZE(arguments) != 1
            || (*keywords).ma_used != 0
        {
            return None;
        }
        let call = way_in(function)?;
        let function = Bound::from_borrowed_ptr(py, function);
        let argument = Bound::from_borrowed_ptr(py, ffi::PyTuple_GET_ITEM(arguments, 0));
        let arguments = [null_mut(), argument.as_ptr(), obj.as_ptr()];
        Some(call(
            function.as_ptr(),
            arguments.as_ptr().add(1),
            2 | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET,
            null_mut(),
        ))
    }
}
