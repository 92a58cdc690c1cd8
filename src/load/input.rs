//! Where the bytes come from: memory, or a file that is read no further than the present opcode or
//! frame (looking ahead aside).

use std::sync::Arc;

use pyo3::exceptions::{PyMemoryError, PyNotImplementedError, PyValueError};
use pyo3::prelude::*;

use crate::error::unpickling_error;
use crate::fast::window::Window;
use crate::load::settings::{File, Settings};

/// Bytes to look ahead in a file that can be looked ahead in, as the C class does.
const PREFETCH: usize = 128 * 1024;

/// Bytes that are asked of a file at once, however long the pickle says that an argument or a
/// frame is: what was not read yet is not allocated for.
pub const LARGEST_READ: usize = 1024 * 1024;

/// The window that is read from, and how to get the next one.
pub struct Input {
    pub window: Window,
    /// Bytes of the pickle before the window.
    pub before: usize,
    pub settings: Arc<Settings>,
    /// The window was looked at only: what was read of it is still to be taken from the file.
    is_peeked: bool,
    can_peek: bool,
    /// Where the frame ends, in bytes of the window; None outside of frames, or where they are not
    /// minded.
    pub frame_end: Option<usize>,
    /// The last failure was in reading an argument.
    pub failed_in_argument: bool,
}

impl Input {
    /// Begins to read from a window over the whole pickle, or from the settings' file.
    pub fn new(settings: Arc<Settings>, window: Window) -> Self {
        let can_peek = settings.file.as_ref().is_some_and(|f| f.peek.is_some());
        Self {
            window,
            before: 0,
            settings,
            is_peeked: false,
            can_peek,
            frame_end: None,
            failed_in_argument: false,
        }
    }

    /// Bytes of the pickle before the position.
    #[inline(always)]
    pub fn offset(&self) -> usize {
        self.before + self.window.position()
    }

    /// The error for data that ends too early.
    #[cold]
    pub fn truncated(&mut self, py: Python<'_>) -> PyErr {
        self.failed_in_argument = true;
        unpickling_error(py, "pickle data was truncated")
    }

    /// Checks that an argument of so many bytes would end where an offset can still tell.
    ///
    /// # Errors
    /// UnpicklingError where it would not.
    pub fn check_reach(&mut self, py: Python<'_>, size: usize) -> PyResult<()> {
        if size > isize::MAX as usize - self.offset() {
            self.failed_in_argument = true;
            let words = "read would overflow (invalid bytecode)";
            return Err(unpickling_error(py, words));
        }
        Ok(())
    }

    /// Checks that nothing read from the file is left: a frame that ends within an argument, where
    /// frames are not minded otherwise, would lose it.
    pub fn check_read_to_end(&self, py: Python<'_>) -> PyResult<()> {
        if !self.is_peeked && self.window.rest() > 0 {
            return Err(unpickling_error(py, "pickle exhausted before end of frame"));
        }
        Ok(())
    }

    /// Makes at least `n` bytes available, to be called where there are fewer. Reading from a file
    /// runs Python code.
    ///
    /// # Errors
    /// UnpicklingError where the data ends before; what the file raises.
    #[cold]
    #[inline(never)]
    pub fn refill(&mut self, py: Python<'_>, n: usize) -> PyResult<()> {
        self.leave_frame(py)?;
        if self.window.rest() >= n {
            return Ok(());
        }
        self.failed_in_argument = true;
        let settings = self.settings.clone();
        let Some(file) = &settings.file else {
            return Err(self.truncated(py));
        };
        self.check_read_to_end(py)?;
        self.read_more(py, file, n)?;
        if self.window.rest() < n {
            return Err(self.truncated(py));
        }
        self.failed_in_argument = false;
        Ok(())
    }

    /// Makes a line available, to be called where there is no newline before the limit.
    ///
    /// # Errors
    /// UnpicklingError where the data ends before; what the file raises.
    #[cold]
    #[inline(never)]
    pub fn refill_line(&mut self, py: Python<'_>) -> PyResult<()> {
        self.leave_frame(py)?;
        if self.window.remainder().contains(&b'\n') {
            return Ok(());
        }
        self.failed_in_argument = true;
        let settings = self.settings.clone();
        let Some(file) = &settings.file else {
            return Err(self.truncated(py));
        };
        self.check_read_to_end(py)?;
        self.skip_peeked(py)?;
        let line = Window::of_object(&file.readline.bind(py).call0()?)?;
        let newline = line.remainder().iter().position(|&byte| byte == b'\n');
        match newline {
            Some(place) if place + 1 < line.len() => {
                return Err(PyValueError::new_err(
                    "readline() returned more than a line",
                ));
            }
            Some(_) => {}
            None => return Err(self.truncated(py)),
        }
        self.go_on_in(line);
        self.failed_in_argument = false;
        Ok(())
    }

