//! None, booleans, integers and floats.

use std::ffi::CString;

use pyo3::exceptions::{PyMemoryError, PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::error::unpickling_error;
use crate::fast::decode;
use crate::interpreter::face::Face;
use crate::interpreter::hookable;
use crate::load::machine::Machine;

impl<'py> Machine<'py, '_> {
    #[inline(always)]
    pub fn push_none(&mut self) -> PyResult<()> {
        self.stack.push(self.py.None().into_bound(self.py))
    }

    #[inline(always)]
    pub fn push_bool(&mut self, value: bool) -> PyResult<()> {
        let value = PyBool::new(self.py, value).to_owned().into_any();
        self.stack.push(value)
    }

    #[inline(always)]
    fn push_int(&mut self, value: i64) -> PyResult<()> {
        let value = decode::int(self.py, value)?;
        self.stack.push(value)
    }

    #[inline(always)]
    pub fn load_binint(&mut self) -> PyResult<()> {
        let value = i32::from_le_bytes(self.take_array()?);
        self.push_int(value.into())
    }

    #[inline(always)]
    pub fn load_binint1(&mut self) -> PyResult<()> {
        let value = self.take_byte()?;
        self.push_int(value.into())
    }

    #[inline(always)]
    pub fn load_binint2(&mut self) -> PyResult<()> {
        let value = u16::from_le_bytes(self.take_array()?);
        self.push_int(value.into())
    }

    pub fn load_long1(&mut self) -> PyResult<()> {
        let size = self.take_byte()?;
        self.push_counted_long(size.into())
    }

    pub fn load_long4(&mut self) -> PyResult<()> {
        let size = i32::from_le_bytes(self.take_array()?);
        let Ok(size) = usize::try_from(size) else {
            let error = unpickling_error(self.py, "LONG pickle has negative byte count");
            return Err(self.in_argument(error));
        };
        self.push_counted_long(size)
    }

    fn push_counted_long(&mut self, size: usize) -> PyResult<()> {
        let py = self.py;
        let value = decode::int_from_bytes(py, self.take(size)?)?;
        self.stack.push(value)
    }

    #[inline(always)]
    pub fn load_binfloat(&mut self) -> PyResult<()> {
        let value = f64::from_be_bytes(self.take_array()?);
        let value = decode::float(self.py, value)?;
        self.stack.push(value)
    }

    /// A line for the interpreter's parsers of numbers, which skip the newline.
    fn take_number(&mut self) -> PyResult<CString> {
        let face = self.face;
        let text = c_text(self.take_line(1)?, face);
        text.map_err(|error| self.in_argument(error))
    }

    /// INT: an integer in decimal, or a boolean as `00` or `01`.
    pub fn load_int(&mut self) -> PyResult<()> {
        let lean = &self.imports.lean;
        let face = self.face;
        let (decimal, signed_bools) = match face {
            Face::Lean => (lean.text_is_decimal, lean.signed_bools),
            Face::Hookable => (hookable::does(|facts| facts.text_is_decimal), false),
        };
        let line = self.take_line(1)?;
        let is_short = line.len() == 3;
        let as_bool = match line {
            b"00\n" => Some(false),
            b"01\n" => Some(true),
            _ => None,
        };
        if let Some(value) = as_bool {
            return self.push_bool(value);
        }
        let base = if decimal { 10 } else { 0 };
        // The Python class has no parser but `int`.
        let parsed = match face {
            Face::Lean => strtol(line, base),
            Face::Hookable => None,
        };
        let text = c_text(line, face);
        let py = self.py;
        match parsed {
            Some(value @ (0 | 1)) if is_short && signed_bools => self.push_bool(value == 1),
            Some(value) => self.push_int(value),
            None => match text.and_then(|text| decode::int_from_text(py, &text, base as i32)) {
                Ok(value) => self.stack.push(value),
                Err(_) => {
                    let error = PyValueError::new_err("could not convert string to int");
                    Err(self.in_argument(error))
                }
            },
        }
    }

    /// LONG: an integer in decimal, with an `L` behind it or without.
    pub fn load_long(&mut self) -> PyResult<()> {
        let lean = &self.imports.lean;
        let decimal = match self.face {
            Face::Lean => lean.long_is_decimal,
            Face::Hookable => hookable::does(|facts| facts.text_is_decimal),
        };
        let (py, face) = (self.py, self.face);
        let line = self.take_line(1)?;
        let text = match line {
            [digits @ .., b'L', b'\n'] => c_text(digits, face),
            _ => c_text(line, face),
        };
        let base = if decimal { 10 } else { 0 };
        let value = text.and_then(|text| decode::int_from_text(py, &text, base));
        match value {
            Ok(value) => self.stack.push(value),
            Err(error) => Err(self.in_argument(error)),
        }
    }

    /// FLOAT: a float in decimal.
    pub fn load_float(&mut self) -> PyResult<()> {
        let text = self.take_number()?;
        if self.face == Face::Hookable {
            return self.load_float_freely(&text);
        }
        let value = match decode::float_from_text(self.py, &text) {
            Ok((value, read)) if matches!(text.as_bytes().get(read), None | Some(b'\n')) => value,
            Ok(_) => {
                let error = PyValueError::new_err("could not convert string to float");
                return Err(self.in_argument(error));
            }
            Err(error) => return Err(self.in_argument(error)),
        };
        let value = decode::float(self.py, value)?;
        self.stack.push(value)
    }

    /// As `float()` reads it.
    fn load_float_freely(&mut self, text: &CString) -> PyResult<()> {
        let line = decode::bytes(self.py, text.as_bytes())?;
        let value = self.py.get_type::<pyo3::types::PyFloat>().call1((line,));
        match value {
            Ok(value) => self.stack.push(value),
            Err(error) => Err(self.in_argument(error)),
        }
    }

    /// A number in decimal that names a place in the memo.
    pub fn take_index(&mut self) -> PyResult<isize> {
        let text = self.take_number()?;
        let value = decode::int_from_text(self.py, &text, 10);
        match value.and_then(|value| {
            value.extract::<isize>().map_err(|_| {
                PyOverflowError::new_err("Python int too large to convert to C ssize_t")
            })
        }) {
            Ok(index) => Ok(index),
            Err(error) => Err(self.in_argument(error)),
        }
    }
}

