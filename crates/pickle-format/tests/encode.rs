//! Each encoder writes the shortest legal instruction, and changes to the next one where it must.

mod output;

use output::{VecOutput, bytes, writer};
use pickle_format::encode::*;
use pickle_format::error::{FormatError, FormatErrorKind};
use pickle_format::frame::FrameWriter;
use pickle_format::opcode::Opcode;
use pickle_format::protocol::Protocol;
use pickle_format::sink::Sink;

fn protocol(number: u8) -> Protocol {
    Protocol::new(number).unwrap()
}

fn encoded(
    encoder: impl FnOnce(&mut FrameWriter<VecOutput>) -> Result<(), FormatError>,
) -> Vec<u8> {
    let mut w = writer();
    encoder(&mut w).unwrap();
    bytes(w)
}

#[test]
fn protocols_end_at_five() {
    assert_eq!(Protocol::new(5), Some(Protocol::HIGHEST));
    assert_eq!(Protocol::new(6), None);
}

#[test]
fn proto_is_announced_from_protocol_two() {
    for (number, expected) in [(0, &b""[..]), (1, b""), (2, b"\x80\x02"), (5, b"\x80\x05")] {
        assert_eq!(encoded(|w| encode_proto(w, protocol(number))), expected);
    }
}

#[test]
fn constants_and_bare_opcodes() {
    assert_eq!(encoded(encode_none), b"N");
    assert_eq!(encoded(|w| encode_opcode(w, Opcode::STACK_GLOBAL)), b"\x93");
    for (number, yes, no) in [(0, &b"I01\n"[..], &b"I00\n"[..]), (1, b"I01\n", b"I00\n")] {
        assert_eq!(encoded(|w| encode_bool(w, protocol(number), true)), yes);
        assert_eq!(encoded(|w| encode_bool(w, protocol(number), false)), no);
    }
    assert_eq!(encoded(|w| encode_bool(w, protocol(2), true)), b"\x88");
    assert_eq!(encoded(|w| encode_bool(w, protocol(2), false)), b"\x89");
}

