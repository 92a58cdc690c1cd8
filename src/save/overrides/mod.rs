//! Methods of a hookable pickler that somebody overrides, called where upstream calls them.

mod asked;
mod batches;
mod calls;
mod element;
pub mod method;
