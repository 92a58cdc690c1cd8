//! The unpickler: a machine that carries out the opcodes of a pickle.
//!
//! `machine` is the loop, one arm for each opcode of the format crate's table; `stack` what it
//! works on and `input` where the bytes come from. The other files hold the opcodes by what they
//! make. `home` is where a memo lives while user code runs, and the way there and back.

mod attributes;
mod buffer;
mod collector;
mod container;
mod direct;
mod find_class;
mod frame;
mod global;
mod home;
mod hooks;
mod input;
mod instance;
mod key;
mod machine;
mod memo;
mod nesting;
mod note;
mod number;
mod object;
mod payload;
mod persistent;
mod settings;
mod stack;
mod text;

pub use collector::mind_forks;
pub use find_class::find_class;
pub use home::{Home, Memo};
pub use hooks::remember_methods;
pub use input::Input;
pub use machine::Machine;
pub use nesting::Nesting;
pub use persistent::NO_PERSISTENT_LOAD;
pub use settings::{File, Settings};
