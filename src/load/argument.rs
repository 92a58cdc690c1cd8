//! The arguments of opcodes, taken from the window, which is filled first where they are not all in it.

use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;

use crate::error::unpickling_error;
use crate::load::machine::Machine;

impl Machine<'_, '_> {
    /// Makes at least `n` bytes available.
    #[cold]
    #[inline(never)]
    pub fn refill(&mut self, n: usize) -> PyResult<()> {
        let py = self.py;
        self.read_from_file(|input| input.refill(py, n))
    }

    #[cold]
    #[inline(never)]
    fn refill_line(&mut self) -> PyResult<()> {
        let py = self.py;
        self.read_from_file(|input| input.refill_line(py))
    }

    /// The next `n` bytes.
    #[inline(always)]
    pub fn take(&mut self, n: usize) -> PyResult<&[u8]> {
        if self.input.window.rest() < n {
            self.refill(n)?;
        }
        match self.input.window.take(n) {
            Some(bytes) => Ok(bytes),
            None => Err(unpickling_error(self.py, "pickle data was truncated")),
        }
    }

    /// The next byte.
    #[inline(always)]
    pub fn take_byte(&mut self) -> PyResult<u8> {
        match self.input.window.next_byte() {
            Some(byte) => Ok(byte),
            None => Ok(self.take(1)?[0]),
        }
    }

    /// The next `N` bytes, as a number is made of them.
    #[inline(always)]
    pub fn take_array<const N: usize>(&mut self) -> PyResult<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// The next line, its newline included.
    ///
    /// # Errors
    /// UnpicklingError for one that is shorter than `shortest` without its newline.
    pub fn take_line(&mut self, shortest: usize) -> PyResult<&[u8]> {
        let rest = self.input.window.remainder();
        let rest = &rest[..self.input.window.rest()];
        let length = match rest.iter().position(|&byte| byte == b'\n') {
            Some(end) => end + 1,
            None => {
                self.refill_line()?;
                let rest = self.input.window.remainder();
                rest.iter()
                    .position(|&byte| byte == b'\n')
                    .map_or(rest.len(), |end| end + 1)
            }
        };
        if length <= shortest {
            // A line that is too short is read all the same, and a next load goes on behind it.
            if self.input.window.remainder().get(length.wrapping_sub(1)) == Some(&b'\n') {
                self.input.window.take(length);
            }
            return Err(self.input.truncated(self.py));
        }
        self.take(length)
    }

    /// Marks an error as one of the argument's.
    #[cold]
    #[inline(never)]
    pub fn in_argument(&mut self, error: PyErr) -> PyErr {
        self.input.failed_in_argument = true;
        error
    }

    /// A size in `N` bytes.
    ///
    /// # Errors
    /// OverflowError for what no object can be large enough for.
    #[inline(always)]
    pub fn take_size<const N: usize>(&mut self, what: &str) -> PyResult<usize> {
        let mut bytes = [0; 8];
        bytes[..N].copy_from_slice(self.take(N)?);
        self.as_size(u64::from_le_bytes(bytes), what)
    }

    /// A size that an object can have.
    #[inline(always)]
    pub fn as_size(&mut self, size: u64, what: &str) -> PyResult<usize> {
        match isize::try_from(size) {
            Ok(size) => Ok(size as usize),
            Err(_) => Err(self.too_large(what)),
        }
    }

    #[cold]
    fn too_large(&mut self, what: &str) -> PyErr {
        let size = if what.starts_with("FRAME") {
            ""
        } else {
            " size"
        };
        let words = format!(
            "{what} exceeds system's maximum{size} of {} bytes",
            isize::MAX
        );
        self.in_argument(PyOverflowError::new_err(words))
    }
}
