//! How the bytes of inline arguments are found: the column of the opcode table that tells it.

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

macro_rules! argument_kinds {
    ($($kind:ident $name:literal $layout:ident($n:literal);)*) => {
        /// How the argument of an opcode is laid out, by `pickletools`' name for it.
        #[derive(Copy, Clone, PartialEq, Eq, Debug)]
        pub enum ArgumentKind {
            $(#[doc = concat!("`", $name, "`.")] $kind,)*
        }

        impl ArgumentKind {
            /// The name in `pickletools`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            /// How its bytes are found.
            #[must_use]
            pub const fn layout(self) -> Layout {
                match self {
                    $(Self::$kind => Layout::$layout($n),)*
                }
            }
        }
    };
}

argument_kinds! {
    DecimalnlShort "decimalnl_short" Lines(1);
    Int4 "int4" Fixed(4);
    Uint1 "uint1" Fixed(1);
    Uint2 "uint2" Fixed(2);
    DecimalnlLong "decimalnl_long" Lines(1);
    Long1 "long1" Counted(1);
    Long4 "long4" Counted(4);
    Stringnl "stringnl" Lines(1);
    String4 "string4" Counted(4);
    String1 "string1" Counted(1);
    Bytes4 "bytes4" Counted(4);
    Bytes1 "bytes1" Counted(1);
    Bytes8 "bytes8" Counted(8);
    Bytearray8 "bytearray8" Counted(8);
    Unicodestringnl "unicodestringnl" Lines(1);
    Unicodestring1 "unicodestring1" Counted(1);
    Unicodestring4 "unicodestring4" Counted(4);
    Unicodestring8 "unicodestring8" Counted(8);
    Floatnl "floatnl" Lines(1);
    Float8 "float8" Fixed(8);
    Uint4 "uint4" Fixed(4);
    StringnlNoescapePair "stringnl_noescape_pair" Lines(2);
    Uint8 "uint8" Fixed(8);
    StringnlNoescape "stringnl_noescape" Lines(1);
}

impl ArgumentKind {
    /// The largest size that a counted argument can say; None for the others.
    #[must_use]
    pub const fn largest_size(self) -> Option<u64> {
        match (self, self.layout()) {
            // These two count with a sign.
            (Self::String4 | Self::Long4, _) => Some(i32::MAX as u64),
            (_, Layout::Counted(width)) => Some(u64::MAX >> (64 - 8 * width)),
            _ => None,
        }
    }
}
