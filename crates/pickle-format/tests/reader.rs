//! The reader gives back every instruction, and survives whatever it is given.

use pickle_format::argument::Argument;
use pickle_format::error::FormatErrorKind;
use pickle_format::layout::Layout;
use pickle_format::opcode::{OPCODES, Opcode, OpcodeInfo};
use pickle_format::reader::Reader;

/// One instruction's bytes, and the argument that the reader is to give for it.
fn instruction(info: &OpcodeInfo) -> (Vec<u8>, Vec<u8>) {
    let mut bytes = vec![info.code];
    let argument = match info.argument.map(|kind| kind.layout()) {
        None => Vec::new(),
        Some(Layout::Fixed(n)) => (1..=n as u8).collect(),
        Some(Layout::Counted(width)) => {
            bytes.extend_from_slice(&3u64.to_le_bytes()[..width]);
            b"a\nb".to_vec()
        }
        Some(Layout::Lines(1)) => b"12".to_vec(),
        Some(Layout::Lines(_)) => b"os.path\njoin".to_vec(),
    };
    bytes.extend_from_slice(&argument);
    if matches!(
        info.argument.map(|kind| kind.layout()),
        Some(Layout::Lines(_))
    ) {
        bytes.push(b'\n');
    }
    (bytes, argument)
}

#[test]
fn every_opcode_comes_back_with_its_argument_and_offset() {
    for info in OPCODES.iter().filter(|info| info.name != "STOP") {
        let (bytes, argument) = instruction(info);
        let pickle = [b"N", bytes.as_slice(), b"."].concat();
        let mut reader = Reader::new(&pickle);
        reader.next().unwrap().unwrap();
        let read = reader.next().unwrap().unwrap();
        assert_eq!((read.offset, read.opcode.name()), (1, info.name));
        assert_eq!(read.argument, argument, "{}", info.name);
        let stop = reader.next().unwrap().unwrap();
        assert_eq!((stop.offset, stop.opcode), (1 + bytes.len(), Opcode::STOP));
        assert_eq!(reader.next(), None);
        assert_eq!(reader.position(), pickle.len());
    }
}

#[test]
fn every_prefix_of_an_instruction_is_truncated() {
    for info in &OPCODES {
        let (bytes, _) = instruction(info);
        for end in 1..bytes.len() {
            let error = Reader::new(&bytes[..end]).next().unwrap().unwrap_err();
            let opcode = Opcode::from_byte(info.code);
            assert_eq!(
                error.kind,
                FormatErrorKind::Truncated(opcode),
                "{} {end}",
                info.name
            );
            assert!(error.to_string().contains(info.name));
        }
    }
}

#[test]
fn nothing_is_read_behind_stop() {
    let mut reader = Reader::new(b"N.\xff\xff");
    assert_eq!(reader.by_ref().map(Result::unwrap).count(), 2);
    assert_eq!(reader.position(), 2);
}

#[test]
fn the_first_error_ends_the_reading() {
    let mut reader = Reader::new(b"N\xffN.");
    reader.next().unwrap().unwrap();
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(
        (error.kind, error.offset),
        (FormatErrorKind::UnknownOpcode(0xff), 1)
    );
    assert_eq!(reader.next(), None);
    let mut reader = Reader::new(b"N");
    reader.next().unwrap().unwrap();
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(
        (error.kind, error.offset),
        (FormatErrorKind::Truncated(None), 1)
    );
    assert_eq!(reader.next(), None);
}

#[test]
fn claimed_sizes_are_not_believed() {
    for info in &OPCODES {
        if let Some(Layout::Counted(width)) = info.argument.map(|kind| kind.layout()) {
            let pickle = [&[info.code], &[0xff; 8][..width], b"few"].concat();
            assert!(
                Reader::new(&pickle).next().unwrap().is_err(),
                "{}",
                info.name
            );
        }
    }
}

#[test]
fn negative_sizes_are_bad_arguments() {
    for (opcode, byte) in [(Opcode::BINSTRING, b'T'), (Opcode::LONG4, 0x8b)] {
        for size in [-1, i32::MIN] {
            let pickle = [&[byte][..], &size.to_le_bytes(), b"few"].concat();
            let error = Reader::new(&pickle).next().unwrap().unwrap_err();
            assert_eq!(error.kind, FormatErrorKind::BadArgument(opcode));
        }
        let pickle = [&[byte][..], &i32::MAX.to_le_bytes(), b"few"].concat();
        let error = Reader::new(&pickle).next().unwrap().unwrap_err();
        assert_eq!(error.kind, FormatErrorKind::Truncated(Some(opcode)));
    }
}

