//! Protocol 0's text: strings in raw-unicode-escape, with pickle's own escapes besides.

/// Appends characters as UNICODE's argument: code points above 255, and those that would end the
/// line or the file, as escapes; everything else as its Latin-1 byte.
pub fn raw_unicode_escape(chars: impl Iterator<Item = u32>, out: &mut Vec<u8>) {
    for c in chars {
        match c {
            0x1_0000.. => out.extend_from_slice(format!("\\U{c:08x}").as_bytes()),
            0 | 0x0a | 0x0d | 0x1a | 0x5c | 0x100.. => {
                out.extend_from_slice(format!("\\u{c:04x}").as_bytes());
            }
            _ => out.push(c as u8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::raw_unicode_escape;

    #[test]
    fn escapes_what_would_break_the_line() {
        let mut out = Vec::new();
        raw_unicode_escape("a\\\n\r\0\u{1a}é€𝄞".chars().map(u32::from), &mut out);
        let expected = b"a\\u005c\\u000a\\u000d\\u0000\\u001a\xe9\\u20ac\\U0001d11e";
        assert_eq!(out, expected);
    }
}
