//! A pickler's hooks: what users override, in a subclass or on the instance, and how that is found out.

pub mod builtin;
mod class;
pub mod dispatch;
pub mod found;
mod hookable;
mod lean;
mod names;
mod predicates;
pub mod silence;

pub use builtin::Builtin;
pub use found::{Hooks, Own, Versions};
pub use hookable::{Entries, global_style, is_same_method, look_up as look_up_hookable};
pub use lean::look_up as look_up_lean;
pub use predicates::Spoken;
