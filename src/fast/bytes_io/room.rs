//! A `BytesIO` that gets room for what is written to it next, or, where it is empty, what was written without a copy.

use std::ptr::NonNull;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fast::bytes_io::BytesIo;
use crate::fast::bytes_room;
use crate::fast::count::count;
use crate::fast::pages;

/// A file with fewer bytes makes room by itself: there may be many, each with its room.
const SMALL: ffi::Py_ssize_t = 64 * 1024;

/// A file with more bytes makes room by itself, since its contents are there twice while they are copied.
const LARGE: ffi::Py_ssize_t = 4 << 20;

impl<'py> BytesIo<'_, 'py> {
    /// The contents of an open file that stands at its end, where nobody has a buffer of them, and how many bytes of
    /// them are the file's.
    fn contents_to_grow(self) -> Option<(NonNull<ffi::PyObject>, ffi::Py_ssize_t)> {
        let layout = self.layout();
        // SAFETY: the file is alive, the GIL held, and the layout known.
        let (contents, position, length, exports) = unsafe {
            let (position, length) = ((*layout).position, (*layout).length);
            ((*layout).contents, position, length, (*layout).exports)
        };
        let contents = NonNull::new(contents)?;
        (exports == 0 && position == length).then_some((contents, length))
    }

    /// Gives an open file room for so many bytes more where it has none: for twice as much as it has where it is
    /// neither small nor large, or for as many bytes as it is likely to come to, once it is not small. Its own `write`
    /// makes room for an eighth more than it is given, and so copies all that is there each time a frame comes. Where
    /// there is no memory, nothing is done.
    pub fn make_room(self, more: usize, likely: usize) {
        let Some((contents, length)) = self.contents_to_grow() else {
            return;
        };
        // SAFETY: contents are a `bytes` object.
        let size = unsafe { ffi::PyBytes_Size(contents.as_ptr()) };
        let more = ffi::Py_ssize_t::try_from(more).unwrap_or(ffi::Py_ssize_t::MAX);
        let needed = length.saturating_add(more);
        if needed <= size.max(SMALL) {
            return;
        }
        let likely = ffi::Py_ssize_t::try_from(likely)
            .unwrap_or(LARGE)
            .min(LARGE);
        let larger = if (SMALL..LARGE).contains(&length) {
            likely.max(length * 2)
        } else {
            likely
        };
        if larger <= length {
            return;
        }
        // SAFETY: the file holds its contents, a `bytes` object of at least `length` bytes, which is never below zero.
        // Nobody has a buffer of it, so they may lie elsewhere from here on: in an object that is ours alone till the
        // file has it, and is larger. What it had is a `bytes` object, which dies quietly. Without memory an exception
        // that exists beforehand is set, and taken away again.
        unsafe {
            let room = ffi::PyBytes_FromStringAndSize(std::ptr::null(), larger.max(needed));
            if room.is_null() {
                ffi::PyErr_Clear();
                return;
            }
            let from = ffi::PyBytes_AsString(contents.as_ptr());
            ffi::PyBytes_AsString(room).copy_from_nonoverlapping(from, length as usize);
            (*self.layout()).contents = room;
            ffi::Py_DECREF(contents.as_ptr());
        }
    }

    /// Gives an open file the room that its own `write` would make for so many bytes more, where they come to many: in
    /// large pages. Where there is no memory, nothing is done.
    pub fn make_large_room(self, more: usize) {
        let Some((contents, length)) = self.contents_to_grow() else {
            return;
        };
        // SAFETY: contents are a `bytes` object. Neither size is below zero, nor more than half of all addresses.
        let room = unsafe { ffi::PyBytes_Size(contents.as_ptr()) as usize };
        let end = (length as usize).saturating_add(more);
        let is_much = (pages::LARGE..isize::MAX as usize / 2).contains(&end);
        if !is_much || end <= room {
            return;
        }
        // As `write` does, an eighth more where it has to grow by less than that.
        let size = pages::whole(if end < room + room / 8 {
            end + end / 8
        } else {
            end
        });
        // SAFETY: nobody has a buffer of the contents. Where the count shows that nobody else has a reference, they may
        // lie elsewhere from here on.
        unsafe {
            if count(contents.as_ptr()) != Some(1) {
                return;
            }
            if let Some(moved) = bytes_room::resize(contents, size as ffi::Py_ssize_t) {
                (*self.layout()).contents = moved.as_ptr();
                pages::ask_for_large_at(ffi::PyBytes_AsString(moved.as_ptr()).addr(), size);
            }
        }
    }

    /// Whether an open file is empty, and stands at its beginning, and nobody has a buffer of it.
    pub fn is_empty(self) -> bool {
        self.contents_to_grow()
            .is_some_and(|(_, length)| length == 0)
    }

    /// Makes these the contents of a file that `is_empty`, as if they were written to it; gives them back where the
    /// method `write` has to be called.
    pub fn fill(self, bytes: Bound<'py, PyBytes>) -> Option<Bound<'py, PyBytes>> {
        if !self.is_empty() {
            return Some(bytes);
        }
        let layout = self.layout();
        // SAFETY: the file is alive, the GIL held, and the layout known. The file takes over the reference to its new
        // contents, as long as it says. What it had is a `bytes` object, which dies quietly.
        unsafe {
            let len = bytes.as_bytes().len() as ffi::Py_ssize_t;
            let old = std::mem::replace(&mut (*layout).contents, bytes.into_ptr());
            ((*layout).position, (*layout).length) = (len, len);
            ffi::Py_DECREF(old);
        }
        None
    }
}
