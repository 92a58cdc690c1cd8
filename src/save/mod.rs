//! Saving: the walk over an object graph, and what it writes for each kind of object.

mod buffer;
pub mod global;
mod instance;
mod items;
mod leaf;
mod mapping;
mod persistent;
mod reduce;
mod reducer;
mod scalar;
mod sequence;
mod set;
pub mod state;
pub mod walk;
mod work;
