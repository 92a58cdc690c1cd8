//! The object that an argument is, as `pickletools` makes it.

use pickle_format::layout::ArgumentKind as Kind;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt};

use crate::fast::decode;
use crate::look::known::Known;

/// Digits of an integer that fits into 64 bits, whatever they are.
const MOST_DIGITS: usize = 18;

/// What the bytes mean, as `pickle_format::span` finds them. Anybody's error handlers and warning filters may
/// run: the bytes are to stay as they are meanwhile.
///
/// # Errors
/// Where they are malformed: ValueError, or UnicodeDecodeError.
#[inline]
pub fn object<'py>(py: Python<'py>, kind: Kind, raw: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    match kind {
        Kind::Uint1 | Kind::Uint2 | Kind::Uint4 => {
            let value = raw.iter().rev().fold(0, |v, &b| v << 8 | i64::from(b));
            decode::int(py, value)
        }
        Kind::Int4 => {
            let value = raw.iter().rev().fold(0, |v, &b| v << 8 | u32::from(b));
            decode::int(py, value.cast_signed().into())
        }
        Kind::Uint8 => {
            let value = raw.iter().rev().fold(0, |v, &b| v << 8 | u64::from(b));
            match i64::try_from(value) {
                Ok(value) => decode::int(py, value),
                Err(_) => {
                    let mut wide = [0; 9];
                    wide[..8].copy_from_slice(&value.to_le_bytes());
                    decode::int_from_bytes(py, &wide)
                }
            }
        }
        Kind::Float8 => {
            let value = raw.iter().fold(0, |v, &b| v << 8 | u64::from(b));
            decode::float(py, f64::from_bits(value))
        }
        Kind::Long1 | Kind::Long4 => decode::int_from_bytes(py, raw),
        Kind::Bytes1 | Kind::Bytes4 | Kind::Bytes8 => Ok(decode::bytes(py, raw)?.into_any()),
        Kind::Bytearray8 => decode::bytearray(py, raw),
        Kind::Unicodestring1 | Kind::Unicodestring4 | Kind::Unicodestring8 => {
            match decode::text(py, raw)? {
                Some(text) => Ok(text),
                None => decode::utf8(py, raw, c"surrogatepass"),
            }
        }
        Kind::String1 | Kind::String4 => {
            decode::with_codec(&decode::bytes(py, raw)?, c"latin-1", c"strict")
        }
        Kind::Unicodestringnl => decode::raw_unicode_escape(py, raw),
        Kind::DecimalnlShort | Kind::DecimalnlLong => match short_decimal(py, kind, raw) {
            Some(number) => number,
            None => {
                let digits = match kind {
                    Kind::DecimalnlLong => raw.strip_suffix(b"L").unwrap_or(raw),
                    _ => raw,
                };
                py.get_type::<PyInt>().call1((decode::bytes(py, digits)?,))
            }
        },
        Kind::Floatnl => py.get_type::<PyFloat>().call1((decode::bytes(py, raw)?,)),
        Kind::Stringnl => unescaped(py, without_quotes(py, raw)?, &Known::get(py)?.quoted),
        Kind::StringnlNoescape => unescaped(py, raw, &Known::get(py)?.names),
        Kind::StringnlNoescapePair => {
            let mut lines = raw.splitn(2, |&byte| byte == b'\n');
            let names = &Known::get(py)?.names;
            let mut part = || unescaped(py, lines.next().unwrap_or_default(), names);
            let (module, name) = (part()?, part()?);
            module.add(decode::ascii(py, b" ")?)?.add(name)
        }
    }
}

/// The number in a line of few digits, or the bool that INT spells; None for other lines, which `int` reads.
pub fn short_decimal<'py>(
    py: Python<'py>,
    kind: Kind,
    line: &[u8],
) -> Option<PyResult<Bound<'py, PyAny>>> {
    let digits = match (kind, line) {
        (Kind::DecimalnlShort, b"00" | b"01") => {
            return Some(Ok(PyBool::new(py, line == b"01").to_owned().into_any()));
        }
        (Kind::DecimalnlLong, [digits @ .., b'L']) | (_, digits) => digits,
    };
    let is_short = (1..=MOST_DIGITS).contains(&digits.len());
    (is_short && digits.iter().all(u8::is_ascii_digit)).then(|| {
        let value = digits.iter().fold(0, |v, &b| v * 10 + i64::from(b - b'0'));
        decode::int(py, value)
    })
}

/// What stands between the quotes of STRING.
///
/// # Errors
/// ValueError where there are none.
pub fn without_quotes<'a>(py: Python<'_>, line: &'a [u8]) -> PyResult<&'a [u8]> {
    let Some(quote) = line.first().filter(|quote| b"'\"".contains(quote)) else {
        let shown = decode::bytes(py, line)?.repr()?;
        return Err(PyValueError::new_err(format!(
            "no string quotes around {shown}"
        )));
    };
    if line.last() != Some(quote) {
        let begins = &Known::get(py)?.unmatched;
        let quote = decode::bytes(py, &[*quote])?.repr()?;
        let shown = decode::bytes(py, line)?.repr()?;
        return Err(PyValueError::new_err(format!(
            "{begins} quote {quote} not found at both ends of {shown}"
        )));
    }
    Ok(line.get(1..line.len() - 1).unwrap_or_default())
}

/// A line with its escapes undone.
fn unescaped<'py>(
    py: Python<'py>,
    line: &[u8],
    encoding: &std::ffi::CStr,
) -> PyResult<Bound<'py, PyAny>> {
    let bytes = match line.contains(&b'\\') {
        true => decode::unescape(py, line)?.cast_into()?,
        false => decode::bytes(py, line)?,
    };
    decode::with_codec(&bytes, encoding, c"strict")
}

/// The error of a pair whose second line is not there: the first is read before, and may be malformed.
///
/// # Errors
/// What the first line raises.
pub fn first_of_pair(py: Python<'_>, rest: &[u8]) -> PyResult<()> {
    match rest.iter().position(|&byte| byte == b'\n') {
        Some(end) => unescaped(py, &rest[..end], &Known::get(py)?.names).map(drop),
        None => Ok(()),
    }
}
