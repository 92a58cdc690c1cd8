//! The pickle format, without Python.
//!
//! A pickle is a program for a small machine with a stack and a memo. [`opcode`] is the table of its
//! instructions; [`layout`] tells how their inline arguments are laid out, [`span`] where one lies, and [`argument`] what
//! it means.
//! [`encode`] writes the shortest legal instruction for a value, per [`protocol`], and [`instruction`] any one
//! with its argument, both into a [`sink`]; [`frame`] groups instructions as protocol 4 asks, and gives out a
//! [`cursor`] for runs of short ones, whose room is [`unfilled`]. [`memo`] maps identities to memo indices, and
//! these to values; [`fetched`] tells which indices a pickle ever asks for, [`named_globals`] which globals it names; [`long`]
//! and [`text`] are the encodings of integers and of protocol 0's lines. [`reader`] takes a pickle apart again,
//! and [`dis`] shows it and checks what it does to the stack, [`emulation`] as `pickletools` does;
//! [`check`] checks frames besides, [`survey`] tells what a pickle needs and holds, and [`census`] counts its opcodes.

#![forbid(unsafe_code)]

pub mod argument;
pub mod census;
pub mod check;
pub mod cursor;
pub mod dis;
pub mod emulation;
pub mod encode;
pub mod error;
pub mod fetched;
pub mod frame;
pub mod instruction;
pub mod layout;
pub mod long;
pub mod memo;
pub mod named_globals;
pub mod opcode;
pub mod protocol;
pub mod reader;
pub mod sink;
pub mod span;
pub mod survey;
pub mod text;
pub mod unfilled;
