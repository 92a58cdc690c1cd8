//! Classes, functions and other objects that are saved by name.

pub mod attribute_chain;
pub mod extension;
pub mod form;
pub mod known;
pub mod line;
pub mod references;
pub mod resolve;
pub mod write;
