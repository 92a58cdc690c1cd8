//! Instances whose classes say beforehand how they are reduced.

pub mod instance;
pub mod known_collections;
pub mod plain;
pub mod plan;
pub mod plans;
pub mod read_class;
mod save;
pub mod slots;
