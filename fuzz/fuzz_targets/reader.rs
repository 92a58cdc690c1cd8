//! The format crate over any bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/pickle-format/tests/any_bytes/mod.rs"]
mod any_bytes;

fuzz_target!(|data: &[u8]| any_bytes::check(data));
