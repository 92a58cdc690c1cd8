//! Decimal numbers of the type written in C, and the texts that they are rebuilt from.

use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::object::View;
use crate::fast::collector_pause::CollectorPause;
use crate::fast::quiet::Quiet;
use crate::fast::watch;

/// `decimal.Decimal`, once it is known. It stays.
static DECIMAL: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(std::ptr::null_mut());

/// Makes the class known, if it is that one.
pub fn make_decimal_known(class: &Bound<'_, PyType>) {
    // SAFETY: the class is alive; its flags and its name are read. What can't be changed was made in C, and the name
    // is that of the type of the standard library.
    let is_decimal = unsafe {
        let t = class.as_type_ptr();
        ffi::PyType_GetFlags(t) & ffi::Py_TPFLAGS_IMMUTABLETYPE != 0
            && std::ffi::CStr::from_ptr((*t).tp_name) == c"decimal.Decimal"
    };
    if is_decimal && DECIMAL.load(Ordering::Relaxed).is_null() {
        DECIMAL.store(class.clone().into_ptr().cast(), Ordering::Relaxed);
    }
}

/// A text that was made for us.
pub struct MadeText(*mut ffi::PyObject);

impl MadeText {
    /// The text, as long as this holds it.
    #[inline(always)]
    pub fn view<'a>(&'a self, quiet: &'a Quiet) -> View<'a> {
        // SAFETY: the reference keeps the text alive until this is dropped.
        unsafe { View::new(self.0, quiet) }
    }
}

impl Drop for MadeText {
    fn drop(&mut self) {
        watch::released(self.0);
        // SAFETY: the reference is ours. A text dies quietly.
        unsafe { ffi::Py_DECREF(self.0) }
    }
}

impl View<'_> {
    /// Whether the object is a decimal number of the exact type, once that is known.
    #[inline(always)]
    pub fn is_decimal(self) -> bool {
        self.type_ptr() == DECIMAL.load(Ordering::Relaxed)
    }

    /// The text of a decimal number of the exact type; None for any other object, and where there is no memory.
    #[inline(always)]
    pub fn decimal_text(self) -> Option<MadeText> {
        if !self.is_decimal() {
            return None;
        }
        watch::allocation_foreseen();
        let _pause = CollectorPause::new();
        // SAFETY: the type's own function makes an exact str in C. It asks the thread's decimal context, and makes one
        // where there is none, which the collector tracks: it is paused. Without memory an exception that exists
        // beforehand is set, and taken away again.
        unsafe {
            let text = (*self.type_ptr()).tp_str?(self.as_ptr());
            if text.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            Some(MadeText(text))
        }
    }
}
