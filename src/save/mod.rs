//! Saving: the walk over an object graph, and what it writes for each kind of object.

mod attribute_chain;
mod buffer;
mod extension;
mod global;
mod instance;
mod items;
mod mapping;
mod persistent;
mod reduce;
mod reducer;
pub mod resolve;
mod scalar;
mod sequence;
mod set;
pub mod state;
pub mod walk;
mod work;
