//! Protocol 0's escapes at the limits of each form.

use pickle_format::text::*;

fn escaped(chars: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    raw_unicode_escape(chars.iter().copied(), &mut out).unwrap();
    out
}

#[test]
fn forms_change_at_one_and_two_bytes() {
    assert_eq!(escaped(&[0x7f, 0x80, 0xff]), b"\x7f\x80\xff");
    assert_eq!(escaped(&[0x100, 0xffff]), b"\\u0100\\uffff");
    assert_eq!(escaped(&[0x1_0000, 0x10_ffff]), b"\\U00010000\\U0010ffff");
}

#[test]
fn lone_surrogates_are_escaped_one_by_one() {
    assert_eq!(escaped(&[0xd800, 0xdfff]), b"\\ud800\\udfff");
}

#[test]
fn of_the_first_bytes_only_the_breaking_ones_are_escaped() {
    for c in 0..=0xff {
        let plain = ![0, 0x0a, 0x0d, 0x1a, 0x5c].contains(&c);
        let expected = if plain {
            vec![c as u8]
        } else {
            format!("\\u{c:04x}").into_bytes()
        };
        assert_eq!(escaped(&[c]), expected);
    }
}

#[test]
fn what_stands_in_the_buffer_is_kept() {
    let mut out = b"V".to_vec();
    raw_unicode_escape([0x61].into_iter(), &mut out).unwrap();
    assert_eq!(out, b"Va");
}

#[test]
fn what_is_escaped_is_read_as_whole_escapes() {
    let mut chars: Vec<u32> = (0..=0x300).collect();
    chars.extend([0xd800, 0xffff, 0x1_0000, 0x10_ffff]);
    let line = escaped(&chars);
    assert!(!line.contains(&b'\n') && is_raw_unicode_escape(&line));
}

/// Lines that a check is to take, and lines that it is to refuse.
fn assert_tells(check: fn(&[u8]) -> bool, good: &[&[u8]], bad: &[&[u8]]) {
    for line in good {
        assert!(check(line), "{}", line.escape_ascii());
    }
    for line in bad {
        assert!(!check(line), "{}", line.escape_ascii());
    }
}

#[test]
fn escapes_of_unicode_lines_are_whole() {
    assert_tells(
        is_raw_unicode_escape,
        &[
            b"",
            b"\\",
            b"\\\\u12",
            b"\\n",
            b"\\u12aF",
            b"\\U0010ffff",
            b"\xff",
        ],
        &[
            b"\\u",
            b"\\u12g4",
            b"\\u+123",
            b"\\U0010fff",
            b"\\U00110000",
            b"\\\\\\u12",
        ],
    );
}

#[test]
fn string_lines_stand_in_quotes() {
    assert_tells(
        is_quoted,
        &[
            b"''",
            b"\"\"",
            b"'a\"b'",
            b"'\\x0a\\n\\q\\\\'",
            b"'\\''",
            b"'a'b'",
        ],
        &[
            b"", b"'", b"a", b"'a", b"'a\"", b"'\\'", b"'\\x1'", b"'\\xg0'",
        ],
    );
}

#[test]
fn integer_lines_are_what_int_reads() {
    assert_tells(
        is_decimal,
        &[
            b"0",
            b"-0",
            b"+007",
            b" 12\t",
            b"1_000",
            b"99999999999999999999999",
        ],
        &[
            b"", b"-", b"1_", b"_1", b"1__0", b"0x10", b"1L", b"1 2", b"- 1", b"1.0", b"\xb2",
        ],
    );
}

#[test]
fn float_lines_are_what_float_reads() {
    assert_tells(
        is_float,
        &[
            b"1",
            b"1.",
            b".5",
            b"-1e-7",
            b"1_0.0_1E+1_0",
            b" 1.5\r",
            b"NaN",
            b"-Infinity",
        ],
        &[
            b"", b".", b"e5", b".e5", b"1e", b"1_.0", b"1._0", b"1e+", b"infin", b"0x1p3", b"1.5 0",
        ],
    );
}

#[test]
fn utf8_may_have_surrogates_and_nothing_else() {
    assert_tells(
        is_utf8_with_surrogates,
        &[
            b"",
            b"a\xc3\xa9",
            b"\xed\xa0\x80",
            b"a\xed\xbf\xbfb\xed\xa0\x80",
        ],
        &[
            b"\xff",
            b"\xed\xa0",
            b"\xed\xa0a",
            b"\xc0\x80",
            b"\xf4\x90\x80\x80",
        ],
    );
}
