//! Instances of which the class says all: how they are made, and where their state is.

use pickle_format::opcode::Opcode;

use crate::fast::held::Held;
use crate::fast::view::Slots;

/// Where a plain instance keeps its state.
pub struct Plain {
    pub has_dict: bool,
    /// The names of the slots, as `copyreg` spells them: private names are mangled.
    pub names: Vec<Held>,
    /// Where their values are.
    pub slots: Slots,
    pub making: Making,
}

/// How a plain instance is made, by the class alone.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Making {
    /// NEWOBJ; an empty `__dict__` is no state.
    NewObject,
    /// A call with so many times None; the `__dict__` is the state, even an empty one.
    Call { nones: usize },
}

impl Making {
    pub fn has_no_arguments(self) -> bool {
        matches!(self, Self::NewObject | Self::Call { nones: 0 })
    }

    /// Whether an empty `__dict__` is a state.
    pub fn has_empty_state(self) -> bool {
        matches!(self, Self::Call { .. })
    }

    /// What makes it of the class and of its arguments.
    pub fn opcode(self) -> Opcode {
        match self {
            Self::NewObject => Opcode::NEWOBJ,
            Self::Call { .. } => Opcode::REDUCE,
        }
    }
}
