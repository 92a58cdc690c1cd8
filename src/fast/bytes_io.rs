//! A `BytesIO` read where its bytes lie: its own `read` makes an object of what it gives, and `seek` takes an int for
//! what is given back. That counts for pickles of a few bytes. And an empty one filled without a copy, which counts for
//! large ones.
//!
//! A `BytesIO` keeps a `bytes` object, and makes another one before it writes if somebody else has a reference to
//! that. So a part of it that we hold never changes.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};

use crate::fast::bytes_room;
use crate::fast::count::count;
use crate::fast::pages;
use crate::fast::window::Window;

/// The head of a `BytesIO`, which no header of the interpreter declares: [`observe`] finds out whether it is laid out
/// like this.
#[repr(C)]
struct BytesIo {
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

/// A file with more bytes is read by its method. Before a write, a file whose contents we hold copies all of them.
const MOST: ffi::Py_ssize_t = 64 * 1024;

/// Whether files are laid out so.
static IS_KNOWN: AtomicBool = AtomicBool::new(false);

/// Finds out whether files are laid out as expected; where they are not, nobody reads them here.
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
        || size < size_of::<BytesIo>()
        || dict_at != std::mem::offset_of!(BytesIo, dict)
    {
        return Ok(());
    }
    let contents = PyBytes::new(py, b"observed by oxipickle");
    let file = class.call1((&contents,))?;
    file.call_method1("seek", (3,))?;
    // SAFETY: the file is alive and as large as this at least; what is read are plain numbers, whatever they mean.
    let read = || unsafe {
        let file = file.as_ptr().cast::<BytesIo>();
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
    IS_KNOWN.store(is_known, Ordering::Relaxed);
    Ok(())
}

/// Whether an exact `BytesIO` can be read here as long as it is open, and is small; and nobody can change its class.
#[inline(always)]
pub fn is_known() -> bool {
    IS_KNOWN.load(Ordering::Relaxed)
}

/// The file's layout, if it is of the class and the layout is known.
#[inline(always)]
fn layout(file: &Bound<'_, PyAny>, class: &Bound<'_, PyType>) -> Option<*mut BytesIo> {
    (is_known() && file.get_type_ptr() == class.as_type_ptr()).then(|| file.as_ptr().cast())
}

/// Where an open file stands, and its length, in bytes.
pub fn place(file: &Bound<'_, PyAny>, class: &Bound<'_, PyType>) -> Option<(u64, u64)> {
    let layout = layout(file, class)?;
    // SAFETY: the file is alive, the GIL held, and the layout known.
    let (is_closed, position, length) = unsafe {
        let is_closed = (*layout).contents.is_null();
        (is_closed, (*layout).position, (*layout).length)
    };
    let place = (u64::try_from(position).ok()?, u64::try_from(length).ok()?);
    (!is_closed).then_some(place)
}

/// Reads `n` bytes or what there is, as the method `read` does; None where that has to be called.
#[inline(always)]
pub fn read(file: &Bound<'_, PyAny>, class: &Bound<'_, PyType>, n: usize) -> Option<Window> {
    let layout = layout(file, class)?;
    // SAFETY: the file is alive, the GIL held, and the layout known; the file holds its contents, a `bytes` object of
    // at least `length` bytes.
    unsafe {
        let (contents, position, length) =
            ((*layout).contents, (*layout).position, (*layout).length);
        if contents.is_null() || (*layout).exports != 0 || position < 0 || length > MOST {
            return None;
        }
        let start = position.min(length) as usize;
        let n = n.min(length as usize - start);
        let contents = Bound::from_borrowed_ptr(file.py(), contents);
        let window = Window::of_part(contents.cast_exact::<PyBytes>().ok()?, start, n)?;
        (*layout).position = position + n as ffi::Py_ssize_t;
        Some(window)
    }
}

/// Gives back the last bytes that were read; false where the method `seek` has to.
#[inline(always)]
pub fn give_back(file: &Bound<'_, PyAny>, class: &Bound<'_, PyType>, n: usize) -> bool {
    let Some(layout) = layout(file, class) else {
        return false;
    };
    // SAFETY: as for `read`.
    unsafe {
        let position = (*layout).position;
        // A window is never longer than `isize` says.
        let n = n as ffi::Py_ssize_t;
        if (*layout).contents.is_null() || position < n {
            return false;
        }
        (*layout).position = position - n;
        true
    }
}

/// The contents of an open file that stands at its end, where nobody has a buffer of them, and how many bytes of them are
/// the file's.
///
/// # Safety
/// A file lies there, alive, and of the known layout. The GIL is held.
unsafe fn contents_to_grow(layout: *mut BytesIo) -> Option<(*mut ffi::PyObject, ffi::Py_ssize_t)> {
    // SAFETY: by the caller's word.
    let (contents, position, length, exports) = unsafe {
        let BytesIo {
            contents,
            position,
            length,
            exports,
            ..
        } = &*layout;
        (*contents, *position, *length, *exports)
    };
    (!contents.is_null() && exports == 0 && position == length).then_some((contents, length))
}

/// A file with more bytes makes room by itself, since its contents are there twice while they are copied.
const LARGE: ffi::Py_ssize_t = 4 << 20;

/// Gives an open file room for so many bytes more where it has none: for twice as much as it has where it is neither
/// small nor large, or for as many bytes as it is likely to come to, once it is not small. Its own `write` makes room for an eighth more than it
/// is given, and so copies all that is there each time a frame comes. Where there is no memory, nothing is done.
pub fn make_room(file: &Bound<'_, PyAny>, class: &Bound<'_, PyType>, more: usize, likely: usize) {
    let Some(layout) = layout(file, class) else {
        return;
    };
    // SAFETY: the file is alive, the GIL held, and the layout known; the file holds its contents, a `bytes` object of
    // at least `length` bytes. Nobody has a buffer of it, so they may lie elsewhere from here on: in an object that is
    // ours alone till the file has it. What it had is a `bytes` object, which dies quietly. Without memory an exception
    // that exists beforehand is set, and taken away again.
    unsafe {
        let Some((contents, length)) = contents_to_grow(layout) else {
            return;
        };
        let size = ffi::PyBytes_Size(contents);
        let more = ffi::Py_ssize_t::try_from(more).unwrap_or(ffi::Py_ssize_t::MAX);
        let needed = length.saturating_add(more);
        // Of small files many may be kept, each with its room.
        if needed <= size.max(MOST) {
            return;
        }
        let likely = ffi::Py_ssize_t::try_from(likely)
            .unwrap_or(LARGE)
            .min(LARGE);
        let larger = if (MOST..LARGE).contains(&length) {
            likely.max(length * 2)
        } else {
            likely
        };
        if larger <= length {
            return;
        }
        let larger = larger.max(needed);
        let room = ffi::PyBytes_FromStringAndSize(std::ptr::null(), larger);
        if room.is_null() {
            ffi::PyErr_Clear();
            return;
        }
        let (from, to) = (ffi::PyBytes_AsString(contents), ffi::PyBytes_AsString(room));
        // `length` is never below zero.
        to.copy_from_nonoverlapping(from, length as usize);
        (*layout).contents = room;
        ffi::Py_DECREF(contents);
    }
}

/// Gives an open file the room that its own `write` would make for so many bytes more, where they come to many: in large
/// pages. Where there is no memory, nothing is done.
pub fn make_large_room(file: &Bound<'_, PyAny>, class: &Bound<'_, PyType>, more: usize) {
    let Some(layout) = layout(file, class) else {
        return;
    };
    // SAFETY: the file is alive, the GIL held, and the layout known; the file holds its contents, a `bytes` object, of
    // which nobody has a buffer. Where the count shows that nobody else has a reference, they may lie elsewhere from here on.
    unsafe {
        let Some((contents, length)) = contents_to_grow(layout) else {
            return;
        };
        // Neither is below zero, nor more than half of all addresses.
        let (end, room) = (length as usize, ffi::PyBytes_Size(contents) as usize);
        let end = end.saturating_add(more);
        let is_much = (pages::LARGE..isize::MAX as usize / 2).contains(&end);
        if !is_much || end <= room || count(contents) != Some(1) {
            return;
        }
        // As `write` does, an eighth more where it has to grow by less than that.
        let size = pages::whole(if end < room + room / 8 {
            end + end / 8
        } else {
            end
        });
        let Some(contents) = NonNull::new(contents) else {
            return;
        };
        if let Some(moved) = bytes_room::resize(contents, size as ffi::Py_ssize_t) {
            (*layout).contents = moved.as_ptr();
            pages::ask_for_large_at(ffi::PyBytes_AsString(moved.as_ptr()).addr(), size);
        }
    }
}

/// Whether an open file is empty, and stands at its beginning, and nobody has a buffer of it.
pub fn is_empty(file: &Bound<'_, PyAny>, class: &Bound<'_, PyType>) -> bool {
    // SAFETY: the file is alive, the GIL held, and the layout known.
    layout(file, class).is_some_and(|layout| unsafe {
        !(*layout).contents.is_null()
            && ((*layout).position, (*layout).length, (*layout).exports) == (0, 0, 0)
    })
}

/// Makes these the contents of a file that `is_empty`, as if they were written to it; gives them back where the
/// method `write` has to be called.
pub fn fill<'py>(
    file: &Bound<'py, PyAny>,
    class: &Bound<'py, PyType>,
    bytes: Bound<'py, PyBytes>,
) -> Option<Bound<'py, PyBytes>> {
    let Some(layout) = layout(file, class).filter(|_| is_empty(file, class)) else {
        return Some(bytes);
    };
    // SAFETY: as for `is_empty`. The file takes over the reference to its new contents, as long as it says. What it
    // had is a `bytes` object, which dies quietly.
    unsafe {
        let len = bytes.as_bytes().len() as ffi::Py_ssize_t;
        let old = std::mem::replace(&mut (*layout).contents, bytes.into_ptr());
        ((*layout).position, (*layout).length) = (len, len);
        ffi::Py_DECREF(old);
    }
    None
}
