//! Objects that are rebuilt by a call: who says what the call is, and how it is written.

mod checks;
pub mod dict_items;
mod iterate;
pub mod list_items;
pub mod open;
mod own_methods;
pub mod parts;
pub mod reducer;
pub mod taken;
pub mod value;
pub mod work;
