//! Protocol 0's escapes at the limits of each form.

use pickle_format::text::raw_unicode_escape;

fn escaped(chars: &[u32]) -> Vec<u8> {
    let mut out = Vec::new();
    raw_unicode_escape(chars.iter().copied(), &mut out);
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
    raw_unicode_escape([0x61].into_iter(), &mut out);
    assert_eq!(out, b"Va");
}
