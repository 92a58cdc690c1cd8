//! What is to be done next: only the loop saves, asks and calls.

use crate::fast::held::Held;
use crate::save::standing::Standing;

/// What the last thing done leaves to do.
pub enum Next {
    /// Go on with the work on top of the stack.
    Step,
    /// Save an object: somebody has to be asked about it.
    Save(Held, Standing),
    /// Save a persistent id, which has no persistent id of its own.
    SaveId(Held, Standing),
}
