//! Saving: the walk over an object graph, and what it writes for each kind of object.

mod attribute_chain;
mod buffer;
mod chain;
mod collection;
mod dict_items;
mod draw;
mod extension;
mod global;
mod instance;
mod items;
mod leaf;
mod list;
mod list_items;
mod mapping;
mod persistent;
mod plan;
mod reduce;
mod reduce_value;
mod reducer;
pub mod resolve;
mod scalar;
mod set;
mod slots;
pub mod state;
mod tuple;
pub mod walk;
mod work;
