//! Every instruction can be written, and read back as what was written; what can't be read back is
//! refused.

mod output;

use output::{bytes, writer};
use pickle_format::argument::Argument;
use pickle_format::error::FormatError;
use pickle_format::instruction::{EncodeError, Unfit, encode_instruction};
use pickle_format::layout::{ArgumentKind, Layout};
use pickle_format::opcode::{OPCODES, Opcode};
use pickle_format::reader::Reader;

/// Numbers that look random and are the same in each run (Marsaglia's xorshift).
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn opcodes() -> impl Iterator<Item = Opcode> {
    OPCODES
        .iter()
        .filter_map(|info| Opcode::from_byte(info.code))
}

fn encoded(opcode: Opcode, argument: &Argument<'_>) -> Result<Vec<u8>, EncodeError<FormatError>> {
    let mut w = writer();
    let result = encode_instruction(&mut w, opcode, argument);
    let written = bytes(w);
    assert!(
        result.is_ok() || written.is_empty(),
        "a refusal writes nothing"
    );
    result.map(|()| written)
}

fn refusal(opcode: Opcode, argument: &Argument<'_>) -> Unfit {
    match encoded(opcode, argument) {
        Err(EncodeError::Unfit(about, reason)) if about == opcode => reason,
        other => panic!("{} {argument:?}: {other:?}", opcode.name()),
    }
}

/// One argument of every meaning.
fn samples() -> Vec<Argument<'static>> {
    vec![
        Argument::None,
        Argument::Bool(true),
        Argument::Int(7),
        Argument::Decimal("12"),
        Argument::Long(b"\x01\xff"),
        Argument::Index(7),
        Argument::Size(1 << 40),
        Argument::Float(-1.5),
        Argument::FloatText("1e+100"),
        Argument::Quoted(b"'a\\n'"),
        Argument::String(b"a\xff\n"),
        Argument::Bytes(b"a\xff\n"),
        Argument::Str("é\n".as_bytes()),
        Argument::Escaped(b"\xe9\\u20ac"),
        Argument::Pair("os.path", "join"),
        Argument::Line("12"),
    ]
}

/// The instruction's first one read back.
fn read(instruction: &[u8]) -> Argument<'_> {
    let pickle = Reader::new(instruction).next().unwrap().unwrap();
    assert_eq!(pickle.offset, 0);
    pickle.value().unwrap()
}

#[test]
fn every_opcode_takes_the_arguments_of_its_meaning_and_no_others() {
    for opcode in opcodes() {
        let mut taken = 0;
        for argument in samples() {
            let Ok(bytes) = encoded(opcode, &argument) else {
                assert_eq!(refusal(opcode, &argument), Unfit::WrongType);
                continue;
            };
            taken += 1;
            assert_eq!(bytes[0], opcode.code());
            let mut reader = Reader::new(&bytes);
            let value = reader.next().unwrap().unwrap().value().unwrap();
            assert_eq!(reader.position(), bytes.len());
            // A number in text is read as its text.
            if !matches!((value, argument), (Argument::Decimal(_), _)) {
                assert_eq!(value, argument);
            } else if argument != value {
                assert_eq!(value.to_i64(), argument.to_i64());
            }
            assert_eq!(encoded(opcode, &value).unwrap(), bytes);
        }
        let expected = match opcode {
            Opcode::INT => 3,
            Opcode::LONG | Opcode::GET | Opcode::PUT => 2,
            _ => 1,
        };
        assert_eq!(taken, expected, "{}", opcode.name());
    }
}

#[test]
fn whatever_is_read_is_written_back_to_the_byte() {
    let mut state = 0x9e37_79b9_7f4a_7c15;
    let mut seen = [0; 256];
    let alphabet = b"0019+-_.eLx'\"\\u nf\xc3\xa9\xed\xa0\x80\n\n\x03";
    for _ in 0..300_000 {
        let info = &OPCODES[next(&mut state) as usize % OPCODES.len()];
        let mut bytes = vec![info.code];
        for _ in 0..14 {
            let random = next(&mut state);
            let byte = alphabet[random as usize % alphabet.len()];
            bytes.push(if random >> 60 == 0 {
                (random >> 32) as u8
            } else {
                byte
            });
        }
        if let Some(width @ (1 | 4 | 8)) = info.argument.map(counted_width) {
            bytes[1..=width].copy_from_slice(&(next(&mut state) % 5).to_le_bytes()[..width]);
        }
        if info.name == "STRING" {
            // Rarely would two quotes stand at the right places by chance.
            (bytes[1], bytes[6], bytes[7]) = (b'"', b'"', b'\n');
        }
        let mut reader = Reader::new(&bytes);
        let Ok(read) = reader.next().unwrap() else {
            continue;
        };
        let Ok(value) = read.value() else { continue };
        seen[usize::from(info.code)] += 1;
        assert_eq!(
            encoded(read.opcode, &value).unwrap(),
            bytes[..reader.position()]
        );
    }
    for info in &OPCODES {
        assert!(
            seen[usize::from(info.code)] >= 20,
            "{} was hardly tried",
            info.name
        );
    }
}

