//! The token to call Python with, locked up.

use pyo3::prelude::*;

use crate::fast::memo::Memo;
use crate::fast::quiet::Quiet;

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
            quiet: Quiet::new(),
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
