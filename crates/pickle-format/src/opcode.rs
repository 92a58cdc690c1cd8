//! The table of all 68 opcodes: the one truth that writer, reader and tools derive from.

use crate::layout::ArgumentKind;

macro_rules! stack_objects {
    ($($object:ident $name:literal;)*) => {
        /// A kind of thing on the stack, by `pickletools`' name for it.
        #[derive(Copy, Clone, PartialEq, Eq, Debug)]
        pub enum StackObject {
            $(#[doc = concat!("`", $name, "`.")] $object,)*
        }

        impl StackObject {
            /// All kinds, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$object),*];

            /// The name in `pickletools`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$object => $name,)*
                }
            }
        }
    };
}

stack_objects! {
    IntOrBool "int_or_bool";
    Int "int";
    BytesOrStr "bytes_or_str";
    Bytes "bytes";
    Bytearray "bytearray";
    Buffer "buffer";
    None "None";
    Bool "bool";
    Str "str";
    Float "float";
    List "list";
    Any "any";
    Mark "mark";
    Stackslice "stackslice";
    Tuple "tuple";
    Dict "dict";
    Set "set";
    Frozenset "frozenset";
}

/// A row of the table.
#[derive(Copy, Clone, Debug)]
pub struct OpcodeInfo {
    /// The name in `pickletools`.
    pub name: &'static str,
    /// The byte in a pickle.
    pub code: u8,
    /// What follows the byte.
    pub argument: Option<ArgumentKind>,
    /// What it takes off the stack, the topmost last.
    pub stack_before: &'static [StackObject],
    /// What it leaves there.
    pub stack_after: &'static [StackObject],
    /// The protocol that brought it.
    pub protocol: u8,
}

macro_rules! opcodes {
    (@argument) => { None };
    (@argument $kind:ident) => { Some(ArgumentKind::$kind) };
    ($(
        $opcode:ident $code:literal ($($argument:ident)?)
        [$($before:ident)*] -> [$($after:ident)*] $protocol:literal;
    )*) => {
        /// An instruction of the pickle machine, by its byte.
        #[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        // The names are pickletools' own, so that one search crosses Rust, Python and a disassembly.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, missing_docs)]
        pub enum Opcode {
            $($opcode = $code,)*
        }

        impl Opcode {
            /// The opcode of a byte.
            #[inline(always)]
            #[must_use]
            pub const fn from_byte(byte: u8) -> Option<Opcode> {
                match byte {
                    $($code => Some(Self::$opcode),)*
                    _ => None,
                }
            }
        }

        /// All opcodes, in the order of `pickletools.opcodes`.
        pub static OPCODES: [OpcodeInfo; 68] = [$(
            OpcodeInfo {
                name: stringify!($opcode),
                code: $code,
                argument: opcodes!(@argument $($argument)?),
                stack_before: &[$(StackObject::$before),*],
                stack_after: &[$(StackObject::$after),*],
                protocol: $protocol,
            },
        )*];
    };
}

