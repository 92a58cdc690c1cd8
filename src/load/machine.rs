//! The loop over the opcodes.

use pickle_format::fetched::Fetched;
use pickle_format::opcode::Opcode;
use pickle_format::protocol::Protocol;
use pyo3::exceptions::{PyEOFError, PyValueError};
use pyo3::prelude::*;

use crate::error::unpickling_error;
use crate::interpreter::face::Face;
use crate::interpreter::imports::Imports;
use crate::load::attributes::Attributes;
use crate::load::collector::Pause;
use crate::load::home::{Home, Memo};
use crate::load::input::Input;
use crate::load::settings::Settings;
use crate::load::stack::Stack;

/// Opcodes carried out before the collector is paused: shorter pickles do not earn the pause.
const OPCODES_BEFORE_PAUSE: u32 = 128;

/// Opcodes between two looks for signals such as Ctrl-C.
const OPCODES_BETWEEN_SIGNALS: u32 = 64 * 1024;

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
    pause: Option<Pause<'py>>,
    /// Opcodes until something is due.
    ticks: u32,
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
        Ok(Self {
            py,
            input,
            stack: Stack::new(),
            memo: Memo::new(),
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

    /// Carries out one pickle, up to its STOP.
    ///
    /// # Errors
    /// Of the class that the model raises, with a note that says where.
    pub fn load(&mut self) -> PyResult<Bound<'py, PyAny>> {
        let result = self.run();
        self.pause = None;
        match result {
            Ok(value) => {
                let py = self.py;
                self.read_from_file(|input| input.skip_peeked(py))?;
                Ok(value)
            }
            Err(error) => Err(self.noted(error)),
        }
    }

    /// Lets the input run Python code, the file's, with the memo at home.
    pub fn read_from_file<R>(&mut self, read: impl FnOnce(&mut Input) -> R) -> R {
        self.put_memo_home();
        let result = read(&mut self.input);
        self.take_memo_back();
        result
    }

    /// Releases what the memo holds.
    pub fn forget(&mut self) {
        for value in std::mem::take(&mut self.memo).into_values() {
            drop(value.into_bound(self.py));
        }
    }

    /// What is due every so many opcodes: the pause of the collector, once, and signals.
    #[cold]
    #[inline(never)]
    fn tick(&mut self) -> PyResult<()> {
        self.ticks = OPCODES_BETWEEN_SIGNALS;
        if self.pause.is_none() {
            self.pause = Some(Pause::begin(self.py, self.imports)?);
            return Ok(());
        }
        self.leave(|py| py.check_signals())
    }

    #[cold]
    #[inline(never)]
    fn next_window(&mut self) -> PyResult<u8> {
        let py = self.py;
        self.opcode_at = self.input.offset();
        match self.refill(1) {
            Ok(()) => {
                self.opcode_at = self.input.offset();
                self.take_byte()
            }
            // Whatever the class: data that ends between two opcodes is the end of the file.
            Err(error) if error.is_instance(py, self.imports.unpickling_error.bind(py)) => {
                Err(PyEOFError::new_err("Ran out of input"))
            }
            Err(error) => Err(error),
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

    fn run(&mut self) -> PyResult<Bound<'py, PyAny>> {
        loop {
            self.ticks -= 1;
            if self.ticks == 0 {
                self.tick()?;
            }
            self.opcode_at = self.input.offset();
            self.opcode = None;
            let byte = match self.input.window.next_byte() {
                Some(byte) => byte,
                None => self.next_window()?,
            };
            let Some(opcode) = Opcode::from_byte(byte) else {
                return Err(self.unknown_opcode(byte));
            };
            self.opcode = Some(opcode);
            match opcode {
                Opcode::NONE => self.push_none()?,
                Opcode::NEWTRUE => self.push_bool(true)?,
                Opcode::NEWFALSE => self.push_bool(false)?,
                Opcode::INT => self.load_int()?,
                Opcode::LONG => self.load_long()?,
                Opcode::BININT => self.load_binint()?,
                Opcode::BININT1 => self.load_binint1()?,
                Opcode::BININT2 => self.load_binint2()?,
                Opcode::LONG1 => self.load_long1()?,
                Opcode::LONG4 => self.load_long4()?,
                Opcode::FLOAT => self.load_float()?,
                Opcode::BINFLOAT => self.load_binfloat()?,
                Opcode::STRING => self.load_string()?,
                Opcode::BINSTRING => self.load_binstring()?,
                Opcode::SHORT_BINSTRING => self.load_short_binstring()?,
                Opcode::UNICODE => self.load_unicode()?,
                Opcode::SHORT_BINUNICODE => self.load_short_binunicode()?,
                Opcode::BINUNICODE => self.load_binunicode()?,
                Opcode::BINUNICODE8 => self.load_binunicode8()?,
                Opcode::BINBYTES => self.load_binbytes()?,
                Opcode::SHORT_BINBYTES => self.load_short_binbytes()?,
                Opcode::BINBYTES8 => self.load_binbytes8()?,
                Opcode::BYTEARRAY8 => self.load_bytearray8()?,
                Opcode::NEXT_BUFFER => self.load_next_buffer()?,
                Opcode::READONLY_BUFFER => self.load_readonly_buffer()?,
                Opcode::EMPTY_LIST => self.load_empty_list()?,
                Opcode::LIST => self.load_list()?,
                Opcode::APPEND => self.load_append()?,
                Opcode::APPENDS => self.load_appends()?,
                Opcode::EMPTY_TUPLE => self.load_counted_tuple(0)?,
                Opcode::TUPLE1 => self.load_counted_tuple(1)?,
                Opcode::TUPLE2 => self.load_counted_tuple(2)?,
                Opcode::TUPLE3 => self.load_counted_tuple(3)?,
                Opcode::TUPLE => self.load_tuple()?,
                Opcode::EMPTY_DICT => self.load_empty_dict()?,
                Opcode::DICT => self.load_dict()?,
                Opcode::SETITEM => self.load_setitem()?,
                Opcode::SETITEMS => self.load_setitems()?,
                Opcode::EMPTY_SET => self.load_empty_set()?,
                Opcode::ADDITEMS => self.load_additems()?,
                Opcode::FROZENSET => self.load_frozenset()?,
                Opcode::POP => self.load_pop()?,
                Opcode::DUP => self.load_dup()?,
                Opcode::MARK => self.stack.mark()?,
                Opcode::POP_MARK => self.load_pop_mark()?,
                Opcode::GET => self.load_get()?,
                Opcode::BINGET => self.load_binget()?,
                Opcode::LONG_BINGET => self.load_long_binget()?,
                Opcode::PUT => self.load_put()?,
                Opcode::BINPUT => self.load_binput()?,
                Opcode::LONG_BINPUT => self.load_long_binput()?,
                Opcode::MEMOIZE => self.load_memoize()?,
                Opcode::EXT1 => self.load_ext1()?,
                Opcode::EXT2 => self.load_ext2()?,
                Opcode::EXT4 => self.load_ext4()?,
                Opcode::GLOBAL => self.load_global()?,
                Opcode::STACK_GLOBAL => self.load_stack_global()?,
                Opcode::REDUCE => self.load_reduce()?,
                Opcode::BUILD => self.load_build()?,
                Opcode::INST => self.load_inst()?,
                Opcode::OBJ => self.load_obj()?,
                Opcode::NEWOBJ => self.load_newobj()?,
                Opcode::NEWOBJ_EX => self.load_newobj_ex()?,
                Opcode::PERSID => self.load_persid()?,
                Opcode::BINPERSID => self.load_binpersid()?,
                Opcode::PROTO => self.load_proto()?,
                Opcode::FRAME => self.load_frame()?,
                Opcode::STOP => return self.stack.pop(self.py),
            }
        }
    }

    #[cold]
    fn unknown_opcode(&self, byte: u8) -> PyErr {
        let words = match byte {
            b'\'' | b'\\' => format!("invalid load key, '\\x{byte:02x}'."),
            b' '..=b'~' => format!("invalid load key, '{}'.", char::from(byte)),
            _ => format!("invalid load key, '\\x{byte:02x}'."),
        };
        unpickling_error(self.py, &words)
    }

    fn load_proto(&mut self) -> PyResult<()> {
        let proto = self.take_byte()?;
        if Protocol::new(proto).is_none() {
            let words = format!("unsupported pickle protocol: {proto}");
            return Err(self.in_argument(PyValueError::new_err(words)));
        }
        self.proto = proto;
        Ok(())
    }
}
