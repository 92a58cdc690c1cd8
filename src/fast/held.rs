//! References that can be given up at any time without running Python code.

use std::mem::ManuallyDrop;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::{Borrowed, PyTypeCheck};

use crate::fast::count::count;
use crate::fast::quiet::Quiet;
use crate::fast::view::View;
use crate::fast::watch;

/// A reference to an object, owned by a pickler's state, its work, a cache or the like.
///
/// Dropping it runs no Python code and frees nothing: a last reference is laid aside, and given up at the
/// next passage of the gate ([`give_up_late`]). Whoever wants that to happen at once uses
/// `Walk::release`. What is forgotten is therefore freed late, never too early.
pub struct Held(ManuallyDrop<Py<PyAny>>);

impl Held {
    /// What an attached thread sees.
    #[inline(always)]
    pub fn bind<'a, 'py>(&'a self, py: Python<'py>) -> &'a Bound<'py, PyAny> {
        self.0.bind(py)
    }

    /// The object as one of its native types.
    ///
    /// # Errors
    /// TypeError where it is of another type.
    #[inline(always)]
    pub fn cast<'a, 'py, T: PyTypeCheck>(&'a self, py: Python<'py>) -> PyResult<&'a Bound<'py, T>> {
        Ok(self.0.bind(py).cast::<T>()?)
    }

    /// Another reference to the same object, of PyO3's kind.
    #[inline(always)]
    pub fn to_bound<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.0.bind(py).clone()
    }

    /// The same reference, of PyO3's kind.
    #[inline(always)]
    pub fn into_bound(self, py: Python<'_>) -> Bound<'_, PyAny> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is dropped by nobody, so the reference is taken out once.
        unsafe { ManuallyDrop::take(&mut this.0) }.into_bound(py)
    }

    /// The object, for as long as no Python code runs.
    #[inline(always)]
    pub fn view<'q>(&self, quiet: &'q Quiet) -> View<'q> {
        // SAFETY: this reference keeps the object alive now; until the end of `'q` no count falls to
        // zero, even where this reference is dropped meanwhile, since that lays it aside.
        unsafe { View::new(self.0.as_ptr(), quiet) }
    }

    /// Another reference to the same object.
    #[inline(always)]
    pub fn again(&self, quiet: &Quiet) -> Self {
        self.view(quiet).hold()
    }

    /// For the collector.
    pub fn traverse(&self, visit: &pyo3::gc::PyVisit<'_>) -> Result<(), pyo3::gc::PyTraverseError> {
        visit.call(&*self.0)
    }
}

impl View<'_> {
    /// A reference of one's own.
    #[inline(always)]
    #[expect(clippy::disallowed_methods, reason = "the token is used up here")]
    pub fn hold(self) -> Held {
        // SAFETY: the object is alive and the GIL held, which `Quiet` shows. The new reference is the
        // result's.
        unsafe {
            ffi::Py_INCREF(self.as_ptr());
            let py = pyo3::Python::assume_attached();
            pyo3::Bound::from_owned_ptr(py, self.as_ptr()).into()
        }
    }
}

impl<T> From<Bound<'_, T>> for Held {
    #[inline(always)]
    fn from(object: Bound<'_, T>) -> Self {
        Self(ManuallyDrop::new(object.into_any().unbind()))
    }
}

impl<T> From<Borrowed<'_, '_, T>> for Held {
    #[inline(always)]
    fn from(object: Borrowed<'_, '_, T>) -> Self {
        object.to_owned().into()
    }
}

impl<T> From<&Bound<'_, T>> for Held {
    #[inline(always)]
    fn from(object: &Bound<'_, T>) -> Self {
        object.clone().into()
    }
}

impl<T> From<Py<T>> for Held {
    #[inline(always)]
    fn from(object: Py<T>) -> Self {
        Self(ManuallyDrop::new(object.into_any()))
    }
}

impl Drop for Held {
    #[inline(always)]
    fn drop(&mut self) {
        let object = self.0.as_ptr();
        // SAFETY: the object is alive, by this very reference. A `Held` is made from references that a
        // token was needed for, and lives in states of picklers and in walks, which end on threads that
        // hold the GIL. A count above one stays above zero.
        unsafe {
            if count(object).is_some_and(|count| count > 1) {
                ffi::Py_DECREF(object);
            } else {
                lay_aside(object);
            }
        }
    }
}

/// Last references that were dropped between two passages, as addresses. Never locked while Python code
/// may run.
static LATE: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// How many there are, to be asked without the lock.
static LATE_COUNT: AtomicUsize = AtomicUsize::new(0);

#[cold]
#[inline(never)]
fn lay_aside(object: *mut ffi::PyObject) {
    let mut late = LATE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    // Where there is no memory for the list the object leaks: that is sound.
    if late.try_reserve(1).is_ok() {
        late.push(object as usize);
        LATE_COUNT.store(late.len(), Ordering::Relaxed);
    }
}

/// Gives up the references that were laid aside. To be called in a passage of the gate: finalisers may
/// run.
#[inline(always)]
pub fn give_up_late(py: Python<'_>) {
    if LATE_COUNT.load(Ordering::Relaxed) != 0 {
        give_up_all(py);
    }
}

/// As `give_up_late`, for an owner of references that ends with no walk under way on its behalf.
#[expect(
    clippy::disallowed_methods,
    reason = "nobody works on the owner's state any more"
)]
pub fn give_up_now() {
    if LATE_COUNT.load(Ordering::Relaxed) != 0 {
        // Late in the interpreter's end nobody is attached any more, and nothing is to be released.
        let _ = Python::try_attach(give_up_all);
    }
}

#[cold]
#[inline(never)]
fn give_up_all(py: Python<'_>) {
    let late = {
        let mut late = LATE
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        LATE_COUNT.store(0, Ordering::Relaxed);
        std::mem::take(&mut *late)
    };
    for object in late {
        watch::released(object as *mut ffi::PyObject);
        // SAFETY: the address came from a `Held` that was dropped, and whose reference nobody else gives
        // up: it is ours.
        drop(unsafe { Bound::from_owned_ptr(py, object as *mut ffi::PyObject) });
    }
}