// Name, byte, argument, stack before -> stack after, protocol.
opcodes! {
    INT              0x49 (DecimalnlShort)        []                    -> [IntOrBool] 0;
    BININT           0x4a (Int4)                  []                    -> [Int] 1;
    BININT1          0x4b (Uint1)                 []                    -> [Int] 1;
    BININT2          0x4d (Uint2)                 []                    -> [Int] 1;
    LONG             0x4c (DecimalnlLong)         []                    -> [Int] 0;
    LONG1            0x8a (Long1)                 []                    -> [Int] 2;
    LONG4            0x8b (Long4)                 []                    -> [Int] 2;
    STRING           0x53 (Stringnl)              []                    -> [BytesOrStr] 0;
    BINSTRING        0x54 (String4)               []                    -> [BytesOrStr] 1;
    SHORT_BINSTRING  0x55 (String1)               []                    -> [BytesOrStr] 1;
    BINBYTES         0x42 (Bytes4)                []                    -> [Bytes] 3;
    SHORT_BINBYTES   0x43 (Bytes1)                []                    -> [Bytes] 3;
    BINBYTES8        0x8e (Bytes8)                []                    -> [Bytes] 4;
    BYTEARRAY8       0x96 (Bytearray8)            []                    -> [Bytearray] 5;
    NEXT_BUFFER      0x97 ()                      []                    -> [Buffer] 5;
    READONLY_BUFFER  0x98 ()                      [Buffer]              -> [Buffer] 5;
    NONE             0x4e ()                      []                    -> [None] 0;
    NEWTRUE          0x88 ()                      []                    -> [Bool] 2;
    NEWFALSE         0x89 ()                      []                    -> [Bool] 2;
    UNICODE          0x56 (Unicodestringnl)       []                    -> [Str] 0;
    SHORT_BINUNICODE 0x8c (Unicodestring1)        []                    -> [Str] 4;
    BINUNICODE       0x58 (Unicodestring4)        []                    -> [Str] 1;
    BINUNICODE8      0x8d (Unicodestring8)        []                    -> [Str] 4;
    FLOAT            0x46 (Floatnl)               []                    -> [Float] 0;
    BINFLOAT         0x47 (Float8)                []                    -> [Float] 1;
    EMPTY_LIST       0x5d ()                      []                    -> [List] 1;
    APPEND           0x61 ()                      [List Any]            -> [List] 0;
    APPENDS          0x65 ()                      [List Mark Stackslice]-> [List] 1;
    LIST             0x6c ()                      [Mark Stackslice]     -> [List] 0;
    EMPTY_TUPLE      0x29 ()                      []                    -> [Tuple] 1;
    TUPLE            0x74 ()                      [Mark Stackslice]     -> [Tuple] 0;
    TUPLE1           0x85 ()                      [Any]                 -> [Tuple] 2;
    TUPLE2           0x86 ()                      [Any Any]             -> [Tuple] 2;
    TUPLE3           0x87 ()                      [Any Any Any]         -> [Tuple] 2;
    EMPTY_DICT       0x7d ()                      []                    -> [Dict] 1;
    DICT             0x64 ()                      [Mark Stackslice]     -> [Dict] 0;
    SETITEM          0x73 ()                      [Dict Any Any]        -> [Dict] 0;
    SETITEMS         0x75 ()                      [Dict Mark Stackslice]-> [Dict] 1;
    EMPTY_SET        0x8f ()                      []                    -> [Set] 4;
    ADDITEMS         0x90 ()                      [Set Mark Stackslice] -> [Set] 4;
    FROZENSET        0x91 ()                      [Mark Stackslice]     -> [Frozenset] 4;
    POP              0x30 ()                      [Any]                 -> [] 0;
    DUP              0x32 ()                      [Any]                 -> [Any Any] 0;
    MARK             0x28 ()                      []                    -> [Mark] 0;
    POP_MARK         0x31 ()                      [Mark Stackslice]     -> [] 1;
    GET              0x67 (DecimalnlShort)        []                    -> [Any] 0;
    BINGET           0x68 (Uint1)                 []                    -> [Any] 1;
    LONG_BINGET      0x6a (Uint4)                 []                    -> [Any] 1;
    PUT              0x70 (DecimalnlShort)        []                    -> [] 0;
    BINPUT           0x71 (Uint1)                 []                    -> [] 1;
    LONG_BINPUT      0x72 (Uint4)                 []                    -> [] 1;
    MEMOIZE          0x94 ()                      [Any]                 -> [Any] 4;
    EXT1             0x82 (Uint1)                 []                    -> [Any] 2;
    EXT2             0x83 (Uint2)                 []                    -> [Any] 2;
    EXT4             0x84 (Int4)                  []                    -> [Any] 2;
    GLOBAL           0x63 (StringnlNoescapePair)  []                    -> [Any] 0;
    STACK_GLOBAL     0x93 ()                      [Str Str]             -> [Any] 4;
    REDUCE           0x52 ()                      [Any Any]             -> [Any] 0;
    BUILD            0x62 ()                      [Any Any]             -> [Any] 0;
    INST             0x69 (StringnlNoescapePair)  [Mark Stackslice]     -> [Any] 0;
    OBJ              0x6f ()                      [Mark Any Stackslice] -> [Any] 1;
    NEWOBJ           0x81 ()                      [Any Any]             -> [Any] 2;
    NEWOBJ_EX        0x92 ()                      [Any Any Any]         -> [Any] 4;
    PROTO            0x80 (Uint1)                 []                    -> [] 2;
    STOP             0x2e ()                      [Any]                 -> [] 0;
    FRAME            0x95 (Uint8)                 []                    -> [] 4;
    PERSID           0x50 (StringnlNoescape)      []                    -> [Any] 0;
    BINPERSID        0x51 ()                      [Any]                 -> [Any] 1;
}

/// Where the row of each byte stands in [`OPCODES`].
static ROWS: [u8; 256] = {
    let mut rows = [0; 256];
    let mut row = 0;
    while row < OPCODES.len() {
        rows[OPCODES[row].code as usize] = row as u8;
        row += 1;
    }
    rows
};

impl Opcode {
    /// The byte in a pickle.
    #[inline(always)]
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Its row of the table.
    #[must_use]
    pub fn info(self) -> &'static OpcodeInfo {
        &OPCODES[usize::from(ROWS[usize::from(self.code())])]
    }

    /// The name in `pickletools`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// Whether it stores the top of the stack at the memo index that its argument names.
    #[must_use]
    pub const fn is_put(self) -> bool {
        matches!(self, Self::PUT | Self::BINPUT | Self::LONG_BINPUT)
    }

    /// Whether it pushes what stands at the memo index that its argument names.
    #[must_use]
    pub const fn is_get(self) -> bool {
        matches!(self, Self::GET | Self::BINGET | Self::LONG_BINGET)
    }
}
