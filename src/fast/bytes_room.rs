//! A `bytes` object under construction that gets more room, or less.

use std::ptr::NonNull;

use pyo3::ffi;

/// Gives a bytes object room for just so many bytes, wherever it lies then; None where there is no memory, with the
/// object as it was. `_PyBytes_Resize` gives it up then, and all that was written with it.
///
/// # Safety
/// Nobody else has a reference to the object, or a pointer to its bytes. The GIL is held.
#[cfg(not(py_sys_config = "Py_TRACE_REFS"))]
pub unsafe fn resize(
    bytes: NonNull<ffi::PyObject>,
    size: ffi::Py_ssize_t,
) -> Option<NonNull<ffi::PyObject>> {
    let header = std::mem::offset_of!(ffi::PyBytesObject, ob_sval);
    let all = usize::try_from(size).ok()?.checked_add(header + 1)?;
    // SAFETY: a bytes object is one block from the allocator for objects, of its head, its bytes and a NUL. It is no
    // container, and the reference is the caller's alone, so it may lie elsewhere. The allocator runs no Python code.
    unsafe {
        let moved = ffi::PyObject_Realloc(bytes.as_ptr().cast(), all);
        let moved = NonNull::new(moved.cast::<ffi::PyObject>())?;
        set_size(moved.as_ptr(), size as usize);
        let end = ffi::PyBytes_AsString(moved.as_ptr()).add(size as usize);
        end.write(0);
        Some(moved)
    }
}

/// As above, where the interpreter notes where each object lies, so that none may be moved.
///
/// # Safety
/// As above.
#[cfg(py_sys_config = "Py_TRACE_REFS")]
pub unsafe fn resize(
    bytes: NonNull<ffi::PyObject>,
    size: ffi::Py_ssize_t,
) -> Option<NonNull<ffi::PyObject>> {
    // SAFETY: both are bytes objects, and have room for the fewer of their bytes. The old one runs no Python code when
    // it dies. Without memory an exception that exists beforehand is set, and taken away again.
    unsafe {
        let Some(fresh) = NonNull::new(ffi::PyBytes_FromStringAndSize(std::ptr::null(), size))
        else {
            ffi::PyErr_Clear();
            return None;
        };
        let n = ffi::PyBytes_Size(bytes.as_ptr()).min(size) as usize;
        let from = ffi::PyBytes_AsString(bytes.as_ptr());
        ffi::PyBytes_AsString(fresh.as_ptr()).copy_from_nonoverlapping(from, n);
        ffi::Py_DECREF(bytes.as_ptr());
        Some(fresh)
    }
}

/// Says how many bytes a bytes object has. What it hashes to is to be found out again.
///
/// # Safety
/// The object has room for so many, and nobody else has a reference to it.
#[allow(deprecated)]
pub unsafe fn set_size(bytes: *mut ffi::PyObject, size: usize) {
    let bytes = bytes.cast::<ffi::PyBytesObject>();
    // SAFETY: a bytes object has this layout on the versions that this is compiled for.
    unsafe {
        (*bytes).ob_base.ob_size = size as ffi::Py_ssize_t;
        (*bytes).ob_shash = -1;
    }
}
