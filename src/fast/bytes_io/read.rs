//! A `BytesIO` read where its bytes lie: its own `read` makes an object of what it gives, and `seek` takes an int for
//! what is given back. That counts for pickles of a few bytes.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::fast::bytes_io::BytesIo;
use crate::fast::window::Window;

/// A file with more bytes is read by its method. Before a write, a file whose contents we hold copies all of them.
const MOST: ffi::Py_ssize_t = 64 * 1024;

impl BytesIo<'_, '_> {
    /// Reads `n` bytes or what there is, as the method `read` does; None where that has to be called.
    #[inline(always)]
    pub fn read(self, n: usize) -> Option<Window> {
        let layout = self.layout();
        // SAFETY: the file is alive, the GIL held, and the layout known; the file holds its contents, a `bytes` object
        // of at least `length` bytes.
        unsafe {
            let (contents, position, length) =
                ((*layout).contents, (*layout).position, (*layout).length);
            if contents.is_null() || (*layout).exports != 0 || position < 0 || length > MOST {
                return None;
            }
            let start = position.min(length) as usize;
            let n = n.min(length as usize - start);
            let contents = Bound::from_borrowed_ptr(self.0.py(), contents);
            let window = Window::of_part(contents.cast_exact::<PyBytes>().ok()?, start, n)?;
            (*layout).position = position + n as ffi::Py_ssize_t;
            Some(window)
        }
    }

    /// Gives back the last bytes that were read; false where the method `seek` has to.
    #[inline(always)]
    pub fn give_back(self, n: usize) -> bool {
        let layout = self.layout();
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
}
