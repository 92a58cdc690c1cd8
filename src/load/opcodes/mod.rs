//! The opcodes, by what they make.

mod buffer;
mod build;
mod build_directly;
mod container;
mod framing;
mod global;
mod known;
mod memo;
mod number;
mod object;
mod persistent;
mod text;
