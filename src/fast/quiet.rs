//! The token to call Python with, and the proof that nobody uses it.
//!
//! Between two passages of the gate no Python code runs, nothing is freed and no container changes. That
//! is what views of objects rest on ([`crate::fast::view`]), and here it is made a matter of types: a view
//! borrows [`Quiet`], and the token is given out for an exclusive borrow only, so a view that is held
//! across a passage does not compile. Code that works on views has no token, and so no way to Python;
//! `clippy.toml` forbids the functions that would make one out of nothing.

use std::marker::PhantomData;

use pyo3::prelude::*;

use crate::fast::memo::Memo;

/// Proof that no Python code runs as long as it is borrowed. It stays on its thread, which holds the
/// GIL.
pub struct Quiet(PhantomData<*mut ()>);

/// The token of a thread that is attached to the interpreter, locked up beside the proof.
pub struct Attached<'py> {
    py: Python<'py>,
    quiet: Quiet,
}

impl<'py> Attached<'py> {
    /// Locks the token up.
    pub fn new(py: Python<'py>) -> Self {
        Self {
            py,
            quiet: Quiet(PhantomData),
        }
    }

    /// What views borrow.
    #[inline(always)]
    pub fn quiet(&self) -> &Quiet {
        &self.quiet
    }

    /// The token, while no view is alive, and once `memo` holds references to all that was seen so far.
    #[inline(always)]
    pub fn token(&mut self, memo: &mut Memo) -> Python<'py> {
        memo.claim();
        self.py
    }
}
