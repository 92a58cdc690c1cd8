//! The unpickler: a machine that carries out the opcodes of a pickle.
//!
//! `session` begins and ends a load. `run` is the loop, `machine` and `stack` what it works on,
//! `input` where the bytes come from, and `opcodes` what is carried out. `state` is what goes
//! home to the unpickler while Python code runs.

mod argument;
mod attributes;
pub mod collector;
mod find_class;
pub mod hooks;
pub mod input;
mod key;
mod machine;
mod nesting;
mod note;
mod opcodes;
mod run;
pub mod session;
pub mod settings;
mod stack;
pub mod state;
