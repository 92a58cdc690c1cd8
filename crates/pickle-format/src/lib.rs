//! The pickle format, without Python.
//!
//! A pickle is a program for a small machine with a stack and a memo. [`opcode`] is the table of
//! its instructions and [`argument`] of their inline arguments; [`encode`] writes the shortest legal
//! instruction for a value, per [`protocol`]; [`frame`] groups instructions as protocol 4 asks;
//! [`memo`] maps identities to memo indices; [`long`] and [`text`] are the encodings of integers and
//! of protocol 0's strings; [`reader`] takes a pickle apart again.

#![forbid(unsafe_code)]

pub mod argument;
pub mod encode;
pub mod error;
pub mod frame;
pub mod long;
pub mod memo;
pub mod opcode;
pub mod protocol;
pub mod reader;
pub mod text;