    /// Goes on in a window that follows the present one, which was read to its end.
    pub fn go_on_in(&mut self, next: Window) {
        self.before += self.window.position();
        // The old window may release a buffer, and so run Python code: it is out of use by then.
        drop(std::mem::replace(&mut self.window, next));
    }

    /// Takes from the file what was looked at and read.
    ///
    /// # Errors
    /// What the file raises; ValueError where it gives other than what it showed.
    pub fn skip_peeked(&mut self, py: Python<'_>) -> PyResult<()> {
        if !self.is_peeked {
            return Ok(());
        }
        self.is_peeked = false;
        let read = self.window.position();
        self.before += read;
        drop(std::mem::replace(&mut self.window, Window::empty()));
        self.skip(py, read)
    }

    /// Bytes that were looked at and read, but not taken from the file yet.
    pub fn ahead(&self) -> usize {
        if self.is_peeked {
            self.window.position()
        } else {
            0
        }
    }

    /// Takes from the file what was read before.
    ///
    /// # Errors
    /// What the file raises; ValueError where it gives other than what it showed.
    pub fn skip(&mut self, py: Python<'_>, read: usize) -> PyResult<()> {
        if read == 0 {
            return Ok(());
        }
        let settings = self.settings.clone();
        let Some(file) = &settings.file else {
            return Ok(());
        };
        let skipped = read_at_most(py, file, read)?;
        if skipped.len() < read {
            return Err(PyValueError::new_err(
                "read() returned less than peek() showed",
            ));
        }
        Ok(())
    }

    fn read_more(&mut self, py: Python<'_>, file: &File, n: usize) -> PyResult<()> {
        self.skip_peeked(py)?;
        if self.can_peek && n < PREFETCH && self.peek(py, file)? {
            if self.window.rest() >= n {
                return Ok(());
            }
            self.is_peeked = false;
            self.window = Window::empty();
        }
        let first = read_at_most(py, file, n.min(LARGEST_READ))?;
        if n <= LARGEST_READ || first.len() < LARGEST_READ {
            self.go_on_in(first);
            return Ok(());
        }
        // A large argument: each piece that arrived in full earns one as large as all before.
        let mut joined = Vec::new();
        append(&mut joined, first.remainder())?;
        while joined.len() < n {
            let piece = read_at_most(py, file, (n - joined.len()).min(joined.len()))?;
            if piece.len() == 0 {
                break;
            }
            append(&mut joined, piece.remainder())?;
        }
        self.before += self.window.position();
        drop(std::mem::replace(
            &mut self.window,
            Window::of_vector(joined),
        ));
        Ok(())
    }

    /// Looks ahead in the file; false where it turns out that it can't be.
    fn peek(&mut self, py: Python<'_>, file: &File) -> PyResult<bool> {
        let Some(peek) = &file.peek else {
            return Ok(false);
        };
        match peek.bind(py).call1((PREFETCH,)) {
            Ok(shown) => {
                self.go_on_in(Window::of_object(&shown)?);
                self.is_peeked = true;
                Ok(true)
            }
            Err(error) if error.is_instance_of::<PyNotImplementedError>(py) => {
                self.can_peek = false;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

fn append(joined: &mut Vec<u8>, bytes: &[u8]) -> PyResult<()> {
    joined
        .try_reserve(bytes.len())
        .map_err(|_| PyMemoryError::new_err(()))?;
    joined.extend_from_slice(bytes);
    Ok(())
}

/// What `file.read(n)` gives.
fn read_at_most(py: Python<'_>, file: &File, n: usize) -> PyResult<Window> {
    let bytes = Window::of_object(&file.read.bind(py).call1((n,))?)?;
    check_read(bytes.len(), n)?;
    Ok(bytes)
}

/// Checks that a file gave no more than was asked of it.
pub fn check_read(read: usize, asked: usize) -> PyResult<()> {
    if read > asked {
        return Err(PyValueError::new_err(format!(
            "read() returned {read} bytes, though {asked} were asked for"
        )));
    }
    Ok(())
}