fn counted_width(kind: ArgumentKind) -> usize {
    match kind.layout() {
        Layout::Counted(width) => width,
        _ => 0,
    }
}

#[test]
fn numbers_fit_their_bytes() {
    for (opcode, least, most) in [
        (Opcode::BININT1, 0, 0xff),
        (Opcode::BININT2, 0, 0xffff),
        (Opcode::BININT, i32::MIN.into(), i32::MAX.into()),
        (Opcode::EXT4, i32::MIN.into(), i32::MAX.into()),
        (Opcode::PROTO, 0, 0xff),
    ] {
        for value in [least, most] {
            let bytes = encoded(opcode, &Argument::Int(value)).unwrap();
            assert_eq!(read(&bytes), Argument::Int(value));
        }
        for value in [least - 1, most + 1, i64::MIN, i64::MAX] {
            assert_eq!(refusal(opcode, &Argument::Int(value)), Unfit::TooLarge);
        }
    }
    for (opcode, most) in [(Opcode::BINGET, 0xff), (Opcode::LONG_BINPUT, 0xffff_ffff)] {
        let bytes = encoded(opcode, &Argument::Index(most)).unwrap();
        assert_eq!(read(&bytes), Argument::Index(most));
        assert_eq!(refusal(opcode, &Argument::Index(most + 1)), Unfit::TooLarge);
    }
    let bytes = encoded(Opcode::FRAME, &Argument::Size(u64::MAX)).unwrap();
    assert_eq!(read(&bytes), Argument::Size(u64::MAX));
    let bits = 0x7ff8_0000_dead_beef;
    let nan = encoded(Opcode::BINFLOAT, &Argument::Float(f64::from_bits(bits))).unwrap();
    assert_eq!(nan[1..], bits.to_be_bytes());
}

#[test]
fn numbers_in_text_are_spelled_as_python_does() {
    assert_eq!(encoded(Opcode::INT, &Argument::Int(-5)).unwrap(), b"I-5\n");
    assert_eq!(
        encoded(Opcode::INT, &Argument::Bool(false)).unwrap(),
        b"I00\n"
    );
    assert_eq!(
        encoded(Opcode::LONG, &Argument::Int(-5)).unwrap(),
        b"L-5L\n"
    );
    assert_eq!(
        encoded(Opcode::LONG, &Argument::Decimal("5")).unwrap(),
        b"L5\n"
    );
    assert_eq!(
        encoded(Opcode::PUT, &Argument::Index(300)).unwrap(),
        b"p300\n"
    );
}

#[test]
fn sizes_fit_their_bytes() {
    let payload = [b'x'; 256];
    for (opcode, argument) in [
        (Opcode::SHORT_BINBYTES, Argument::Bytes(&payload)),
        (Opcode::SHORT_BINSTRING, Argument::String(&payload)),
        (Opcode::SHORT_BINUNICODE, Argument::Str(&payload)),
        (Opcode::LONG1, Argument::Long(&payload)),
    ] {
        assert_eq!(refusal(opcode, &argument), Unfit::TooLarge);
    }
    let largest = |kind: ArgumentKind| kind.largest_size();
    assert_eq!(largest(ArgumentKind::Long4), Some(0x7fff_ffff));
    assert_eq!(largest(ArgumentKind::String4), Some(0x7fff_ffff));
    assert_eq!(largest(ArgumentKind::Bytes4), Some(0xffff_ffff));
    assert_eq!(largest(ArgumentKind::Bytes8), Some(u64::MAX));
    assert_eq!(largest(ArgumentKind::Uint4), None);
}

#[test]
fn lines_have_no_newline_and_are_spelled_right() {
    use Argument::{Decimal, Escaped, FloatText, Line, Pair, Quoted, Str};
    for (opcode, argument) in [
        (Opcode::INT, Decimal("1\n")),
        (Opcode::FLOAT, FloatText("\n1")),
        (Opcode::STRING, Quoted(b"'\n'")),
        (Opcode::UNICODE, Escaped(b"\n")),
        (Opcode::PERSID, Line("a\nb")),
        (Opcode::GLOBAL, Pair("os\n", "x")),
        (Opcode::INST, Pair("os", "x\n")),
    ] {
        assert_eq!(refusal(opcode, &argument), Unfit::Newline);
    }
    for (opcode, argument) in [
        (Opcode::INT, Decimal("1L")),
        (Opcode::LONG, Decimal("L")),
        (Opcode::GET, Decimal("-1")),
        (Opcode::FLOAT, FloatText("one")),
        (Opcode::STRING, Quoted(b"'")),
        (Opcode::UNICODE, Escaped(b"\\u1")),
        (Opcode::PERSID, Line("é")),
        (Opcode::BINUNICODE, Str(b"\xff")),
    ] {
        assert_eq!(refusal(opcode, &argument), Unfit::Malformed);
    }
    let error = encoded(Opcode::INT, &Decimal("x")).unwrap_err();
    assert_eq!(error.to_string(), "the argument of INT is malformed");
}
