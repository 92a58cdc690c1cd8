//! What instructions take from the stack and leave there.

/// The kind of an object on the stack, in the words of `pickletools`.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum StackObject {
    /// An int.
    Int,
    /// An int or a bool: `INT` pushes either.
    IntOrBool,
    /// A bool.
    Bool,
    /// A float.
    Float,
    /// Python 2's `str`, which the reader's encoding makes `bytes` or `str`.
    BytesOrStr,
    /// A `bytes` object.
    Bytes,
    /// A `bytearray`.
    ByteArray,
    /// A `str`.
    Str,
    /// The object `None`.
    NoneObject,
    /// A tuple.
    Tuple,
    /// A list.
    List,
    /// A dict.
    Dict,
    /// A set.
    Set,
    /// A frozenset.
    FrozenSet,
    /// A buffer that travels beside the pickle.
    Buffer,
    /// Any object.
    Any,
    /// The place that `MARK` remembered.
    Mark,
    /// All objects above the topmost mark.
    StackSlice,
}

impl StackObject {
    /// The name in `pickletools`.
    pub const fn name(self) -> &'static str {
        match self {
            StackObject::Int => "int",
            StackObject::IntOrBool => "int_or_bool",
            StackObject::Bool => "bool",
            StackObject::Float => "float",
            StackObject::BytesOrStr => "bytes_or_str",
            StackObject::Bytes => "bytes",
            StackObject::ByteArray => "bytearray",
            StackObject::Str => "str",
            StackObject::NoneObject => "None",
            StackObject::Tuple => "tuple",
            StackObject::List => "list",
            StackObject::Dict => "dict",
            StackObject::Set => "set",
            StackObject::FrozenSet => "frozenset",
            StackObject::Buffer => "buffer",
            StackObject::Any => "any",
            StackObject::Mark => "mark",
            StackObject::StackSlice => "stackslice",
        }
    }
}