/// An int, and its instruction at protocol 0, at 1, and from 2 on.
type IntCase = (i64, &'static [u8], &'static [u8], &'static [u8]);

#[test]
fn ints_change_opcode_at_their_limits() {
    let cases: [IntCase; 13] = [
        (0, b"I0\n", b"K\0", b"K\0"),
        (-1, b"I-1\n", b"J\xff\xff\xff\xff", b"J\xff\xff\xff\xff"),
        (255, b"I255\n", b"K\xff", b"K\xff"),
        (256, b"I256\n", b"M\0\x01", b"M\0\x01"),
        (65_535, b"I65535\n", b"M\xff\xff", b"M\xff\xff"),
        (65_536, b"I65536\n", b"J\0\0\x01\0", b"J\0\0\x01\0"),
        (
            i32::MAX.into(),
            b"I2147483647\n",
            b"J\xff\xff\xff\x7f",
            b"J\xff\xff\xff\x7f",
        ),
        (
            i32::MIN.into(),
            b"I-2147483648\n",
            b"J\0\0\0\x80",
            b"J\0\0\0\x80",
        ),
        (
            1 << 31,
            b"L2147483648L\n",
            b"L2147483648L\n",
            b"\x8a\x05\0\0\0\x80\0",
        ),
        (
            -(1 << 31) - 1,
            b"L-2147483649L\n",
            b"L-2147483649L\n",
            b"\x8a\x05\xff\xff\xff\x7f\xff",
        ),
        (
            -(1 << 39),
            b"L-549755813888L\n",
            b"L-549755813888L\n",
            b"\x8a\x05\0\0\0\0\x80",
        ),
        (
            i64::MAX,
            b"L9223372036854775807L\n",
            b"L9223372036854775807L\n",
            b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
        ),
        (
            i64::MIN,
            b"L-9223372036854775808L\n",
            b"L-9223372036854775808L\n",
            b"\x8a\x08\0\0\0\0\0\0\0\x80",
        ),
    ];
    for (value, text, first_binary, later) in cases {
        assert_eq!(
            encoded(|w| encode_i64(w, protocol(0), value)),
            text,
            "{value}"
        );
        assert_eq!(
            encoded(|w| encode_i64(w, protocol(1), value)),
            first_binary,
            "{value}"
        );
        for number in 2..=5 {
            assert_eq!(
                encoded(|w| encode_i64(w, protocol(number), value)),
                later,
                "{value}"
            );
        }
    }
}

#[test]
fn long_integers_take_one_or_four_bytes_of_size() {
    let short = encoded(|w| encode_long_bytes(w, &[1; 255]));
    assert_eq!(short, [&b"\x8a\xff"[..], &[1; 255]].concat());
    let long = encoded(|w| encode_long_bytes(w, &[1; 256]));
    assert_eq!(long, [&b"\x8b\0\x01\0\0"[..], &[1; 256]].concat());
    assert_eq!(encoded(|w| encode_long_decimal(w, "-12")), b"L-12L\n");
}

#[test]
fn floats_are_big_endian_or_text() {
    assert_eq!(
        encoded(|w| encode_binfloat(w, 1.5)),
        b"G\x3f\xf8\0\0\0\0\0\0"
    );
    assert_eq!(
        encoded(|w| encode_binfloat(w, -0.0)),
        b"G\x80\0\0\0\0\0\0\0"
    );
    assert_eq!(encoded(|w| encode_float_repr(w, "1e+100")), b"F1e+100\n");
}

#[test]
fn sizes_choose_the_header() {
    let str_of = |len, number| str_header(len, protocol(number)).map(|h| h.as_slice().to_vec());
    assert_eq!(str_of(255, 4).unwrap(), b"\x8c\xff");
    assert_eq!(str_of(255, 3).unwrap(), b"X\xff\0\0\0");
    assert_eq!(str_of(256, 4).unwrap(), b"X\0\x01\0\0");
    assert_eq!(str_of(u32::MAX as usize, 4).unwrap(), b"X\xff\xff\xff\xff");
    assert_eq!(str_of(1 << 32, 4).unwrap(), b"\x8d\0\0\0\0\x01\0\0\0");
    assert_eq!(str_of(1 << 32, 3), None);
    let bytes_of = |len, number| bytes_header(len, protocol(number)).map(|h| h.as_slice().to_vec());
    assert_eq!(bytes_of(255, 3).unwrap(), b"C\xff");
    assert_eq!(bytes_of(256, 3).unwrap(), b"B\0\x01\0\0");
    assert_eq!(bytes_of(1 << 32, 4).unwrap(), b"\x8e\0\0\0\0\x01\0\0\0");
    assert_eq!(bytes_of(1 << 32, 3), None);
    assert_eq!(bytearray_header(3).as_slice(), b"\x96\x03\0\0\0\0\0\0\0");
}

#[test]
fn strings_with_their_bytes_agree_with_the_header() {
    for number in 1..=5 {
        for len in [0, 1, 255, 256, 65_535] {
            let text = vec![b'x'; len];
            let header = str_header(len, protocol(number)).unwrap();
            let expected = [header.as_slice(), text.as_slice()].concat();
            assert_eq!(
                encoded(|w| encode_str(w, protocol(number), &text)),
                expected
            );
        }
    }
}

#[test]
fn memo_indices_change_opcode_at_their_limits() {
    let put = |number, index| encoded(|w| encode_put(w, protocol(number), index));
    let get = |number, index| encoded(|w| encode_get(w, protocol(number), index));
    assert_eq!(
        (put(0, 300), get(0, 300)),
        (b"p300\n".to_vec(), b"g300\n".to_vec())
    );
    assert_eq!(
        (put(1, 255), get(1, 255)),
        (b"q\xff".to_vec(), b"h\xff".to_vec())
    );
    assert_eq!(
        (put(3, 256), get(3, 256)),
        (b"r\0\x01\0\0".to_vec(), b"j\0\x01\0\0".to_vec())
    );
    assert_eq!(
        (put(4, 256), get(4, 256)),
        (b"\x94".to_vec(), b"j\0\x01\0\0".to_vec())
    );
    assert_eq!(get(5, u32::MAX as usize), b"j\xff\xff\xff\xff");
}

#[test]
fn memo_indices_past_four_bytes_are_refused_and_never_cut() {
    for index in [1 << 32, (1 << 32) + 5, usize::MAX] {
        for number in 1..=5 {
            let mut w = writer();
            w.write(*b"N").unwrap();
            let error = encode_get(&mut w, protocol(number), index).unwrap_err();
            let refused = FormatErrorKind::BadArgument(Opcode::LONG_BINGET);
            assert_eq!((error.kind, error.offset), (refused, 1));
            let put = encode_put(&mut w, protocol(number), index);
            if number < 4 {
                let refused = FormatErrorKind::BadArgument(Opcode::LONG_BINPUT);
                assert_eq!(put.unwrap_err().kind, refused);
                assert_eq!(bytes(w), b"N", "a refusal writes nothing");
            } else {
                assert_eq!(bytes(w), b"N\x94", "MEMOIZE names no index");
            }
        }
        let text = encoded(|w| encode_get(w, protocol(0), index));
        assert_eq!(text, format!("g{index}\n").into_bytes());
    }
}

#[test]
fn globals_and_extension_codes() {
    assert_eq!(
        encoded(|w| encode_global(w, b"os.path", b"join")),
        b"cos.path\njoin\n"
    );
    let ext = |code| encoded(|w| encode_ext(w, code));
    assert_eq!(ext(0xff), b"\x82\xff");
    assert_eq!(ext(0x100), b"\x83\0\x01");
    assert_eq!(ext(0xffff), b"\x83\xff\xff");
    assert_eq!(ext(0x1_0000), b"\x84\0\0\x01\0");
    assert_eq!(ext(0x7fff_ffff), b"\x84\xff\xff\xff\x7f");
}
