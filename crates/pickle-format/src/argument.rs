//! The layouts of inline arguments.

/// How the argument of an opcode is laid out, by `pickletools`' name for it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ArgumentKind {
    /// `decimalnl_short`.
    DecimalnlShort,
    /// `int4`.
    Int4,
    /// `uint1`.
    Uint1,
    /// `uint2`.
    Uint2,
    /// `decimalnl_long`.
    DecimalnlLong,
    /// `long1`.
    Long1,
    /// `long4`.
    Long4,
    /// `stringnl`.
    Stringnl,
    /// `string4`.
    String4,
    /// `string1`.
    String1,
    /// `bytes4`.
    Bytes4,
    /// `bytes1`.
    Bytes1,
    /// `bytes8`.
    Bytes8,
    /// `bytearray8`.
    Bytearray8,
    /// `unicodestringnl`.
    Unicodestringnl,
    /// `unicodestring1`.
    Unicodestring1,
    /// `unicodestring4`.
    Unicodestring4,
    /// `unicodestring8`.
    Unicodestring8,
    /// `floatnl`.
    Floatnl,
    /// `float8`.
    Float8,
    /// `uint4`.
    Uint4,
    /// `stringnl_noescape_pair`.
    StringnlNoescapePair,
    /// `uint8`.
    Uint8,
    /// `stringnl_noescape`.
    StringnlNoescape,
}

/// What the size of an argument rests on.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Layout {
    /// So many bytes.
    Fixed(usize),
    /// A size in so many bytes, least significant first, then as many bytes as it says.
    Counted(usize),
    /// So many lines, each ended by a newline.
    Lines(usize),
}

impl ArgumentKind {
    /// The name in `pickletools`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DecimalnlShort => "decimalnl_short",
            Self::Int4 => "int4",
            Self::Uint1 => "uint1",
            Self::Uint2 => "uint2",
            Self::DecimalnlLong => "decimalnl_long",
            Self::Long1 => "long1",
            Self::Long4 => "long4",
            Self::Stringnl => "stringnl",
            Self::String4 => "string4",
            Self::String1 => "string1",
            Self::Bytes4 => "bytes4",
            Self::Bytes1 => "bytes1",
            Self::Bytes8 => "bytes8",
            Self::Bytearray8 => "bytearray8",
            Self::Unicodestringnl => "unicodestringnl",
            Self::Unicodestring1 => "unicodestring1",
            Self::Unicodestring4 => "unicodestring4",
            Self::Unicodestring8 => "unicodestring8",
            Self::Floatnl => "floatnl",
            Self::Float8 => "float8",
            Self::Uint4 => "uint4",
            Self::StringnlNoescapePair => "stringnl_noescape_pair",
            Self::Uint8 => "uint8",
            Self::StringnlNoescape => "stringnl_noescape",
        }
    }

    /// How its bytes are found.
    #[must_use]
    pub const fn layout(self) -> Layout {
        match self {
            Self::DecimalnlShort => Layout::Lines(1),
            Self::Int4 => Layout::Fixed(4),
            Self::Uint1 => Layout::Fixed(1),
            Self::Uint2 => Layout::Fixed(2),
            Self::DecimalnlLong => Layout::Lines(1),
            Self::Long1 => Layout::Counted(1),
            Self::Long4 => Layout::Counted(4),
            Self::Stringnl => Layout::Lines(1),
            Self::String4 => Layout::Counted(4),
            Self::String1 => Layout::Counted(1),
            Self::Bytes4 => Layout::Counted(4),
            Self::Bytes1 => Layout::Counted(1),
            Self::Bytes8 => Layout::Counted(8),
            Self::Bytearray8 => Layout::Counted(8),
            Self::Unicodestringnl => Layout::Lines(1),
            Self::Unicodestring1 => Layout::Counted(1),
            Self::Unicodestring4 => Layout::Counted(4),
            Self::Unicodestring8 => Layout::Counted(8),
            Self::Floatnl => Layout::Lines(1),
            Self::Float8 => Layout::Fixed(8),
            Self::Uint4 => Layout::Fixed(4),
            Self::StringnlNoescapePair => Layout::Lines(2),
            Self::Uint8 => Layout::Fixed(8),
            Self::StringnlNoescape => Layout::Lines(1),
        }
    }
}
