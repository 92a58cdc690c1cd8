//! Where the bytes come from: memory, or a file that is read no further than the present opcode or
//! frame (looking ahead aside).

mod exported;
pub mod file;
mod frame;
mod payload;
mod refill;
mod stored;

use pyo3::prelude::*;

use crate::error::unpickling_error;
use crate::fast::exported::Exported;
use crate::fast::window::Window;
use crate::load::settings::Settings;

/// Where a pickle is.
pub enum Source {
    /// In a `bytes` object.
    Bytes(Window),
    /// In another object's buffer, which others may write to.
    Exported(Exported),
    /// In the settings' file.
    File,
}

impl Source {
    /// A pickle in a bytes-like object.
    ///
    /// # Errors
    /// What the object raises when it is asked for a contiguous buffer.
    #[inline(always)]
    pub fn of_object(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        match Window::of_bytes(object) {
            Some(window) => Ok(Self::Bytes(window)),
            None => Exported::of(object).map(Self::Exported),
        }
    }
}

/// Bytes that are read at once of a file in memory: at first, and at the most.
const FIRST_READ_AT_ONCE: usize = 128;
const LARGEST_READ_AT_ONCE: usize = 64 * 1024;

/// How the window stands to the file.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Ahead {
    /// What it holds was read for the present opcode, or for the frame.
    No,
    /// It is what the file's `peek` showed: what is read of it is still to be taken from the file.
    Peeked,
    /// It was taken from a file in memory, and what is not read of it is still to be given back.
    Taken,
}

/// The window that is read from, and how to get the next one.
pub struct Input<'h> {
    pub window: Window,
    /// Bytes of the pickle before the window.
    pub before: usize,
    pub settings: &'h Settings,
    /// The buffer that windows are copied from, if the pickle is in one.
    exported: Option<Exported>,
    ahead: Ahead,
    /// Bytes that are read at once, next time, of a file in memory.
    at_once: usize,
    can_peek: bool,
    /// Where the frame ends, in bytes of the window; None outside of frames, or where they are not
    /// minded.
    pub frame_end: Option<usize>,
    /// The last failure was in reading an argument.
    pub failed_in_argument: bool,
    /// Of data that ended too early: the bytes that were to follow, and those that do.
    pub cut_short: Option<(usize, usize)>,
    /// Bytes of the last piece of such data, where it was not read through the window.
    short_piece: usize,
}

impl<'h> Input<'h> {
    /// Begins to read.
    #[inline(always)]
    pub fn new(settings: &'h Settings, source: Source) -> Self {
        let (window, exported) = match source {
            Source::Bytes(window) => (window, None),
            Source::Exported(exported) => (Window::empty(), Some(exported)),
            Source::File => (Window::empty(), None),
        };
        let can_peek = settings.file.as_ref().is_some_and(|f| f.peek().is_some());
        Self {
            window,
            before: 0,
            settings,
            exported,
            ahead: Ahead::No,
            at_once: FIRST_READ_AT_ONCE,
            can_peek,
            frame_end: None,
            failed_in_argument: false,
            cut_short: None,
            short_piece: 0,
        }
    }

    /// Whether the window holds all that is left of the pickle.
    pub fn holds_the_rest(&self) -> bool {
        self.exported.is_none() && self.settings.file.is_none()
    }

    /// Bytes of what the pickle is in, where that is in memory.
    pub fn size(&self) -> Option<usize> {
        match &self.exported {
            Some(exported) => Some(exported.len()),
            None => self.settings.file.is_none().then(|| self.window.len()),
        }
    }

    /// Bytes that are left of a file that is stored, as far as it can tell. Runs no Python code.
    #[cold]
    pub fn bytes_left_of_file(&self, py: Python<'_>) -> usize {
        let file = self.settings.file.as_ref();
        let left = file.and_then(|file| file.bytes_left(py).unwrap_or(None));
        left.map_or(0, |left| usize::try_from(left).unwrap_or(usize::MAX))
    }

    /// Bytes of the pickle before the position.
    #[inline(always)]
    pub fn offset(&self) -> usize {
        self.before + self.window.position()
    }

    /// The error for data that ends too early: so many bytes were to follow, and so many do.
    #[cold]
    pub fn cut_short(&mut self, py: Python<'_>, size: usize, rest: usize) -> PyErr {
        self.cut_short = Some((size, rest));
        self.truncated(py)
    }

    /// The error for a line that ends too early.
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
        if self.ahead == Ahead::No && self.window.rest() > 0 {
            return Err(unpickling_error(py, "pickle exhausted before end of frame"));
        }
        Ok(())
    }

    /// Goes on in a window that follows the present one, which was read to its end.
    pub fn go_on_in(&mut self, next: Window) {
        self.before += self.window.position();
        self.window = next;
    }

    /// Whether more was taken from the file than upstream would have.
    #[inline(always)]
    pub fn has_taken_ahead(&self) -> bool {
        self.ahead == Ahead::Taken
    }

    /// Bytes of the pickle that were taken from its file, once what was read too early is given back.
    pub fn taken(&self) -> usize {
        match self.ahead {
            Ahead::Peeked => self.before,
            Ahead::No | Ahead::Taken => self.before + self.window.len() + self.short_piece,
        }
    }

    /// Bytes that were looked at and read, but not taken from the file yet.
    pub fn ahead(&self) -> usize {
        if self.ahead == Ahead::Peeked {
            self.window.position()
        } else {
            0
        }
    }
}
