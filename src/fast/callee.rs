//! A hook that is asked about many objects, taken apart once: what it binds is passed beside each object, and a function
//! that is written in Python is called by its own way in.

use std::ptr::{NonNull, null_mut};

use pyo3::ffi;
use pyo3::prelude::*;

use crate::fast::call::{call_hook, parts_of_method};
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

    /// Calls the hook with an object.
    ///
    /// # Errors
    /// What the hook raises.
    #[inline(always)]
    pub fn call<'py>(&self, obj: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let hook = self.hook.bind(obj.py());
        if let Some(direct) = &self.direct
            && let Some(call) = direct.way_in(hook)
        {
            return direct.call(call, obj);
        }
        call_other(hook, obj)
    }
}

#[inline(never)]
fn call_other<'py>(
    hook: &Bound<'py, PyAny>,
    obj: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    call_hook(hook, obj)
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
            first: first.map(Held::from),
            binding,
        })
    }

    /// What to call; None where the hook is to be called itself.
    #[inline(always)]
    fn way_in(&self, hook: &Bound<'_, PyAny>) -> WayIn {
        let function = self.function.bind(hook.py());
        if let Some(binding) = &self.binding
            && !binding.stands(hook, function)
        {
            return None;
        }
        // SAFETY: the function is alive, by our reference, and is called by nobody's leave but the GIL's, which an
        // attached thread holds.
        unsafe { *self.way_in.as_ptr() }
    }

    #[inline(always)]
    fn call<'py>(
        &self,
        call: ffi::vectorcallfunc,
        obj: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = obj.py();
        let (first, count) = match &self.first {
            Some(first) => (first.bind(py).as_ptr(), 2),
            None => (null_mut(), 1),
        };
        let arguments = [null_mut(), first, obj.as_ptr()];
        // SAFETY: the thread is attached, and the function, what is passed first and the object are alive during the
        // call, by references of ours and of the caller's. Before the arguments there is the place that the flag
        // promises. The result is a new reference, or null with an exception set.
        unsafe {
            let result = call(
                self.function.bind(py).as_ptr(),
                arguments.as_ptr().add(3 - count),
                count | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET,
                null_mut(),
            );
            Bound::from_owned_ptr_or_err(py, result)
        }
    }
}
