//! The disassembly's lines, and the faults it finds.

use pickle_format::dis::Disassembler;
use pickle_format::error::FormatErrorKind;
use pickle_format::opcode::{OPCODES, Opcode};

fn shown(pickle: &[u8]) -> Vec<String> {
    Disassembler::new(pickle)
        .map(|line| line.unwrap().to_string())
        .collect()
}

/// The first fault, and the lines before it.
fn fault(pickle: &[u8]) -> (usize, FormatErrorKind, usize) {
    let mut lines = Disassembler::new(pickle);
    let mut good = 0;
    loop {
        match lines.next() {
            Some(Ok(_)) => good += 1,
            Some(Err(error)) => {
                assert!(lines.next().is_none(), "the first fault is the last line");
                return (good, error.kind, error.offset);
            }
            None => panic!("no fault in {}", pickle.escape_ascii()),
        }
    }
}

#[test]
fn lines_show_offset_opcode_name_argument_and_depth() {
    let pickle = b"\x80\x04\x95\x0b\0\0\0\0\0\0\0]\x94(K\x01\x8c\x01a\x94(K\x02te.";
    let expected = [
        r"     0  \x80  PROTO 4",
        r"     2  \x95  FRAME 11",
        r"    11  ]     EMPTY_LIST",
        r"    12  \x94  MEMOIZE  # memo 0",
        r"    13  (     MARK",
        r"    14  K       BININT1 1",
        r#"    16  \x8c    SHORT_BINUNICODE "a""#,
        r"    19  \x94    MEMOIZE  # memo 1",
        r"    20  (       MARK",
        r"    21  K         BININT1 2",
        r"    23  t       TUPLE  # from MARK at 20",
        r"    24  e     APPENDS  # from MARK at 13",
        r"    25  .     STOP",
    ];
    assert_eq!(shown(pickle), expected);
    let mut lines = Disassembler::new(pickle);
    assert_eq!(lines.by_ref().count(), expected.len());
    assert_eq!((lines.protocol(), lines.position()), (4, pickle.len()));
}

