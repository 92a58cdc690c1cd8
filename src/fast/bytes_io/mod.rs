//! A `BytesIO` as it lies in memory.
//!
//! A `BytesIO` keeps a `bytes` object, and makes another one before it writes if somebody else has a reference to
//! that. So a part of it that we hold never changes.

mod read;
mod room;

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};

/// The head of a `BytesIO`, which no header of the interpreter declares: [`observe`] finds out whether it is laid out
/// like this.
#[repr(C)]
struct Layout {
    object: ffi::PyObject,
    /// Null once it is closed.
    contents: *mut ffi::PyObject,
    position: ffi::Py_ssize_t,
    /// Bytes that are the file's; there may be room for more behind them.
    length: ffi::Py_ssize_t,
    dict: *mut ffi::PyObject,
    weak_references: *mut ffi::PyObject,
    /// Buffers given out, through which others write.
    exports: ffi::Py_ssize_t,
}

/// The class whose instances are laid out so; null where they are not. It has a reference of ours.
static CLASS: AtomicPtr<ffi::PyTypeObject> = AtomicPtr::new(null_mut());

/// Finds out whether instances of `io.BytesIO`, which this is, are laid out as expected, and nobody can change their
/// class; where they are not, nobody reads them here.
///
/// # Errors
/// What the methods of a `BytesIO` raise; MemoryError.
pub fn observe(class: &Bound<'_, PyType>) -> PyResult<()> {
    let py = class.py();
    let size = class.getattr("__basicsize__")?.extract::<usize>()?;
    let dict_at = class.getattr("__dictoffset__")?.extract::<usize>()?;
    // SAFETY: the class is alive.
    let flags = unsafe { ffi::PyType_GetFlags(class.as_type_ptr()) };
    if cfg!(Py_GIL_DISABLED)
        || flags & ffi::Py_TPFLAGS_IMMUTABLETYPE == 0
        || size < size_of::<Layout>()
        || dict_at != std::mem::offset_of!(Layout, dict)
    {
        return Ok(());
    }
    let contents = PyBytes::new(py, b"observed by oxipickle");
    let file = class.call1((&contents,))?;
    file.call_method1("seek", (3,))?;
    // SAFETY: the file is alive and as large as this at least; what is read are plain numbers, whatever they mean.
    let read = || unsafe {
        let file = file.as_ptr().cast::<Layout>();
        let contents = (*file).contents as usize;
        (contents, (*file).position, (*file).length, (*file).exports)
    };
    let before = read();
    let shown = file.call_method0("getbuffer")?;
    let exported = read();
    shown.call_method0("release")?;
    file.call_method1("truncate", (9,))?;
    file.call_method1("seek", (30,))?;
    let after = read();
    let is_known = before == (contents.as_ptr() as usize, 3, 21, 0)
        && exported.0 != before.0
        && (exported.1, exported.2, exported.3) == (3, 21, 1)
        && (after.1, after.2, after.3) == (30, 9, 0);
    if is_known {
        CLASS.store(class.clone().into_ptr().cast(), Ordering::Relaxed);
    }
    Ok(())
}

/// A `BytesIO`, and no instance of a subclass, whose layout is known. It may be closed.
#[derive(Clone, Copy)]
pub struct BytesIo<'a, 'py>(&'a Bound<'py, PyAny>);

impl<'a, 'py> BytesIo<'a, 'py> {
    /// The file, if it is one.
    #[inline(always)]
    pub fn of(file: &'a Bound<'py, PyAny>) -> Option<Self> {
        (file.get_type_ptr() == CLASS.load(Ordering::Relaxed)).then_some(Self(file))
    }

    #[inline(always)]
    fn layout(self) -> *mut Layout {
        self.0.as_ptr().cast()
    }

    /// Where an open file stands, and its length, in bytes.
    pub fn place(self) -> Option<(u64, u64)> {
        let layout = self.layout();
        // SAFETY: the file is alive, the GIL held, and the layout known.
        let (is_closed, position, length) = unsafe {
            let is_closed = (*layout).contents.is_null();
            (is_closed, (*layout).position, (*layout).length)
        };
        let place = (u64::try_from(position).ok()?, u64::try_from(length).ok()?);
        (!is_closed).then_some(place)
    }
}
