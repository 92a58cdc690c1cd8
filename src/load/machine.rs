//! A load under way: what it works on, the way out to Python code and back, and the taking of bytes.

use pickle_format::fetched::Fetched;
use pickle_format::opcode::Opcode;
use pyo3::prelude::*;

use crate::error::unpickling_error;
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::load::attributes::Attributes;
use crate::load::collector::Pause;
use crate::load::home::Home;
use crate::load::input::Input;
use crate::load::settings::{Memo, Settings};
use crate::load::stack::Stack;

/// Opcodes carried out before the collector is paused: shorter pickles do not earn the pause.
const OPCODES_BEFORE_PAUSE: u32 = 128;

/// A load under way.
pub struct Machine<'py, 'h> {
    pub py: Python<'py>,
    pub input: Input,
    pub stack: Stack<'py>,
    pub memo: Memo,
    /// The protocol that the pickle named, 0 before it did.
    pub proto: u8,
    pub face: Face,
    pub imports: &'static Imports,
    pub settings: std::sync::Arc<Settings>,
    /// The unpickler that hooks see as `self`, and its home; None in a load by a function.
    pub home: Option<(&'h Home, &'h Bound<'py, PyAny>)>,
    /// `persistent_load`, where it is overridden, on the face that looks it up once.
    pub persistent_load: Option<Bound<'py, PyAny>>,
    /// Which memo indices the rest of the pickle asks for, where that was found out.
    pub fetched: Option<Fetched>,
    /// What is known of classes whose instances were built.
    pub attributes: Attributes<'py>,
    /// Frames are minded: each is read to its end before the next begins.
    pub minds_frames: bool,
    /// Where the present opcode stands, and which it is; None while it is being read.
    pub opcode_at: usize,
    pub opcode: Option<Opcode>,
    pub pause: Option<Pause<'py>>,
    /// Opcodes until something is due.
    pub ticks: u32,
}

impl<'py, 'h> Machine<'py, 'h> {
    /// A machine at the first byte.
    pub fn new(
        py: Python<'py>,
        input: Input,
        settings: std::sync::Arc<Settings>,
        home: Option<(&'h Home, &'h Bound<'py, PyAny>)>,
    ) -> PyResult<Self> {
        let imports = Imports::get(py)?;
        let face = settings.face;
        let memo = settings.new_memo();
        Ok(Self {
            py,
            input,
            stack: Stack::new(),
            memo,
            proto: 0,
            face,
            imports,
            settings,
            home,
            persistent_load: None,
            fetched: None,
            attributes: Attributes::default(),
            minds_frames: face == Face::Hookable || imports.loading.lean_minds_frames,
            opcode_at: 0,
            opcode: None,
            pause: None,
            ticks: OPCODES_BEFORE_PAUSE,
        })
    }

    /// Runs `call`, which may run any Python code, with the memo at home.
    #[inline(always)]
    pub fn leave<R>(&mut self, call: impl FnOnce(Python<'py>) -> R) -> R {
        self.put_memo_home();
        let result = call(self.py);
        self.take_memo_back();
        result
    }

    #[inline(always)]
    fn put_memo_home(&mut self) {
        if let Some((home, _)) = self.home {
            home.put(std::mem::take(&mut self.memo), self.proto);
        }
    }

    #[inline(always)]
    fn take_memo_back(&mut self) {
        if let Some((home, _)) = self.home {
            self.memo = home.take();
        }
    }

    /// As `leave`, for a call that may wait for something outside of the process, or for another
    /// thread: meanwhile the collector is as the user left it.
    pub fn leave_and_wait<R>(&mut self, call: impl FnOnce(Python<'py>) -> R) -> R {
        self.interrupt_pause();
        let result = self.leave(call);
        self.go_on_with_pause();
        result
    }

    /// Lets the input run Python code, the file's, with the memo at home, and wait for bytes.
    pub fn read_from_file<R>(&mut self, read: impl FnOnce(&mut Input) -> R) -> R {
        let waits = self.settings.file.as_ref().is_some_and(|file| file.waits);
        if waits {
            self.interrupt_pause();
        }
        self.put_memo_home();
        let result = read(&mut self.input);
        self.take_memo_back();
        if waits {
            self.go_on_with_pause();
        }
        result
    }

    fn interrupt_pause(&mut self) {
        if let Some(pause) = &mut self.pause {
            pause.interrupt();
        }
    }

    fn go_on_with_pause(&mut self) {
        if let Some(pause) = &mut self.pause {
            pause.go_on();
        }
    }

    /// Releases what the memo holds.
    pub fn forget(&mut self) {
        for value in std::mem::take(&mut self.memo).into_values() {
            drop(value.into_bound(self.py));
        }
    }

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
}
