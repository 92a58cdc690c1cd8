//! What is to be done next: only the loop saves, asks and calls.

use std::sync::Arc;

use crate::fast::held::Held;
use crate::save::containers::batch::Items;
use crate::save::instances::plan::Plan;
use crate::save::standing::Standing;

/// What the last thing done leaves to do.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Next {
    /// Go on with the work on top of the stack.
    Step,
    /// Save the object that is due (`State::due`).
    Save,
    /// Begin with the list items or the dict items of the reduce value on top of the stack.
    Iterate(Items),
}

/// An object that is to be saved before anything else is written.
pub struct Due {
    pub obj: Held,
    pub standing: Standing,
    pub questions: Questions,
}

/// What is to be asked about an object.
pub enum Questions {
    /// Everything.
    All,
    /// Everything but whether it has a persistent id: it is one.
    AllButId,
    /// Everything; but it was looked up in the memo just now, and not found.
    AllOfNew,
    /// What upstream's own `save` asks, though the pickler's `save` may be another; with the persistent id, or
    /// without.
    Base { asks_id: bool },
    /// Its own methods alone, as the plan of its class says. It is not in the memo.
    Planned(Arc<Plan>),
}