/// The bytes before the first NUL, with one behind them.
///
/// # Errors
/// ValueError for a NUL among the bytes on the hookable face, whose model has no C strings.
fn c_text(bytes: &[u8], face: Face) -> PyResult<CString> {
    let end = bytes.iter().position(|&byte| byte == 0);
    if end.is_some() && face == Face::Hookable {
        return Err(PyValueError::new_err("embedded null byte"));
    }
    let bytes = &bytes[..end.unwrap_or(bytes.len())];
    let mut text = Vec::new();
    text.try_reserve_exact(bytes.len() + 1)
        .map_err(|_| PyMemoryError::new_err(()))?;
    text.extend_from_slice(bytes);
    CString::new(text).map_err(|_| PyValueError::new_err("embedded null byte"))
}

/// What C's `strtol` makes of a whole line: leading zeros mean octal in base 0. None where it would
/// not read the line to its end, or overflow.
fn strtol(line: &[u8], base: u32) -> Option<i64> {
    let end = line.iter().position(|&byte| byte == 0 || byte == b'\n');
    let line = &line[..end.unwrap_or(line.len())];
    if line.is_empty() {
        // It converts nothing, and the text ends where it stopped.
        return Some(0);
    }
    // As C's `isspace` has it: Rust does not count the vertical tab.
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let start = line.iter().position(|byte| !is_space(byte))?;
    let (negative, digits) = match &line[start..] {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    let (radix, digits) = match digits {
        [b'0', b'x' | b'X', digits @ ..] if base == 0 => (16, digits),
        [b'0', ..] if base == 0 => (8, digits),
        _ => (10, digits),
    };
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0i64, |value, &byte| {
        let digit = i64::from(char::from(byte).to_digit(radix)?);
        let digit = if negative { -digit } else { digit };
        value.checked_mul(radix.into())?.checked_add(digit)
    })
}
