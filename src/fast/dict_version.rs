//! A number for the contents of a dict: its own tag where dicts have one, a count of all changes
//! to watched dicts from Python 3.14 on.

#[cfg(not(Py_3_14))]
use pyo3::ffi;

use crate::fast::view::Dict;

/// A number for the present contents of a dict: together with the dict's address, it is never given out
/// again once the contents have changed. None where no number can be had, since other extensions took all
/// the interpreter's watchers.
///
/// From 3.14 on the call has the dict watched, and the number also changes when another watched dict does.
#[inline]
pub fn version(dict: Dict<'_>) -> Option<u64> {
    #[cfg(Py_3_14)]
    {
        watched::changes(dict)
    }
    #[cfg(not(Py_3_14))]
    // SAFETY: a dict has this layout on the versions that this is compiled for.
    #[allow(deprecated)]
    unsafe {
        Some((*dict.as_ptr().cast::<ffi::PyDictObject>()).ma_version_tag)
    }
}

#[cfg(Py_3_14)]
mod watched {
    use std::ffi::c_int;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use pyo3::ffi;

    use super::Dict;

    type Callback = unsafe extern "C" fn(
        event: c_int,
        dict: *mut ffi::PyObject,
        key: *mut ffi::PyObject,
        value: *mut ffi::PyObject,
    ) -> c_int;

    // PyO3 has no declarations of these (CPython's `Include/cpython/dictobject.h`).
    unsafe extern "C" {
        fn PyDict_AddWatcher(callback: Callback) -> c_int;
        fn PyDict_Watch(watcher: c_int, dict: *mut ffi::PyObject) -> c_int;
    }

    static CHANGES: AtomicU64 = AtomicU64::new(0);
    static WATCHER: OnceLock<Option<c_int>> = OnceLock::new();

    /// Called before a watched dict changes, is cleared or is freed.
    ///
    /// # Safety
    /// There is nothing to mind: the arguments are not looked at.
    unsafe extern "C" fn changed(
        _event: c_int,
        _dict: *mut ffi::PyObject,
        _key: *mut ffi::PyObject,
        _value: *mut ffi::PyObject,
    ) -> c_int {
        CHANGES.fetch_add(1, Ordering::Relaxed);
        0
    }

    /// The number of changes so far to dicts that are watched, of which this is one from now on.
    pub fn changes(dict: Dict<'_>) -> Option<u64> {
        let watcher = (*WATCHER.get_or_init(add_watcher))?;
        // SAFETY: the GIL is held, the watcher is ours, and the dict is one and alive: the call sets a
        // bit in it. The module is imported by one interpreter only, which has the watcher.
        if unsafe { PyDict_Watch(watcher, dict.as_ptr()) } != 0 {
            return None;
        }
        Some(CHANGES.load(Ordering::Relaxed))
    }

    fn add_watcher() -> Option<c_int> {
        // SAFETY: the GIL is held; the callback runs no Python code and lives as long as the process.
        // Where all watchers are taken, an exception is set and taken away again.
        unsafe {
            let watcher = PyDict_AddWatcher(changed);
            if watcher < 0 {
                ffi::PyErr_Clear();
                return None;
            }
            Some(watcher)
        }
    }
}
