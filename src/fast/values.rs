//! Vectors of references, with a token's lifetime and without: the same bytes, which nobody copies.

use std::mem::ManuallyDrop;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyList};

use crate::fast::no_memory::NoMemory;

/// References that are kept while Python code runs, and seen by whoever is attached then.
pub fn unbind_all(values: Vec<Bound<'_, PyAny>>) -> Vec<Py<PyAny>> {
    let mut values = ManuallyDrop::new(values);
    // SAFETY: both are one pointer to an object, and own one reference to it (PyO3 declares both as
    // transparent, and the token has no size). The vector's parts are taken over by one other vector.
    unsafe {
        let (start, len, capacity) = (values.as_mut_ptr(), values.len(), values.capacity());
        Vec::from_raw_parts(start.cast(), len, capacity)
    }
}

/// The same references, for an attached thread.
pub fn bind_all<'py>(_: Python<'py>, values: Vec<Py<PyAny>>) -> Vec<Bound<'py, PyAny>> {
    let mut values = ManuallyDrop::new(values);
    // SAFETY: as for `unbind_all`; the token shows that this thread is attached for the result's lifetime.
    unsafe {
        let (start, len, capacity) = (values.as_mut_ptr(), values.len(), values.capacity());
        Vec::from_raw_parts(start.cast(), len, capacity)
    }
}

/// Takes the last `n` items off a list, or all of them where there are fewer, in their order, and puts them
/// in front of `values`.
///
/// # Errors
/// MemoryError.
pub fn take_from_end<'py>(
    list: &Bound<'py, PyList>,
    n: usize,
    values: &mut Vec<Bound<'py, PyAny>>,
) -> PyResult<()> {
    let start = list.len() - n.min(list.len());
    copy_from(list, start, values)?;
    // Nothing is freed by this: `values` holds every item.
    list.del_slice(start, list.len())
}

/// Puts the items of a list from `start` on in front of `values`.
///
/// # Errors
/// MemoryError.
pub fn copy_from<'py>(
    list: &Bound<'py, PyList>,
    start: usize,
    values: &mut Vec<Bound<'py, PyAny>>,
) -> PyResult<()> {
    let n = list.len().saturating_sub(start);
    values.try_reserve(n).map_err(|_| NoMemory)?;
    let mut copied = Vec::new();
    copied.try_reserve_exact(n).map_err(|_| NoMemory)?;
    for index in start..start + n {
        copied.push(list.get_item(index)?);
    }
    values.splice(0..0, copied);
    Ok(())
}

/// Whether a method is the method `append` of this very list.
pub fn is_append_of(method: &Bound<'_, PyAny>, list: &Bound<'_, PyList>) -> bool {
    let Ok(method) = method.cast_exact::<PyCFunction>() else {
        return false;
    };
    // SAFETY: a `PyCFunction` has this layout; its name is a C string that outlives it.
    unsafe {
        let function = method.as_ptr().cast::<ffi::PyCFunctionObject>();
        (*function).m_self == list.as_ptr()
            && std::ffi::CStr::from_ptr((*(*function).m_ml).ml_name) == c"append"
    }
}
