//! Instances that have no attributes of their own yet, as one that was just made.
//!
//! What is looked up on such an instance is what its class has. To look there too takes the interpreter twice as
//! long as finding that there is nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::fast::class::{DictOffset, MANAGED_DICT_OFFSET, takes_attributes};

/// Whether instances keep attributes as expected here.
static IS_KNOWN: AtomicBool = AtomicBool::new(false);

/// Finds out whether instances keep attributes as expected; where they do not, none is taken for bare.
///
/// # Errors
/// MemoryError.
pub fn observe(py: Python<'_>) -> PyResult<()> {
    let class = py.get_type::<PyType>();
    let class = class.call1(("Observed", (), PyDict::new(py)))?;
    let class = class.cast_into::<PyType>()?;
    IS_KNOWN.store(true, Ordering::Relaxed);
    let mut answers = Vec::new();
    for _ in 0..2 {
        let instance = class.call0()?;
        let mut ask = || match takes_attributes(&class) {
            Some(offset) => answers.push(is_bare(&instance, offset)),
            None => answers.clear(),
        };
        ask();
        instance.setattr("first", 1)?;
        ask();
        instance.setattr("second", 2)?;
        ask();
        instance.delattr("first")?;
        ask();
        instance.getattr("__dict__")?;
        ask();
    }
    let of_one = [true, false, false, false, false];
    let is_as_expected = answers == [of_one, of_one].concat();
    IS_KNOWN.store(is_as_expected, Ordering::Relaxed);
    Ok(())
}

/// Whether an instance has no attributes of its own; false too where that is not known, and where the place was found
/// for another class.
#[inline(always)]
pub fn is_bare(instance: &Bound<'_, PyAny>, offset: DictOffset) -> bool {
    if cfg!(Py_GIL_DISABLED) || !IS_KNOWN.load(Ordering::Relaxed) {
        return false;
    }
    let Some(offset) = offset.within(instance) else {
        return false;
    };
    // SAFETY: the instance is alive, the GIL held, and `observe` has seen that instances keep attributes like this: a
    // pointer at the offset that is null or a dict, which the instance holds; and where the interpreter manages the
    // dict, values beside it, whose number is told by a byte. Up to 3.12 that lies two bytes before the
    // values; their address is kept next to the dict on 3.11, and in its place, less one, on 3.12. Later the values
    // are the last part of an instance whose class says so, and the byte is their second.
    unsafe {
        let object = instance.as_ptr();
        let place = object.byte_offset(offset).cast::<*mut ffi::PyObject>();
        let dict = *place;
        let is_tagged = dict as usize & 1 != 0;
        if !dict.is_null() && !is_tagged {
            return ffi::PyDict_CheckExact(dict) != 0 && ffi::PyDict_Size(dict) == 0;
        }
        if offset != MANAGED_DICT_OFFSET {
            return !is_tagged;
        }
        #[cfg(not(Py_3_12))]
        {
            let values = *place.sub(1).cast::<*const u8>();
            !is_tagged && (values.is_null() || *values.sub(2) == 0)
        }
        #[cfg(all(Py_3_12, not(Py_3_13)))]
        {
            dict.is_null() || *dict.cast::<u8>().add(1).sub(2) == 0
        }
        #[cfg(Py_3_13)]
        {
            let class = ffi::Py_TYPE(object);
            let has_values = ffi::PyType_HasFeature(class, INLINE_VALUES) != 0;
            let values = object.cast::<u8>().offset((*class).tp_basicsize);
            !is_tagged && (!has_values || *values.add(1) == 0)
        }
    }
}

/// The flag of classes whose instances have places for values.
#[cfg(Py_3_13)]
const INLINE_VALUES: std::ffi::c_ulong = 1 << 2;
