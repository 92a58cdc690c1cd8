//! The loop over the opcodes: one arm for each.

use pickle_format::opcode::Opcode;
use pyo3::exceptions::PyEOFError;
use pyo3::prelude::*;

use crate::error::unpickling_error;
use crate::fast::arenas::LargeArenas;
use crate::load::collector::Pause;
use crate::load::machine::Machine;
use crate::load::meter::TICKS_BETWEEN_LOOKS;

/// Ticks between two looks for signals such as Ctrl-C.
const TICKS_BETWEEN_SIGNALS: u32 = 64 * 1024;

/// Bytes of a pickle whose objects are worth large pages.
const LARGE_PICKLE: usize = 256 * 1024;

/// Bytes of a pickle that were seen when its file is asked how many there are: a small one does not earn the question.
const WORTH_ASKING: usize = 16 * 1024;

/// Ticks from the first time that something is due to the second.
const TICKS_AFTER_PAUSE: u32 = 16 * 1024;

impl<'py> Machine<'py, '_> {
    /// Carries out one pickle, up to its STOP. None where the load was handed over to upstream's own code.
    ///
    /// # Errors
    /// Of the class that the model raises, with a note that says where.
    #[inline(always)]
    pub fn load(&mut self) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.settings.progress.is_some() {
            return self.load_and_report();
        }
        self.load_silently()
    }

    /// As `load`, without telling anybody at its end.
    ///
    /// # Errors
    /// As for `load`.
    pub fn load_silently(&mut self) -> PyResult<Option<Bound<'py, PyAny>>> {
        let result = match self.has_handlers {
            true => self.run::<true>(),
            false => self.run::<false>(),
        };
        self.pause = None;
        self.arenas = None;
        let beginning = result.as_ref().err().map(|_| self.beginning());
        if result.is_err() {
            self.give_back();
        }
        match result {
            Ok(Some(value)) => {
                let py = self.py;
                self.read_from_file(|input| input.skip_peeked(py))?;
                Ok(Some(value))
            }
            Ok(None) => {
                self.hand_over()?;
                Ok(None)
            }
            Err(error) => {
                let error = self.pending.take().unwrap_or(error);
                match self.value_of_stop(&error)? {
                    Some(value) => Ok(Some(value)),
                    None => Err(self.noted(error, beginning.unwrap_or_default())),
                }
            }
        }
    }

    /// `HANDLERS` tells whether some opcodes are left to functions of the unpickler's dispatch.
    fn run<const HANDLERS: bool>(&mut self) -> PyResult<Option<Bound<'py, PyAny>>> {
        loop {
            if !HANDLERS {
                self.run_plain();
            }
            self.ticks -= 1;
            if self.ticks == 0 && !self.tick()? {
                return Ok(None);
            }
            self.opcode_at = self.input.offset();
            self.opcode = None;
            let byte = match self.input.window.next_byte() {
                Some(byte) => byte,
                None => self.next_window()?,
            };
            if HANDLERS && self.is_handled(byte) {
                self.opcode = Opcode::from_byte(byte);
                self.call_handler(byte)?;
                continue;
            }
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
                Opcode::STOP => return self.stack.pop(self.py).map(Some),
            }
        }
    }

    /// What is due every so many ticks: the pause of the collector, once, signals, and a look at how far the load has
    /// got; and what Python code did when it ran. False where the load can't go on natively.
    #[inline(never)]
    fn tick(&mut self) -> PyResult<bool> {
        if self.later_ticks > 0 {
            return Ok(self.review_if_due()? && self.report()?);
        }
        self.ticks = match &self.meter {
            None => TICKS_BETWEEN_SIGNALS,
            Some(_) => TICKS_BETWEEN_LOOKS,
        };
        if self.pause.is_none() {
            self.pause = Some(Pause::begin(self.py, self.imports));
            self.ticks = self.ticks.min(TICKS_AFTER_PAUSE);
            self.mind_size();
            return Ok(true);
        }
        self.mind_size();
        let meter = self.meter.as_mut();
        if meter.is_none_or(|meter| meter.has_counted(TICKS_BETWEEN_SIGNALS)) {
            self.leave(|py| py.check_signals())?;
        }
        self.report()
    }

    /// Begins with large pages once the pickle is seen to be large.
    fn mind_size(&mut self) {
        if self.arenas.is_some() {
            return;
        }
        let mut seen = self.input.offset().max(self.input.window.rest());
        if seen >= WORTH_ASKING && !std::mem::replace(&mut self.has_asked_file, true) {
            let py = self.py;
            seen = seen.max(self.read_from_file(|input| input.bytes_left_of_file(py)));
        }
        if seen >= LARGE_PICKLE {
            self.arenas = Some(LargeArenas::begin(self.py));
        }
    }

    /// Goes by what Python code did, if it may have done anything. False where the load can't go on natively.
    ///
    /// # Errors
    /// What went wrong when Python code ran, and could not be raised then.
    pub fn review_if_due(&mut self) -> PyResult<bool> {
        if self.later_ticks == 0 {
            return Ok(true);
        }
        self.ticks = std::mem::take(&mut self.later_ticks).max(2) - 1;
        self.review()
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

    #[cold]
    fn unknown_opcode(&self, byte: u8) -> PyErr {
        let words = match byte {
            b'\'' | b'\\' => format!("invalid load key, '\\x{byte:02x}'."),
            b' '..=b'~' => format!("invalid load key, '{}'.", char::from(byte)),
            _ => format!("invalid load key, '\\x{byte:02x}'."),
        };
        unpickling_error(self.py, &words)
    }
}
