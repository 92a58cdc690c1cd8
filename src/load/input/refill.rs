//! The next window, for when the present one does not hold what is needed.

use pyo3::exceptions::{PyMemoryError, PyNotImplementedError, PyValueError};
use pyo3::prelude::*;

use crate::fast::window::Window;
use crate::load::input::file::{File, LARGEST_READ, read_at_most};
use crate::load::input::{Ahead, FIRST_READ_AT_ONCE, Input, LARGEST_READ_AT_ONCE};

/// Bytes that are asked of a file's `peek`: as many as the C class asks for.
const PREFETCH: usize = 128 * 1024;

impl Input<'_> {
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
        let settings = self.settings;
        if let Some(file) = &settings.file {
            self.check_read_to_end(py)?;
            self.read_more(py, file, n)?;
        } else {
            self.read_exported(n)?;
        }
        let rest = self.window.rest();
        if rest < n {
            return Err(self.cut_short(py, n, rest));
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
        let settings = self.settings;
        let Some(file) = &settings.file else {
            self.read_exported_line()?;
            if !self.window.remainder().contains(&b'\n') {
                return Err(self.truncated(py));
            }
            self.failed_in_argument = false;
            return Ok(());
        };
        self.check_read_to_end(py)?;
        self.skip_peeked(py)?;
        let line = Window::of_object(&file.readline(py)?.call0()?)?;
        let newline = line.remainder().iter().position(|&byte| byte == b'\n');
        match newline {
            Some(place) if place + 1 < line.len() => {
                return Err(PyValueError::new_err(
                    "readline() returned more than a line",
                ));
            }
            Some(_) => {}
            None => {
                // What there is of it is looked at when the error is told.
                self.go_on_in(line);
                return Err(self.truncated(py));
            }
        }
        self.go_on_in(line);
        self.failed_in_argument = false;
        Ok(())
    }

    /// Takes from the file what was looked at and read.
    ///
    /// # Errors
    /// What the file raises; ValueError where it gives other than what it showed.
    pub fn skip_peeked(&mut self, py: Python<'_>) -> PyResult<()> {
        match self.ahead {
            Ahead::No => Ok(()),
            Ahead::Taken => self.give_back(py),
            Ahead::Peeked => {
                self.ahead = Ahead::No;
                let read = self.window.position();
                self.before += read;
                self.window = Window::empty();
                self.skip(py, read)
            }
        }
    }

    /// Gives back to a file in memory what upstream would not have read by now: all that is left of the window, or
    /// lies behind the frame.
    ///
    /// # Errors
    /// What the file raises.
    #[cold]
    #[inline(never)]
    pub fn give_back(&mut self, py: Python<'_>) -> PyResult<()> {
        if self.ahead != Ahead::Taken {
            return Ok(());
        }
        let read = self.frame_end.unwrap_or(self.window.position());
        let next = read.saturating_mul(2);
        self.at_once = next.clamp(FIRST_READ_AT_ONCE, LARGEST_READ_AT_ONCE);
        self.keep_of_window(py, read)?;
        if self.frame_end.is_none() {
            self.before += read;
            self.window = Window::empty();
        }
        Ok(())
    }

    /// Keeps only so many bytes of the window, and gives back to a file in memory what lies behind.
    ///
    /// # Errors
    /// What the file raises.
    pub fn keep_of_window(&mut self, py: Python<'_>, read: usize) -> PyResult<()> {
        if self.ahead != Ahead::Taken {
            return Ok(());
        }
        self.ahead = Ahead::No;
        let unread = self.window.len().saturating_sub(read);
        self.window.cut(read);
        let settings = self.settings;
        match &settings.file {
            Some(file) => file.give_back(py, unread),
            None => Ok(()),
        }
    }

    /// Reads more than is needed of a file in memory, and whether that was enough: else nothing is read.
    fn read_at_once(&mut self, py: Python<'_>, file: &File, n: usize) -> PyResult<bool> {
        let taken = read_at_most(py, file, self.at_once.max(n))?;
        if taken.len() < n {
            return file.give_back(py, taken.len()).map(|()| false);
        }
        self.go_on_in(taken);
        self.ahead = Ahead::Taken;
        self.at_once = (self.at_once * 2).min(LARGEST_READ_AT_ONCE);
        Ok(true)
    }

    /// Takes from the file what was read before.
    ///
    /// # Errors
    /// What the file raises; ValueError where it gives other than what it showed.
    pub fn skip(&mut self, py: Python<'_>, read: usize) -> PyResult<()> {
        if read == 0 {
            return Ok(());
        }
        let settings = self.settings;
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
            self.ahead = Ahead::No;
            self.window = Window::empty();
        }
        if file.in_memory.is_some() && n < LARGEST_READ_AT_ONCE && self.read_at_once(py, file, n)? {
            return Ok(());
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
        self.window = Window::of_vector(joined);
        Ok(())
    }

    /// Looks ahead in the file; false where it turns out that it can't be.
    fn peek(&mut self, py: Python<'_>, file: &File) -> PyResult<bool> {
        let Some(peek) = file.peek() else {
            return Ok(false);
        };
        match peek.bind(py).call1((PREFETCH,)) {
            Ok(shown) => {
                self.go_on_in(Window::of_object(&shown)?);
                self.ahead = Ahead::Peeked;
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
