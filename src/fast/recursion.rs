//! The interpreter's guard against native recursion, for hooks that call back into the walk.

use std::cell::Cell;
use std::marker::PhantomData;

use pyo3::exceptions::PyRecursionError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Bytes of the native stack that nested levels may take: seven of the eight MiB that a thread has on most
/// systems, and half of what Python's threads have on Windows. Up to 3.13 the interpreter's own guard counts levels only,
/// and a program that raises its limit would run into the stack's end; from 3.14 on it looks at the stack
/// itself.
const MAX_STACK: usize = if cfg!(windows) { 512 << 10 } else { 7 << 20 };

/// Distances from which on two addresses lie on different stacks, since a hook has switched.
const ANOTHER_STACK: usize = 256 << 20;

thread_local! {
    /// Where the outermost level of this thread has its frame; 0 where there is none.
    static OUTERMOST: Cell<usize> = const { Cell::new(0) };
}

/// One level of native recursion, given back when dropped: on the thread that entered it, which alone
/// counts it, so it is not `Send`.
pub struct RecursionLevel {
    thread: PhantomData<*mut ()>,
    is_outermost: bool,
}

impl RecursionLevel {
    /// Enters one level more, to pickle an object.
    ///
    /// # Errors
    /// RecursionError at the interpreter's limit.
    pub fn enter(py: Python<'_>) -> PyResult<Self> {
        Self::enter_to(py, c" while pickling an object")
    }

    /// Enters one level more, to load a pickle.
    ///
    /// # Errors
    /// RecursionError at the interpreter's limit.
    pub fn enter_loading(py: Python<'_>) -> PyResult<Self> {
        Self::enter_to(py, c" while unpickling an object")
    }

    fn enter_to(py: Python<'_>, purpose: &'static std::ffi::CStr) -> PyResult<Self> {
        let is_outermost = OUTERMOST.get() == 0;
        if is_outermost {
            OUTERMOST.set(here());
        } else if cfg!(not(Py_3_14))
            && (MAX_STACK..ANOTHER_STACK).contains(&OUTERMOST.get().abs_diff(here()))
        {
            return Err(PyRecursionError::new_err(format!(
                "maximum recursion depth exceeded{}",
                purpose.to_string_lossy()
            )));
        }
        let level = Self {
            thread: PhantomData,
            is_outermost,
        };
        // SAFETY: the GIL is held; the text is a C string that lives forever.
        if unsafe { ffi::Py_EnterRecursiveCall(purpose.as_ptr()) } != 0 {
            let error = PyErr::fetch(py);
            level.end();
            return Err(error);
        }
        Ok(level)
    }

    /// Ends a level that the interpreter does not count.
    fn end(self) {
        if self.is_outermost {
            OUTERMOST.set(0);
        }
        std::mem::forget(self);
    }
}

impl Drop for RecursionLevel {
    fn drop(&mut self) {
        // SAFETY: made by `enter_to` alone, and on this thread, which holds the GIL: a level is a local
        // of a walk or a load.
        unsafe { ffi::Py_LeaveRecursiveCall() }
        if self.is_outermost {
            OUTERMOST.set(0);
        }
    }
}

/// An address on the native stack, near the caller's frame.
#[inline(never)]
fn here() -> usize {
    let local = 0u8;
    std::ptr::from_ref(std::hint::black_box(&local)).addr()
}
