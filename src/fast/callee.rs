//! A hook that is asked about many objects, taken apart once: what it binds is passed beside each object, and a function
//! that is written in Python is called by its own way in.

use std::ptr::{NonNull, null_mut};

use pyo3::ffi;
use pyo3::prelude::*;

use crate::fast::call::parts_of_method;
use crate::fast::held::Held;
use crate::fast::partial::Binding;
use crate::fast::vectorcall::{WayIn, place_of_way_in};

/// A hook, and what it was found to call.
pub struct Callee {
    hook: Held,
    direct: Option<Direct>,
}

/// What a function, a method or a partial calls.
struct Direct {
    function: Held,
    /// Where the function has its way in.
    way_in: NonNull<WayIn>,
    /// What is passed before the object.
    first: Option<Held>,
    /// Where the arguments begin behind the place for one that is not passed, and how many there are.
    skipped: usize,
    count: usize,
    /// What a partial binds may be exchanged.
    binding: Option<Binding>,
}

impl Callee {
    /// Takes a hook apart.
    pub fn of(hook: &Bound<'_, PyAny>) -> Self {
        Self {
            hook: hook.into(),
            direct: Direct::of(hook),
        }
    }

    /// Calls the hook with an object; None where it raises, with the exception set.
    #[inline(always)]
    pub fn call<'py>(&mut self, obj: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
        let hook = self.hook.bind(obj.py());
        let result = match &self.direct {
            Some(direct) if direct.stands(hook) => direct.call(obj),
            _ => {
                // What a partial bound goes away soon after it was exchanged.
                self.direct = None;
                call_other(self.hook.bind(obj.py()), obj)
            }
        };
        // SAFETY: the thread is attached, and the result a new reference, or null.
        unsafe { Bound::from_owned_ptr_or_opt(obj.py(), result) }
    }
}

/// As `Callee::call`, for a hook that is called itself.
#[inline(never)]
fn call_other(hook: &Bound<'_, PyAny>, obj: &Bound<'_, PyAny>) -> *mut ffi::PyObject {
    let arguments = [null_mut(), obj.as_ptr()];
    // SAFETY: the thread is attached, and the caller's references keep the hook and the object alive during the call.
    // Before the arguments there is the place that the flag promises. The result is a new reference, or null with an
    // exception set.
    unsafe {
        ffi::PyObject_Vectorcall(
            hook.as_ptr(),
            arguments.as_ptr().add(1),
            1 | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET,
            null_mut(),
        )
    }
}

impl Direct {
    fn of(hook: &Bound<'_, PyAny>) -> Option<Self> {
        let (function, first, binding) = if let Some((function, receiver)) = parts_of_method(hook) {
            (function, Some(receiver), None)
        } else if let Some((binding, function, argument)) = Binding::of(hook) {
            (function, Some(argument), Some(binding))
        } else {
            (hook.clone(), None, None)
        };
        Some(Self {
            // SAFETY: the function is alive, and the thread attached.
            way_in: unsafe { place_of_way_in(function.as_ptr())? },
            function: function.into(),
            skipped: if first.is_some() { 1 } else { 2 },
            count: if first.is_some() { 2 } else { 1 },
            first: first.map(Held::from),
            binding,
        })
    }

    /// Whether the hook still calls this.
    #[inline(always)]
    fn stands(&self, hook: &Bound<'_, PyAny>) -> bool {
        match &self.binding {
            Some(binding) => binding.stands(hook, self.function.bind(hook.py())),
            None => true,
        }
    }

    /// A new reference, or null with an exception set.
    #[inline(always)]
    fn call(&self, obj: &Bound<'_, PyAny>) -> *mut ffi::PyObject {
        let py = obj.py();
        let function = self.function.bind(py).as_ptr();
        let first = self.first.as_ref();
        let arguments = [
            null_mut(),
            first.map_or(null_mut(), |first| first.bind(py).as_ptr()),
            obj.as_ptr(),
        ];
        // SAFETY: the thread is attached, and the function, what is passed first and the object are alive during the
        // call, by references of ours and of the caller's. Before the arguments there is the place that the flag
        // promises. The result is a new reference, or null with an exception set.
        unsafe {
            let arguments = arguments.as_ptr().add(self.skipped);
            let count = self.count | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;
            match *self.way_in.as_ptr() {
                Some(call) => call(function, arguments, count, null_mut()),
                None => ffi::PyObject_Vectorcall(function, arguments, count, null_mut()),
            }
        }
    }
}
