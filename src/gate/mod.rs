//! The gate: every call that may run Python code that is not ours goes through it.
//!
//! A session owns a state, a pickler's or an unpickler's, while it runs. Before Python code runs the state
//! goes home, to the Python object; after, it is taken again. So a hook can use the pickler that calls it,
//! a second `dump` is refused, and nothing borrowed outlives the passage. [`crate::fast::quiet`] makes the
//! last of these a matter of types.

pub mod home;
pub mod progress;
pub mod session;
