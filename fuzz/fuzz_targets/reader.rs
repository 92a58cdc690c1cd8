//! The reader over any bytes: it ends, stays within them, and agrees with the scan of what a pickle
//! fetches.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pickle_format::fetched::Fetched;
use pickle_format::opcode::Opcode;
use pickle_format::reader::Reader;

fuzz_target!(|data: &[u8]| {
    let fetched = Fetched::scan(data, 0);
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
    }
});
