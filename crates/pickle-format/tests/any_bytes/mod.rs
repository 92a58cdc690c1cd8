//! What holds for any bytes: the reader ends, stays within them, and agrees with the scan of what a
//! pickle fetches, with the disassembler, and with the encoder. Fuzzed, and tested with what fuzzing
//! found.

#[path = "../output/mod.rs"]
mod output;

use output::{bytes, writer};
use pickle_format::dis::Disassembler;
use pickle_format::fetched::Fetched;
use pickle_format::instruction::Instruction;
use pickle_format::instruction::{EncodeError, encode_instruction};
use pickle_format::opcode::Opcode;
use pickle_format::reader::Reader;

/// Lines of a disassembly that are put into words: with their depth they grow long.
const LINES_IN_WORDS: usize = 200;

/// Reads, takes apart and writes anew.
pub fn check(data: &[u8]) {
    check_reader(data);
    check_disassembler(data);
}

fn check_reader(data: &[u8]) {
    let fetched = Fetched::scan(data, 0, true);
    let mut end = 0;
    for instruction in Reader::new(data) {
        let Ok(instruction) = instruction else {
            break;
        };
        assert!(instruction.offset >= end, "instructions overlap");
        end = instruction.offset + 1 + instruction.argument.len();
        assert!(end <= data.len(), "an argument ends behind the data");
        let value = instruction.value();
        let index = value.ok().and_then(|value| value.to_index());
        if let (Some(fetched), Some(index), true) = (&fetched, index, instruction.opcode.is_get()) {
            assert!(
                fetched.contains(index),
                "{index} is fetched, and was not found"
            );
        }
        if fetched.is_some() {
            assert!(
                !matches!(instruction.opcode, Opcode::GET | Opcode::PUT),
                "indices in decimal are not told"
            );
        }
        check_written(&instruction);
    }
}

/// What can be written is read back as what it was.
fn check_written(instruction: &Instruction<'_>) {
    let Ok(argument) = instruction.value() else {
        return;
    };
    let mut w = writer();
    match encode_instruction(&mut w, instruction.opcode, &argument) {
        Ok(()) => {}
        Err(EncodeError::Unfit(..)) => panic!("{argument:?} was read, and is not written"),
        Err(EncodeError::Output(_)) => return,
    }
    let written = bytes(w);
    let again = Reader::new(&written).next();
    let again = again.expect("an instruction").expect("a good one");
    assert_eq!(again.opcode, instruction.opcode);
    // In words, since a number that is none equals nothing.
    let value = again.value().map(|value| format!("{value:?}"));
    assert_eq!(value, Ok(format!("{argument:?}")));
}

fn check_disassembler(data: &[u8]) {
    let read = Reader::new(data).map_while(Result::ok);
    let shown = Disassembler::new(data).map_while(Result::ok);
    for (i, (line, instruction)) in shown.zip(read).enumerate() {
        assert_eq!(line.instruction, instruction);
        if i < LINES_IN_WORDS {
            let _ = line.to_string();
        }
    }
}
