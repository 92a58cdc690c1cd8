//! What the running Python is like: its objects, its picklers' ways, and which of them is stood in for.

pub mod behaviour;
pub mod face;
pub mod functions;
pub mod hookable;
pub mod imports;
pub mod sole;
