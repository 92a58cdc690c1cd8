//! Looking at pickles without loading them: instructions as `pickletools` has them, their disassembly, and
//! what the commands ask of a pickle. Nothing that a pickle names is ever looked up.

mod argument;
pub mod dis;
pub mod instructions;
mod known;
pub mod optimizer;
pub mod palette;
mod quick;
pub mod source;
pub mod surveyed;
pub mod text;
mod words;
