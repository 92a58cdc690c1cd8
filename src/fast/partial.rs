//! Hooks that are a `functools.partial` of a Python function and one argument: what they bind is passed beside the object
//! at once, as of a bound method. That type is no part of the interpreter's interface, so it is looked at first.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::fast::held::Held;
use crate::fast::libpython;

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
            && (*class).tp_flags & ffi::Py_TPFLAGS_IMMUTABLETYPE != 0
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

/// What was found to be bound by a partial, as long as that stands.
pub(super) struct Binding {
    /// The tuple of one argument.
    arguments: Held,
}

impl Binding {
    /// Of a hook that is a partial of a function and one argument, which come with it; None for any other.
    pub(super) fn of<'py>(
        hook: &Bound<'py, PyAny>,
    ) -> Option<(Self, Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        if hook.get_type_ptr() != CLASS.load(Ordering::Relaxed) {
            return None;
        }
        let py = hook.py();
        // SAFETY: the hook is alive, and laid out as was observed of its type. It holds what it binds.
        let (function, arguments) = unsafe {
            let partial = hook.as_ptr().cast::<Partial>();
            (
                Bound::from_borrowed_ptr_or_opt(py, (*partial).function)?,
                Bound::from_borrowed_ptr_or_opt(py, (*partial).arguments)?,
            )
        };
        let bound = arguments.cast_exact::<PyTuple>().ok()?;
        let argument = bound.get_item(0).ok().filter(|_| bound.len() == 1)?;
        let arguments = Held::from(arguments);
        Some((Self { arguments }, function, argument))
    }

    /// Whether the partial that this was found of binds the same, and no keywords.
    #[inline(always)]
    pub(super) fn stands(&self, hook: &Bound<'_, PyAny>, function: &Bound<'_, PyAny>) -> bool {
        // SAFETY: the hook is alive, and was a partial, whose type nobody exchanges, as it can't be changed. One that has
        // a function has a dict of keywords. The GIL is held, as the thread is attached.
        unsafe {
            let partial = hook.as_ptr().cast::<Partial>();
            (*partial).function == function.as_ptr()
                && (*partial).arguments == self.arguments.bind(hook.py()).as_ptr()
                && (*(*partial).keywords.cast::<ffi::PyDictObject>()).ma_used == 0
        }
    }
}
