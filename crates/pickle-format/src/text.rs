//! Protocol 0's text: strings in raw-unicode-escape, with pickle's own escapes besides, and what
//! may stand in the lines of the other text opcodes.

use std::collections::TryReserveError;

/// Bytes of the longest escape, `\U0010ffff`.
const LONGEST_ESCAPE: usize = 10;

/// Appends characters as UNICODE's argument: code points above 255, and those that would end the
/// line or the file, as escapes; everything else as its Latin-1 byte.
///
/// # Errors
/// When there is no memory; what was appended by then stays.
pub fn raw_unicode_escape(
    chars: impl Iterator<Item = u32>,
    out: &mut Vec<u8>,
) -> Result<(), TryReserveError> {
    for c in chars {
        out.try_reserve(LONGEST_ESCAPE)?;
        match c {
            0x1_0000.. => push_escape(out, b'U', 8, c),
            0 | 0x0a | 0x0d | 0x1a | 0x5c | 0x100.. => push_escape(out, b'u', 4, c),
            _ => out.push(c as u8),
        }
    }
    Ok(())
}

/// Appends `\`, the letter and so many hexadecimal digits. The room is there.
fn push_escape(out: &mut Vec<u8>, letter: u8, digits: u32, c: u32) {
    out.extend_from_slice(&[b'\\', letter]);
    for digit in (0..digits).rev() {
        out.push(b"0123456789abcdef"[(c >> (4 * digit)) as usize & 0xf]);
    }
}

/// Whether every escape of a UNICODE line is whole and names a code point.
#[must_use]
pub fn is_raw_unicode_escape(mut line: &[u8]) -> bool {
    let value = |digits: &[u8]| {
        let value = |v: u32, &d: &u8| Some(v << 4 | char::from(d).to_digit(16)?);
        digits.iter().try_fold(0u32, value)
    };
    loop {
        line = match line {
            [] => return true,
            [b'\\', b'u', rest @ ..] => match rest.split_at_checked(4) {
                Some((digits, rest)) if value(digits).is_some() => rest,
                _ => return false,
            },
            [b'\\', b'U', rest @ ..] => match rest.split_at_checked(8) {
                Some((digits, rest)) if value(digits).is_some_and(|c| c <= 0x10_ffff) => rest,
                _ => return false,
            },
            [b'\\', _, rest @ ..] | [_, rest @ ..] => rest,
        }
    }
}

/// Whether a STRING line stands in quotes, and its escapes are whole.
#[must_use]
pub fn is_quoted(line: &[u8]) -> bool {
    let [open @ (b'\'' | b'"'), inner @ .., close] = line else {
        return false;
    };
    let mut rest = inner;
    while let Some(backslash) = rest.iter().position(|&byte| byte == b'\\') {
        rest = match &rest[backslash + 1..] {
            [b'x', a, b, rest @ ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => rest,
            [] | [b'x', ..] => return false,
            [_, rest @ ..] => rest,
        }
    }
    open == close
}

/// Whether bytes are UTF-8 but for surrogates in three bytes each.
#[must_use]
pub fn is_utf8_with_surrogates(mut bytes: &[u8]) -> bool {
    while let Err(error) = std::str::from_utf8(bytes) {
        match &bytes[error.valid_up_to()..] {
            [0xed, 0xa0..=0xbf, 0x80..=0xbf, rest @ ..] => bytes = rest,
            _ => return false,
        }
    }
    true
}

/// Drops what Python's `int` and `float` ignore around a number.
fn trim(mut line: &[u8]) -> &[u8] {
    while let [b'\t'..=b'\r' | b' ', rest @ ..] | [rest @ .., b'\t'..=b'\r' | b' '] = line {
        line = rest;
    }
    line
}

fn without_sign(number: &[u8]) -> &[u8] {
    match number {
        [b'+' | b'-', rest @ ..] => rest,
        _ => number,
    }
}

/// What follows a run of digits, in which single underscores may stand; None where there is none.
fn after_digits(text: &[u8]) -> Option<&[u8]> {
    let [b'0'..=b'9', rest @ ..] = text else {
        return None;
    };
    let mut rest = rest;
    while let [b'0'..=b'9', tail @ ..] | [b'_', b'0'..=b'9', tail @ ..] = rest {
        rest = tail;
    }
    Some(rest)
}

/// Whether Python's `int` reads the line.
#[must_use]
pub fn is_decimal(line: &[u8]) -> bool {
    after_digits(without_sign(trim(line))).is_some_and(<[u8]>::is_empty)
}

/// What Python's `int` reads in the line, where it fits.
#[must_use]
pub fn decimal_to_i64(line: &[u8]) -> Option<i64> {
    if !is_decimal(line) {
        return None;
    }
    let number = trim(line);
    let negative = number.starts_with(b"-");
    let mut digits = number.iter().filter(|byte| byte.is_ascii_digit());
    digits.try_fold(0i64, |value, byte| {
        let digit = i64::from(byte - b'0');
        let digit = if negative { -digit } else { digit };
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// Whether Python's `float` reads the line.
#[must_use]
pub fn is_float(line: &[u8]) -> bool {
    let number = without_sign(trim(line));
    if ["inf", "infinity", "nan"]
        .iter()
        .any(|word| number.eq_ignore_ascii_case(word.as_bytes()))
    {
        return true;
    }
    let whole = after_digits(number);
    let (mut found, mut rest) = (whole.is_some(), whole.unwrap_or(number));
    if let [b'.', tail @ ..] = rest {
        let fraction = after_digits(tail);
        found |= fraction.is_some();
        rest = fraction.unwrap_or(tail);
    }
    match rest {
        [] => found,
        [b'e' | b'E', exponent @ ..] if found => {
            after_digits(without_sign(exponent)).is_some_and(<[u8]>::is_empty)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{decimal_to_i64, raw_unicode_escape};

    #[test]
    fn escapes_what_would_break_the_line() {
        let mut out = Vec::new();
        raw_unicode_escape("a\\\n\r\0\u{1a}é€𝄞".chars().map(u32::from), &mut out).unwrap();
        let expected = b"a\\u005c\\u000a\\u000d\\u0000\\u001a\xe9\\u20ac\\U0001d11e";
        assert_eq!(out, expected);
    }

    #[test]
    fn decimals_end_at_eight_bytes() {
        let value = |text: &str| decimal_to_i64(text.as_bytes());
        assert_eq!(value(" -9223372036854775808\x0b"), Some(i64::MIN));
        assert_eq!(value("+9_223_372_036_854_775_807"), Some(i64::MAX));
        assert_eq!(
            (value("9223372036854775808"), value("- 1"), value("")),
            (None, None, None)
        );
    }
}
