//! The table of opcodes agrees with itself.

use std::collections::HashSet;

use pickle_format::opcode::{OPCODES, Opcode, StackObject};

#[test]
fn every_row_is_found_by_its_byte() {
    for info in &OPCODES {
        let opcode = Opcode::from_byte(info.code).unwrap();
        assert_eq!(opcode.code(), info.code);
        assert_eq!(opcode.name(), info.name);
        assert_eq!(opcode.info().name, info.name);
        assert_eq!(format!("{opcode:?}"), info.name, "one spelling everywhere");
    }
}

#[test]
fn every_other_byte_is_no_opcode() {
    let codes: HashSet<u8> = OPCODES.iter().map(|info| info.code).collect();
    assert_eq!(codes.len(), OPCODES.len());
    for byte in 0..=u8::MAX {
        assert_eq!(
            Opcode::from_byte(byte).is_some(),
            codes.contains(&byte),
            "{byte:#x}"
        );
    }
}

#[test]
fn protocols_and_stack_effects_are_possible() {
    for info in &OPCODES {
        assert!(info.protocol <= 5, "{}", info.name);
        let has = |effect: &[StackObject], kind| effect.contains(&kind);
        assert!(
            !has(info.stack_after, StackObject::Stackslice),
            "{}",
            info.name
        );
        assert_eq!(
            has(info.stack_before, StackObject::Stackslice),
            has(info.stack_before, StackObject::Mark),
            "{}: what lies above a mark is a slice",
            info.name
        );
        assert_eq!(
            has(info.stack_after, StackObject::Mark),
            info.name == "MARK"
        );
    }
}
