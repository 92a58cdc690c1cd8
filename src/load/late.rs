//! Attributes that an unpickler of the hookable face has only once somebody asks for them: until then they are
//! kept natively.

use pyo3::prelude::*;

/// Stands in the class for an attribute of its instances, and is asked where an instance has none of that name
/// itself. Who asks finds what upstream's class would have there, which from then on is the instance's own.
#[pyclass(frozen, module = "oxipickle._oxipickle")]
pub struct Late {
    pub name: &'static str,
}

impl Late {
    /// The attributes that upstream's class has from `__init__` or from the beginning of a load on, and that
    /// change with every opcode.
    pub const NAMES: [&'static str; 7] = [
        "memo",
        "stack",
        "metastack",
        "append",
        "read",
        "readinto",
        "readline",
    ];
}
