//! The unpickler: a machine that carries out the opcodes of a pickle.
//!
//! `session` begins and ends a load. `run` is the loop, and `plain` one for the most frequent opcodes;
//! `machine` and `stack` are what these work on, `input` where the bytes come from, and `opcodes` what is
//! carried out. `state` is what goes home to the unpickler while Python code runs. On the hookable face, `hookable` decides who carries a load
//! out, by `ours` and `entries`, and `show` is what Python code finds that looks at the unpickler.

mod argument;
mod attributes;
pub mod build_alone;
mod carried;
pub mod collector;
pub mod entries;
pub mod find_class;
mod handlers;
pub mod hookable;
pub mod hooks;
pub mod input;
mod key;
mod known;
pub mod late;
mod lists;
mod machine;
mod malformed;
mod meter;
mod nesting;
mod note;
mod opcodes;
pub mod ours;
mod passages;
mod place;
mod plain;
mod premises;
mod report;
mod residence;
mod review;
mod run;
pub mod session;
pub mod settings;
pub mod show;
mod spare;
mod stack;
pub mod state;
mod told_after;
mod unfilled;
pub mod unframer;