#[test]
fn arguments_are_shown_short_and_without_control_characters() {
    let arguments = |pickle: &[u8]| shown(pickle)[0][14..].to_owned();
    assert_eq!(arguments(b"I01\n."), "INT true");
    assert_eq!(arguments(b"L12L\n."), "LONG 12L");
    assert_eq!(arguments(b"F1e+100\n."), "FLOAT 1e+100");
    assert_eq!(arguments(b"F 1\x0b\n."), "FLOAT  1\\x0b");
    assert_eq!(arguments(b"G\x3f\xf8\0\0\0\0\0\0."), "BINFLOAT 1.5");
    assert_eq!(arguments(b"\x8a\x01\xff."), "LONG1 -1");
    assert_eq!(
        arguments(b"\x8a\x09\0\0\0\0\0\0\0\0\x01."),
        r#"LONG1 int "\x00\x00\x00\x00\x00\x00\x00\x00\x01""#
    );
    assert_eq!(arguments(b"C\x03a\n\xff."), r#"SHORT_BINBYTES b"a\n\xff""#);
    assert_eq!(
        arguments(b"X\x06\0\0\0\xc3\xa9\x1b\xed\xa0\x80."),
        r#"BINUNICODE "é\u{1b}\xed\xa0\x80""#
    );
    assert_eq!(arguments(b"cos\npath\n."), r#"GLOBAL "os" "path""#);
    assert_eq!(arguments(b"S'a'\n."), "STRING 'a'");
    assert_eq!(arguments(b"Va\\u20ac\xe9\n."), r"UNICODE a\u20ac\xe9");
    let line = [&b"L"[..], &[b'1'; 100], b"\n."].concat();
    assert_eq!(
        arguments(&line),
        format!("LONG {}... (100 bytes)", "1".repeat(72))
    );
    let long = [b"X\x90\x01\0\0", "é".repeat(200).as_bytes(), b"."].concat();
    assert_eq!(
        arguments(&long),
        format!("BINUNICODE \"{}\"... (400 bytes)", "é".repeat(36))
    );
    let odd = [b"X\x91\x01\0\0a", "é".repeat(200).as_bytes(), b"."].concat();
    assert_eq!(
        arguments(&odd),
        format!("BINUNICODE \"a{}\"... (401 bytes)", "é".repeat(35))
    );
}

#[test]
fn faults_are_told_with_their_offset() {
    use FormatErrorKind as Kind;
    let cases: [(&[u8], usize, Kind, usize); 18] = [
        (b".", 0, Kind::StackUnderflow(Opcode::STOP), 0),
        (b"Na.", 1, Kind::StackUnderflow(Opcode::APPEND), 1),
        (b"N(\x85.", 2, Kind::StackUnderflow(Opcode::TUPLE1), 2),
        (b"(e.", 1, Kind::StackUnderflow(Opcode::APPENDS), 1),
        (b"(o.", 1, Kind::StackUnderflow(Opcode::OBJ), 1),
        (b"Nt.", 1, Kind::NoMark(Opcode::TUPLE), 1),
        (b"1.", 0, Kind::NoMark(Opcode::POP_MARK), 0),
        (b"Nh\x05.", 1, Kind::UnknownIndex(Opcode::BINGET, 5), 1),
        (b"Nq\x05g4\n.", 2, Kind::UnknownIndex(Opcode::GET, 4), 3),
        (b"q\0N.", 0, Kind::StackUnderflow(Opcode::BINPUT), 0),
        (b"N(q\0.", 2, Kind::StackUnderflow(Opcode::BINPUT), 2),
        (b"\x94.", 0, Kind::StackUnderflow(Opcode::MEMOIZE), 0),
        (b"0N.", 0, Kind::StackUnderflow(Opcode::POP), 0),
        (b"NN.", 2, Kind::StackNotEmpty, 2),
        (b"(N.", 2, Kind::StackNotEmpty, 2),
        (b"N", 1, Kind::Truncated(None), 1),
        (b"Ix\n.", 0, Kind::BadArgument(Opcode::INT), 1),
        (b"N\xff", 1, Kind::UnknownOpcode(0xff), 1),
    ];
    for (pickle, good, kind, offset) in cases {
        assert_eq!(
            fault(pickle),
            (good, kind, offset),
            "{}",
            pickle.escape_ascii()
        );
    }
}

#[test]
fn pop_takes_a_mark_too() {
    let lines: Vec<_> = Disassembler::new(b"N(0(N00.").map(Result::unwrap).collect();
    let marks: Vec<_> = lines.iter().map(|line| (line.depth, line.mark)).collect();
    let expected = [
        (0, None),
        (0, None),
        (0, Some(1)),
        (0, None),
        (1, None),
        (1, None),
        (0, Some(3)),
        (0, None),
    ];
    assert_eq!(marks, expected);
}

#[test]
fn a_memo_can_go_on_from_pickle_to_pickle() {
    let mut first = Disassembler::new(b"]r\xff\xff\xff\xff.");
    assert!(first.by_ref().all(|line| line.is_ok()));
    let second = Disassembler::with_memo(b"j\xff\xff\xff\xff.", first.into_memo());
    assert_eq!(second.filter(|line| line.is_ok()).count(), 2);
}

#[test]
fn marks_nested_deeper_than_any_indent_are_shown() {
    let depth = 100_000;
    let pickle = [vec![b'('; depth], vec![b't'; depth], b".".to_vec()].concat();
    let mut lines = 0;
    for line in Disassembler::new(&pickle) {
        assert!(line.unwrap().to_string().len() < 120);
        lines += 1;
    }
    assert_eq!(lines, 2 * depth + 1);
}

#[test]
fn random_bytes_end_in_stop_or_in_one_fault() {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut ended_well = 0;
    for _ in 0..100_000 {
        let mut pickle = Vec::new();
        for _ in 0..24 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let info = &OPCODES[(state >> 8) as usize % OPCODES.len()];
            pickle.push(match state % 8 {
                0 => (state >> 32) as u8,
                1 => b"0123\n"[(state >> 32) as usize % 5],
                2 | 3 => b'N',
                _ => info.code,
            });
        }
        let lines: Vec<_> = Disassembler::new(&pickle).collect();
        let (last, before) = lines.split_last().unwrap();
        for line in before {
            assert!(!line.as_ref().unwrap().to_string().is_empty());
        }
        if let Err(error) = last {
            assert!(error.offset <= pickle.len() && !error.to_string().is_empty());
        }
        ended_well += usize::from(last.is_ok());
    }
    assert!(ended_well > 100, "only {ended_well} reached STOP");
}
