//! Exact-type access to Python's objects: the one home of `unsafe` and of memory layouts by version.
//!
//! Everything outside sees safe functions. What makes them sound is the discipline of the gate
//! (`hooks.rs`): between two passages of it no Python code runs, so an object that a walked
//! container holds stays alive and the container keeps its shape.

pub mod build;
pub mod class;
pub mod decode;
pub mod dict;
pub mod dict_version;
pub mod exported;
pub mod filling;
pub mod fresh;
pub mod import;
pub mod instance;
pub mod int;
pub mod layout;
pub mod memo;
pub mod object;
pub mod output;
pub mod recursion;
pub mod sequence;
pub mod set;
pub mod signals;
pub mod text;
pub mod window;
