//! Strings, bytes and bytearrays.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::error::unpickling_error;
use crate::fast::decode;
use crate::load::machine::Machine;

/// The encoding that leaves Python 2's strings as bytes.
const AS_BYTES: &[u8] = b"bytes";

impl<'py> Machine<'py, '_> {
    #[inline(always)]
    pub fn load_short_binunicode(&mut self) -> PyResult<()> {
        let size = self.take_byte()?;
        self.push_text(size.into())
    }

    #[inline(always)]
    pub fn load_binunicode(&mut self) -> PyResult<()> {
        let size = self.take_size::<4>("BINUNICODE")?;
        self.push_text(size)
    }

    pub fn load_binunicode8(&mut self) -> PyResult<()> {
        let size = self.take_size::<8>("BINUNICODE")?;
        self.input.check_reach(self.py, size)?;
        self.push_text(size)
    }

    #[inline(always)]
    fn push_text(&mut self, size: usize) -> PyResult<()> {
        let py = self.py;
        let bytes = self.take(size)?;
        if let Some(text) = decode::text(py, bytes)? {
            return self.push_new(text);
        }
        let own = decode::bytes(py, bytes)?;
        match self.leave(|py| decode::utf8(py, own.as_bytes(), c"surrogatepass")) {
            Ok(text) => self.push_new(text),
            Err(error) => Err(self.in_argument(error)),
        }
    }

    /// UNICODE: a line with escapes.
    pub fn load_unicode(&mut self) -> PyResult<()> {
        let py = self.py;
        let line = self.take_line(0)?;
        let line = &line[..line.len() - 1];
        let decoded = if line.contains(&b'\\') {
            let own = decode::bytes(py, line)?;
            self.leave(|py| decode::raw_unicode_escape(py, own.as_bytes()))
        } else {
            decode::raw_unicode_escape(py, line)
        };
        self.push_decoded(decoded)
    }

    /// STRING: Python 2's string in quotes.
    pub fn load_string(&mut self) -> PyResult<()> {
        let py = self.py;
        let line = self.take_line(0)?;
        let line = &line[..line.len() - 1];
        let inner = match line {
            [open @ (b'\'' | b'"'), inner @ .., close] if open == close => {
                Some(decode::bytes(py, inner)?)
            }
            _ => None,
        };
        let Some(inner) = inner else {
            let error = unpickling_error(py, "the STRING opcode argument must be quoted");
            return Err(self.in_argument(error));
        };
        let settings = self.settings;
        let decoded = self.leave(|py| {
            let bytes = decode::unescape(py, inner.as_bytes())?;
            if settings.encoding.to_bytes() == AS_BYTES {
                return Ok(bytes);
            }
            decode::object_with_codec(&bytes, &settings.encoding, &settings.errors)
        });
        self.push_decoded(decoded)
    }

    pub fn load_binstring(&mut self) -> PyResult<()> {
        let size = i32::from_le_bytes(self.take_array()?);
        let Ok(size) = usize::try_from(size) else {
            let error = unpickling_error(self.py, "BINSTRING pickle has negative byte count");
            return Err(self.in_argument(error));
        };
        self.push_string(size)
    }

    pub fn load_short_binstring(&mut self) -> PyResult<()> {
        let size = self.take_byte()?;
        self.push_string(size.into())
    }

    /// Python 2's string, in the encoding that the unpickler was given.
    fn push_string(&mut self, size: usize) -> PyResult<()> {
        let py = self.py;
        let bytes = decode::bytes(py, self.take(size)?)?;
        let settings = self.settings;
        if settings.encoding.to_bytes() == AS_BYTES {
            return self.stack.push(bytes.into_any());
        }
        let decoded =
            self.leave(|_| decode::with_codec(&bytes, &settings.encoding, &settings.errors));
        self.push_decoded(decoded)
    }

    fn push_decoded(&mut self, decoded: PyResult<Bound<'py, PyAny>>) -> PyResult<()> {
        match decoded {
            Ok(text) => self.stack.push(text),
            Err(error) => Err(self.in_argument(error)),
        }
    }

    pub fn load_short_binbytes(&mut self) -> PyResult<()> {
        let size = self.take_byte()?;
        self.push_bytes(size.into())
    }

    pub fn load_binbytes(&mut self) -> PyResult<()> {
        let size = self.take_size::<4>("BINBYTES")?;
        self.push_bytes(size)
    }

    pub fn load_binbytes8(&mut self) -> PyResult<()> {
        let size = self.take_size::<8>("BINBYTES")?;
        self.push_bytes(size)
    }

    fn push_bytes(&mut self, size: usize) -> PyResult<()> {
        let bytes = self.take_payload(size)?;
        self.push_new(bytes.into_any())
    }

    fn take_payload(&mut self, size: usize) -> PyResult<Bound<'py, PyBytes>> {
        let py = self.py;
        if size > self.input.window.rest() {
            if self.settings.file.is_some() {
                return self.read_from_file(|input| input.read_payload(py, size));
            }
            if let Some(bytes) = self.input.take_exported(py, size)? {
                return Ok(bytes);
            }
        }
        decode::bytes(py, self.take(size)?)
    }

    pub fn load_bytearray8(&mut self) -> PyResult<()> {
        let size = self.take_size::<8>("BYTEARRAY8")?;
        let py = self.py;
        if size > self.input.window.rest() && self.settings.file.is_some() {
            let bytes = self.read_from_file(|input| input.read_bytearray(py, size))?;
            return self.push_new(bytes);
        }
        let bytes = decode::bytearray(py, self.take(size)?)?;
        self.push_new(bytes)
    }
}
