//! Exact-type access to Python's objects: the one home of `unsafe` and of memory layouts by version.
//!
//! What a safe function of this folder needs from its caller is proved by the type of its argument: a
//! `Text` was seen to be an exact str, a view stays alive as long as no Python code runs, and `Slots` were
//! read off the class as it is now. `quiet` says what holds the second of these.

pub mod arenas;
pub mod attached;
pub mod attribute;
pub mod bare;
pub mod build;
pub mod bytes_io;
mod bytes_room;
pub mod call;
pub mod callee;
pub mod class;
pub mod class_call;
pub mod class_table;
mod collector_pause;
pub mod count;
pub mod decode;
pub mod derived;
pub mod dict;
pub mod dict_version;
pub mod exported;
pub mod filling;
pub mod fresh;
pub mod held;
pub mod import;
pub mod instance;
pub mod interpreter;
pub mod layout;
pub mod leaf;
mod libpython;
pub mod memo;
pub mod method;
pub mod no_memory;
pub mod object;
pub mod output;
pub mod pages;
pub mod partial;
pub mod prefetch;
pub mod quiet;
pub mod recursion;
pub mod recycled;
mod relaxed;
pub mod row;
pub mod signals;
pub mod slot;
pub mod thread_end;
pub mod values;
mod vectorcall;
pub mod view;
pub mod watch;
#[cfg(feature = "watch")]
pub mod watchman;
pub mod window;
pub mod written;
