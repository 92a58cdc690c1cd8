//! The reader gives back every instruction, and survives whatever it is given.

use pickle_format::argument::Layout;
use pickle_format::error::FormatErrorKind;
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
