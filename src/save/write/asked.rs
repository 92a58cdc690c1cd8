//! What somebody's functions, the pickler's own methods mostly, are to do before anything else is written.

use pickle_format::opcode::Opcode;

use crate::fast::held::Held;

/// What is to be called by the loop.
pub enum Asked {
    /// `memoize`, with this object.
    Memoize(Held),
    /// `get`, with this index: what it returns is written.
    Get(usize),
    /// `write`, with what ends an object.
    Write(Ending),
    /// `progress`, if it is time.
    Report,
}

/// What ends an object behind its parts.
pub struct Ending {
    /// So many times this opcode.
    pub opcode: (Opcode, usize),
    /// The index of what is fetched.
    pub get: Option<usize>,
    /// The object, if it is to be memoized.
    pub memoize: Option<Held>,
}
