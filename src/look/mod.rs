//! Looking at pickles without loading them: instructions as `pickletools` has them, their disassembly, and
//! what the commands ask of a pickle. Nothing that a pickle names is ever looked up.

pub mod argument;
pub mod instructions;
pub mod known;
pub mod source;
pub mod words;
