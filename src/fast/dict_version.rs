//! A number for the contents of a dict: its own tag where dicts have one, a count of all changes
//! to watched dicts from Python 3.14 on.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::fast::view::Dict;

/// A number for the present contents of a dict: together with the dict's address, it is never given out
/// again once the contents have changed. None where no number can be had, since other extensions took all
/// the interpreter's watchers.
///
/// From 3.14 on the call has the dict watched, and the number also changes when another watched dict does.
#[inline]
pub fn version(dict: Dict<'_>) -> Option<u64> {
    // SAFETY: an exact dict, alive, and the GIL is held, as `Quiet` shows.
    unsafe { version_at(dict.as_ptr()) }
}

/// As `version`, for what an attached thread sees.
pub fn version_of(dict: &Bound<'_, PyDict>) -> Option<u64> {
    // SAFETY: a dict, alive, and the thread is attached.
    unsafe { version_at(dict.as_ptr()) }
}

/// # Safety
/// `dict` is one, alive, and the GIL is held.
unsafe fn version_at(dict: *mut ffi::PyObject) -> Option<u64> {
    #[cfg(Py_3_14)]
    // SAFETY: by the caller's word.
    unsafe {
        watched::changes(dict)
    }
    #[cfg(not(Py_3_14))]
    // SAFETY: a dict has this layout on the versions that this is compiled for.
    #[allow(deprecated)]
    unsafe {
        Some((*dict.cast::<ffi::PyDictObject>()).ma_version_tag)
    }
}

/// Whether a dict, at the same address as the one that gave this number, has the same contents still.
#[inline(always)]
pub fn is_still(dict: Dict<'_>, number: u64) -> bool {
    #[cfg(Py_3_14)]
    {
        // It has been watched since, and its end would have counted too.
        let _ = dict;
        watched::count() == number
    }
    #[cfg(not(Py_3_14))]
    {
        version(dict) == Some(number)
    }
}

/// As `is_still`, for a number of `version_of_instance`.
#[inline(always)]
pub fn is_still_of_instance(dict: Dict<'_>, number: u64) -> bool {
    if GOES_BY_OBJECTS {
        return version_of_instance(dict) == Some(number);
    }
    is_still(dict, number)
}

/// Whether the number tells changes of an instance's `__dict__`, and from those of other dicts: on 3.13 setting an
/// attribute may leave it as it is, and later it counts the changes of all.
pub const TELLS_OF_INSTANCES: bool = cfg!(not(Py_3_13));

/// Whether `version_of_instance` goes by the objects in the dict: whoever compares its answers keeps the values alive
/// that matter, so that none of their addresses is used again.
pub const GOES_BY_OBJECTS: bool = cfg!(all(Py_3_13, not(Py_3_14)));

/// As `version`, for the `__dict__` of an instance. On 3.13, where setting an attribute may leave the tag as it is,
/// the number is made of the addresses of all keys and values.
pub fn version_of_instance(dict: Dict<'_>) -> Option<u64> {
    if !GOES_BY_OBJECTS {
        return version(dict);
    }
    let mut number = dict.len() as u64;
    let mut position = 0;
    while let Some((key, value)) = dict.next(&mut position) {
        for address in [key.address(), value.address()] {
            // FNV's prime: what matters is that places and contents both count.
            number = (number ^ address as u64).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Some(number)
}

#[cfg(Py_3_14)]
mod watched {
    use std::ffi::c_int;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use pyo3::ffi;

    use crate::fast::libpython;

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

    /// The number of changes so far to dicts that are watched.
    #[inline(always)]
    pub fn count() -> u64 {
        CHANGES.load(Ordering::Relaxed)
    }

    /// The number of changes so far to dicts that are watched, of which this is one from now on.
    ///
    /// # Safety
    /// `dict` is one, alive, and the GIL is held.
    pub unsafe fn changes(dict: *mut ffi::PyObject) -> Option<u64> {
        let watcher = (*WATCHER.get_or_init(add_watcher))?;
        // SAFETY: the GIL is held, the watcher is ours, and the dict is one and alive: the call sets a
        // bit in it. The module is imported by one interpreter only, which has the watcher.
        if unsafe { libpython::PyDict_Watch(watcher, dict) } != 0 {
            return None;
        }
        Some(count())
    }

    fn add_watcher() -> Option<c_int> {
        // SAFETY: the GIL is held; the callback runs no Python code and lives as long as the process.
        // Where all watchers are taken, an exception is set and taken away again.
        unsafe {
            let watcher = libpython::PyDict_AddWatcher(changed);
            if watcher < 0 {
                ffi::PyErr_Clear();
                return None;
            }
            Some(watcher)
        }
    }
}
