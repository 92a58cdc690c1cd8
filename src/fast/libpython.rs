//! What the interpreter exports, and `pyo3::ffi` does not declare.
//!
//! On Windows a symbol is linked to by the name of the library that it comes from. No attribute takes a name
//! that is computed, so there is one for each library; `build.rs` says which is meant (`cfg(libpython)`).

#[cfg(all(Py_3_13, feature = "watch"))]
use std::ffi::c_void;
use std::ffi::{c_char, c_int};

use pyo3::ffi;

/// What is called before a watched dict changes.
#[cfg(Py_3_14)]
pub type DictWatcher = unsafe extern "C" fn(
    event: c_int,
    dict: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
) -> c_int;

/// What is called when an object is made or dies.
#[cfg(all(Py_3_13, feature = "watch"))]
pub type RefTracer = unsafe extern "C" fn(*mut ffi::PyObject, c_int, *mut c_void) -> c_int;

#[cfg_attr(
    all(windows, libpython = "python311"),
    link(name = "python311", kind = "raw-dylib")
)]
#[cfg_attr(
    all(windows, libpython = "python311_d"),
    link(name = "python311_d", kind = "raw-dylib")
)]
#[cfg_attr(
    all(windows, libpython = "python312"),
    link(name = "python312", kind = "raw-dylib")
)]
#[cfg_attr(
    all(windows, libpython = "python312_d"),
    link(name = "python312_d", kind = "raw-dylib")
)]
#[cfg_attr(
    all(windows, libpython = "python313"),
    link(name = "python313", kind = "raw-dylib")
)]
#[cfg_attr(
    all(windows, libpython = "python313_d"),
    link(name = "python313_d", kind = "raw-dylib")
)]
#[cfg_attr(
    all(windows, libpython = "python314"),
    link(name = "python314", kind = "raw-dylib")
)]
#[cfg_attr(
    all(windows, libpython = "python314_d"),
    link(name = "python314_d", kind = "raw-dylib")
)]
#[cfg_attr(
    all(windows, libpython = "python314t"),
    link(name = "python314t", kind = "raw-dylib")
)]
#[cfg_attr(
    all(windows, libpython = "python314t_d"),
    link(name = "python314t_d", kind = "raw-dylib")
)]
#[cfg_attr(
    all(windows, libpython = "python315"),
    link(name = "python315", kind = "raw-dylib")
)]
#[cfg_attr(
    all(windows, libpython = "python315_d"),
    link(name = "python315_d", kind = "raw-dylib")
)]
#[cfg_attr(
    all(windows, libpython = "python315t"),
    link(name = "python315t", kind = "raw-dylib")
)]
#[cfg_attr(
    all(windows, libpython = "python315t_d"),
    link(name = "python315t_d", kind = "raw-dylib")
)]
unsafe extern "C" {
    pub static mut PyMethod_Type: ffi::PyTypeObject;
    pub static mut PyODict_Type: ffi::PyTypeObject;
    #[cfg(feature = "watch")]
    pub static mut PyODictIter_Type: ffi::PyTypeObject;

    pub fn PyMethod_Function(method: *mut ffi::PyObject) -> *mut ffi::PyObject;
    pub fn PyMethod_Self(method: *mut ffi::PyObject) -> *mut ffi::PyObject;
    pub fn PyMethod_New(
        function: *mut ffi::PyObject,
        instance: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject;

    pub fn PySys_Audit(event: *const c_char, format: *const c_char, ...) -> c_int;

    #[cfg(Py_3_14)]
    pub fn PyDict_AddWatcher(callback: DictWatcher) -> c_int;
    #[cfg(Py_3_14)]
    pub fn PyDict_Watch(watcher: c_int, dict: *mut ffi::PyObject) -> c_int;

    #[cfg(all(Py_3_13, feature = "watch"))]
    pub fn PyRefTracer_SetTracer(tracer: Option<RefTracer>, data: *mut c_void) -> c_int;

    #[cfg(Py_3_13)]
    pub fn _PyDict_SetItem_Take2(
        dict: *mut ffi::PyObject,
        key: *mut ffi::PyObject,
        value: *mut ffi::PyObject,
    ) -> c_int;

    pub fn _PyLong_FromByteArray(
        bytes: *const u8,
        size: usize,
        little_endian: c_int,
        is_signed: c_int,
    ) -> *mut ffi::PyObject;

    /// `PyObject_GetOptionalAttr` by its old name.
    #[cfg(not(Py_3_13))]
    pub fn _PyObject_LookupAttr(
        object: *mut ffi::PyObject,
        name: *mut ffi::PyObject,
        found: *mut *mut ffi::PyObject,
    ) -> c_int;

    pub fn _Py_NewReference(object: *mut ffi::PyObject);

    pub fn _PySet_NextEntry(
        set: *mut ffi::PyObject,
        position: *mut ffi::Py_ssize_t,
        key: *mut *mut ffi::PyObject,
        hash: *mut ffi::Py_hash_t,
    ) -> c_int;

    pub fn _PyType_Lookup(
        class: *mut ffi::PyTypeObject,
        name: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject;
}
