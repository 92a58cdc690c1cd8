//! Exact lists, dicts, sets, frozensets and tuples: no code in this folder has a token to call Python
//! with.

pub mod ahead;
pub mod batch;
pub mod begin;
pub mod dict;
pub mod dict_place;
pub mod elements;
pub mod list;
pub mod met;
pub mod open;
mod open_instance;
pub mod opener;
mod plain;
pub mod set;
pub mod tuple;
