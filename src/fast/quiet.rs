//! The proof that nobody calls Python.
//!
//! Between two passages of the gate no Python code runs, nothing is freed and no container changes. That
//! is what views of objects rest on ([`crate::fast::view`]), and here it is made a matter of types: a view
//! borrows [`Quiet`], and the token (`attached.rs`) is given out for an
//! exclusive borrow only, so a view that is held
//! across a passage does not compile. Code that works on views has no token, and so no way to Python;
//! `clippy.toml` forbids the functions that would make one out of nothing.

use std::marker::PhantomData;

/// Proof that no Python code runs as long as it is borrowed. It stays on its thread, which holds the
/// GIL.
pub struct Quiet(PhantomData<*mut ()>);

impl Quiet {
    /// To be made by what locks the token up, and by nobody else.
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}
