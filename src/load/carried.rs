//! The state that a load carries along, while it is not at home.

use std::ops::{Deref, DerefMut};

use crate::load::state::State;

/// The state that a machine works on: none while Python code runs.
pub struct Carried(pub Option<Box<State>>);

/// Why there is one.
const CARRIED: &str = "a machine carries its state whenever no Python code runs";

impl Deref for Carried {
    type Target = State;

    #[inline(always)]
    fn deref(&self) -> &State {
        self.0.as_deref().expect(CARRIED)
    }
}

impl DerefMut for Carried {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut State {
        self.0.as_deref_mut().expect(CARRIED)
    }
}
