//! The two memos: a pickler's, from identity to index, and an unpickler's, from index to value.

mod pickler;
mod unpickler;

pub use pickler::{Identity, PicklerMemo};
pub use unpickler::UnpicklerMemo;