fn value(instruction: &[u8]) -> Option<Argument<'_>> {
    Reader::new(instruction)
        .next()
        .unwrap()
        .unwrap()
        .value()
        .ok()
}

#[test]
fn arguments_are_read_as_what_they_mean() {
    assert_eq!(value(b"N"), Some(Argument::None));
    assert_eq!(value(b"J\xff\xff\xff\xff"), Some(Argument::Int(-1)));
    assert_eq!(
        value(b"\x84\xff\xff\xff\x7f"),
        Some(Argument::Int(0x7fff_ffff))
    );
    assert_eq!(value(b"M\0\x01"), Some(Argument::Int(256)));
    assert_eq!(
        value(b"j\xff\xff\xff\xff"),
        Some(Argument::Index(0xffff_ffff))
    );
    assert_eq!(value(b"h\x07"), Some(Argument::Index(7)));
    assert_eq!(value(b"G\x3f\xf8\0\0\0\0\0\0"), Some(Argument::Float(1.5)));
    assert_eq!(
        value(b"\x95\x01\0\0\0\0\0\0\x80"),
        Some(Argument::Size((1 << 63) + 1))
    );
    assert_eq!(
        value(b"X\x02\0\0\0\xc3\xa9"),
        Some(Argument::Str("é".as_bytes()))
    );
    assert_eq!(value(b"X\x01\0\0\0\xc3"), None);
    assert_eq!(
        value(b"cos.path\njoin\n"),
        Some(Argument::Pair("os.path", "join"))
    );
    assert_eq!(value(b"cos\n\xff\n"), None);
    assert_eq!(value(b"P\xc3\xa9\n"), None);
}

#[test]
fn lines_of_numbers_have_their_own_rules() {
    assert_eq!(value(b"I00\n"), Some(Argument::Bool(false)));
    assert_eq!(value(b"I01\n"), Some(Argument::Bool(true)));
    assert_eq!(value(b"I02\n").unwrap().to_i64(), Some(2));
    assert_eq!((value(b"I1L\n"), value(b"I\n")), (None, None));
    for line in [&b"L12L\n"[..], b"L12\n", b"L +1_2L\n"] {
        assert_eq!(value(line).unwrap().to_i64(), Some(12));
    }
    assert_eq!((value(b"LL\n"), value(b"L1LL\n")), (None, None));
    assert_eq!(value(b"L99999999999999999999L\n").unwrap().to_i64(), None);
    assert_eq!(value(b"g01\n").unwrap().to_index(), Some(1));
    assert_eq!(
        (value(b"g-1\n"), value(b"p99999999999999999999\n")),
        (None, None)
    );
    let error = Reader::new(b"Fx\n")
        .next()
        .unwrap()
        .unwrap()
        .value()
        .unwrap_err();
    assert_eq!(
        (error.kind, error.offset),
        (FormatErrorKind::BadArgument(Opcode::FLOAT), 1)
    );
}

#[test]
fn random_bytes_end_in_stop_or_in_one_error() {
    let mut state: u64 = 0x2545_f491_4f6c_dd1d;
    let mut ended_well = 0;
    for _ in 0..20_000 {
        let mut pickle = Vec::new();
        for _ in 0..64 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // Half of the bytes are opcodes, so that reading gets further than the first few.
            let info = &OPCODES[(state >> 8) as usize % OPCODES.len()];
            pickle.push(if state & 1 == 0 {
                info.code
            } else {
                (state >> 32) as u8
            });
        }
        let mut reader = Reader::new(&pickle);
        let read: Vec<_> = reader.by_ref().collect();
        let (last, before) = read.split_last().unwrap();
        let mut end = 0;
        for one in before {
            let one = one.unwrap();
            assert_eq!(one.opcode.code(), pickle[one.offset]);
            assert!(one.offset >= end && one.opcode != Opcode::STOP);
            end = one.offset + 1 + one.argument.len();
        }
        match last {
            Ok(last) => assert_eq!(last.opcode, Opcode::STOP),
            Err(error) => assert!(error.offset <= pickle.len()),
        }
        ended_well += usize::from(last.is_ok());
        assert!(reader.position() <= pickle.len());
    }
    assert!(
        ended_well > 100,
        "only {ended_well} reached STOP: the bytes are no test"
    );
}
