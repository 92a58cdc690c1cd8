//! What is known of the instances of a class before they are asked.

use crate::fast::quiet::Quiet;
use crate::fast::view::{ClassVersion, Dict, SeenNames, Text};
use crate::save::instances::known_collections::Collection;
use crate::save::instances::plain::Plain;
use crate::save::known::facts::Known;

/// How the instances of one class are reduced, as long as the class has these contents.
///
/// A plan holds names, and code and functions of modules that stay: no object with a finaliser, and nothing that keeps
/// the class alive.
pub struct Plan {
    pub version: ClassVersion,
    pub kind: PlanKind,
    /// What is known of instances besides: then most are written without a reduce value.
    pub known: Option<Known>,
}

/// What is known of a class.
pub enum PlanKind {
    /// NEWOBJ and the state, as `object.__reduce_ex__` has it.
    Plain(Plain),
    /// NEWOBJ, and the state that the class's own `__getstate__` gives.
    Getstate { has_dict: bool },
    /// The class's own `__reduce_ex__` gives the reduce value.
    ReduceEx,
    /// The class's `__reduce__` gives the reduce value, which `object.__reduce_ex__` would go on to, if
    /// the instance has none of its own. It is looked up by names seen to be exact strings.
    Reduce(SeenNames),
    /// Neither is asked: what they would say is known.
    Collection(Collection),
    /// Nothing: instances are asked the long way.
    Unplanned,
}

/// Names of the functions that stand for opcodes of their own.
pub const OPCODE_FUNCTIONS: [&[u8]; 2] = [b"__newobj__", b"__newobj_ex__"];

/// Attributes that `object.__reduce_ex__` looks up on the instance itself.
const SHADOWS: [&[u8]; 5] = [
    b"__reduce_ex__",
    b"__reduce__",
    b"__getstate__",
    b"__getnewargs__",
    b"__getnewargs_ex__",
];

/// Characters of the shortest of them.
const SHORTEST: usize = 10;

/// Whether an instance's dict has an attribute that would be honoured before the class's.
pub fn is_shadowed(dict: Dict<'_>, _: &Quiet) -> bool {
    let mut position = 0;
    if let Some(entries) = dict.shared_entries() {
        return std::iter::from_fn(|| entries.next(&mut position)).any(|(name, _)| is_shadow(name));
    }
    if let Some(entries) = dict.text_entries() {
        return std::iter::from_fn(|| entries.next(&mut position)).any(|(name, _)| is_shadow(name));
    }
    while let Some((key, _)) = dict.next(&mut position) {
        if key.as_text().is_none_or(is_shadow) {
            return true;
        }
    }
    false
}

#[inline(always)]
fn is_shadow(name: Text<'_>) -> bool {
    name.len() >= SHORTEST && name.utf8().is_some_and(|name| SHADOWS.contains(&name))
}
