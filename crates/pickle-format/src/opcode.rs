//! The table of all 68 opcodes: the one truth that writer, reader and tools derive from.

use crate::argument::ArgumentKind;

/// A kind of thing on the stack, by `pickletools`' name for it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum StackObject {
    /// `int_or_bool`.
    IntOrBool,
    /// `int`.
    Int,
    /// `bytes_or_str`.
    BytesOrStr,
    /// `bytes`.
    Bytes,
    /// `bytearray`.
    Bytearray,
    /// `buffer`.
    Buffer,
    /// `None`.
    None,
    /// `bool`.
    Bool,
    /// `str`.
    Str,
    /// `float`.
    Float,
    /// `list`.
    List,
    /// `any`.
    Any,
    /// `mark`.
    Mark,
    /// `stackslice`.
    Stackslice,
    /// `tuple`.
    Tuple,
    /// `dict`.
    Dict,
    /// `set`.
    Set,
    /// `frozenset`.
    Frozenset,
}

impl StackObject {
    /// The name in `pickletools`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IntOrBool => "int_or_bool",
            Self::Int => "int",
            Self::BytesOrStr => "bytes_or_str",
            Self::Bytes => "bytes",
            Self::Bytearray => "bytearray",
            Self::Buffer => "buffer",
            Self::None => "None",
            Self::Bool => "bool",
            Self::Str => "str",
            Self::Float => "float",
            Self::List => "list",
            Self::Any => "any",
            Self::Mark => "mark",
            Self::Stackslice => "stackslice",
            Self::Tuple => "tuple",
            Self::Dict => "dict",
            Self::Set => "set",
            Self::Frozenset => "frozenset",
        }
    }
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

/// An instruction of the pickle machine, by its byte.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
// The names are pickletools' own, so that one search crosses Rust, Python and a disassembly.
#[allow(non_camel_case_types, clippy::upper_case_acronyms, missing_docs)]
pub enum Opcode {
    INT = 0x49,
    BININT = 0x4a,
    BININT1 = 0x4b,
    BININT2 = 0x4d,
    LONG = 0x4c,
    LONG1 = 0x8a,
    LONG4 = 0x8b,
    STRING = 0x53,
    BINSTRING = 0x54,
    SHORT_BINSTRING = 0x55,
    BINBYTES = 0x42,
    SHORT_BINBYTES = 0x43,
    BINBYTES8 = 0x8e,
    BYTEARRAY8 = 0x96,
    NEXT_BUFFER = 0x97,
    READONLY_BUFFER = 0x98,
    NONE = 0x4e,
    NEWTRUE = 0x88,
    NEWFALSE = 0x89,
    UNICODE = 0x56,
    SHORT_BINUNICODE = 0x8c,
    BINUNICODE = 0x58,
    BINUNICODE8 = 0x8d,
    FLOAT = 0x46,
    BINFLOAT = 0x47,
    EMPTY_LIST = 0x5d,
    APPEND = 0x61,
    APPENDS = 0x65,
    LIST = 0x6c,
    EMPTY_TUPLE = 0x29,
    TUPLE = 0x74,
    TUPLE1 = 0x85,
    TUPLE2 = 0x86,
    TUPLE3 = 0x87,
    EMPTY_DICT = 0x7d,
    DICT = 0x64,
    SETITEM = 0x73,
    SETITEMS = 0x75,
    EMPTY_SET = 0x8f,
    ADDITEMS = 0x90,
    FROZENSET = 0x91,
    POP = 0x30,
    DUP = 0x32,
    MARK = 0x28,
    POP_MARK = 0x31,
    GET = 0x67,
    BINGET = 0x68,
    LONG_BINGET = 0x6a,
    PUT = 0x70,
    BINPUT = 0x71,
    LONG_BINPUT = 0x72,
    MEMOIZE = 0x94,
    EXT1 = 0x82,
    EXT2 = 0x83,
    EXT4 = 0x84,
    GLOBAL = 0x63,
    STACK_GLOBAL = 0x93,
    REDUCE = 0x52,
    BUILD = 0x62,
    INST = 0x69,
    OBJ = 0x6f,
    NEWOBJ = 0x81,
    NEWOBJ_EX = 0x92,
    PROTO = 0x80,
    STOP = 0x2e,
    FRAME = 0x95,
    PERSID = 0x50,
    BINPERSID = 0x51,
}

impl Opcode {
    /// The byte in a pickle.
    #[inline(always)]
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The opcode of a byte.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Opcode> {
        Some(match byte {
            0x49 => Self::INT,
            0x4a => Self::BININT,
            0x4b => Self::BININT1,
            0x4d => Self::BININT2,
            0x4c => Self::LONG,
            0x8a => Self::LONG1,
            0x8b => Self::LONG4,
            0x53 => Self::STRING,
            0x54 => Self::BINSTRING,
            0x55 => Self::SHORT_BINSTRING,
            0x42 => Self::BINBYTES,
            0x43 => Self::SHORT_BINBYTES,
            0x8e => Self::BINBYTES8,
            0x96 => Self::BYTEARRAY8,
            0x97 => Self::NEXT_BUFFER,
            0x98 => Self::READONLY_BUFFER,
            0x4e => Self::NONE,
            0x88 => Self::NEWTRUE,
            0x89 => Self::NEWFALSE,
            0x56 => Self::UNICODE,
            0x8c => Self::SHORT_BINUNICODE,
            0x58 => Self::BINUNICODE,
            0x8d => Self::BINUNICODE8,
            0x46 => Self::FLOAT,
            0x47 => Self::BINFLOAT,
            0x5d => Self::EMPTY_LIST,
            0x61 => Self::APPEND,
            0x65 => Self::APPENDS,
            0x6c => Self::LIST,
            0x29 => Self::EMPTY_TUPLE,
            0x74 => Self::TUPLE,
            0x85 => Self::TUPLE1,
            0x86 => Self::TUPLE2,
            0x87 => Self::TUPLE3,
            0x7d => Self::EMPTY_DICT,
            0x64 => Self::DICT,
            0x73 => Self::SETITEM,
            0x75 => Self::SETITEMS,
            0x8f => Self::EMPTY_SET,
            0x90 => Self::ADDITEMS,
            0x91 => Self::FROZENSET,
            0x30 => Self::POP,
            0x32 => Self::DUP,
            0x28 => Self::MARK,
            0x31 => Self::POP_MARK,
            0x67 => Self::GET,
            0x68 => Self::BINGET,
            0x6a => Self::LONG_BINGET,
            0x70 => Self::PUT,
            0x71 => Self::BINPUT,
            0x72 => Self::LONG_BINPUT,
            0x94 => Self::MEMOIZE,
            0x82 => Self::EXT1,
            0x83 => Self::EXT2,
            0x84 => Self::EXT4,
            0x63 => Self::GLOBAL,
            0x93 => Self::STACK_GLOBAL,
            0x52 => Self::REDUCE,
            0x62 => Self::BUILD,
            0x69 => Self::INST,
            0x6f => Self::OBJ,
            0x81 => Self::NEWOBJ,
            0x92 => Self::NEWOBJ_EX,
            0x80 => Self::PROTO,
            0x2e => Self::STOP,
            0x95 => Self::FRAME,
            0x50 => Self::PERSID,
            0x51 => Self::BINPERSID,
            _ => return None,
        })
    }

    /// Its row of the table.
    #[must_use]
    pub fn info(self) -> &'static OpcodeInfo {
        OPCODES
            .iter()
            .find(|row| row.code == self.code())
            .expect("the table has a row for every opcode")
    }

    /// The name in `pickletools`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.info().name
    }
}

const fn row(
    opcode: Opcode,
    name: &'static str,
    argument: Option<ArgumentKind>,
    stack_before: &'static [StackObject],
    stack_after: &'static [StackObject],
    protocol: u8,
) -> OpcodeInfo {
    OpcodeInfo {
        name,
        code: opcode.code(),
        argument,
        stack_before,
        stack_after,
        protocol,
    }
}

/// All opcodes, in the order of `pickletools.opcodes`.
pub static OPCODES: [OpcodeInfo; 68] = {
    use ArgumentKind as A;
    use StackObject as S;
    [
        row(
            Opcode::INT,
            "INT",
            Some(A::DecimalnlShort),
            &[],
            &[S::IntOrBool],
            0,
        ),
        row(Opcode::BININT, "BININT", Some(A::Int4), &[], &[S::Int], 1),
        row(
            Opcode::BININT1,
            "BININT1",
            Some(A::Uint1),
            &[],
            &[S::Int],
            1,
        ),
        row(
            Opcode::BININT2,
            "BININT2",
            Some(A::Uint2),
            &[],
            &[S::Int],
            1,
        ),
        row(
            Opcode::LONG,
            "LONG",
            Some(A::DecimalnlLong),
            &[],
            &[S::Int],
            0,
        ),
        row(Opcode::LONG1, "LONG1", Some(A::Long1), &[], &[S::Int], 2),
        row(Opcode::LONG4, "LONG4", Some(A::Long4), &[], &[S::Int], 2),
        row(
            Opcode::STRING,
            "STRING",
            Some(A::Stringnl),
            &[],
            &[S::BytesOrStr],
            0,
        ),
        row(
            Opcode::BINSTRING,
            "BINSTRING",
            Some(A::String4),
            &[],
            &[S::BytesOrStr],
            1,
        ),
        row(
            Opcode::SHORT_BINSTRING,
            "SHORT_BINSTRING",
            Some(A::String1),
            &[],
            &[S::BytesOrStr],
            1,
        ),
        row(
            Opcode::BINBYTES,
            "BINBYTES",
            Some(A::Bytes4),
            &[],
            &[S::Bytes],
            3,
        ),
        row(
            Opcode::SHORT_BINBYTES,
            "SHORT_BINBYTES",
            Some(A::Bytes1),
            &[],
            &[S::Bytes],
            3,
        ),
        row(
            Opcode::BINBYTES8,
            "BINBYTES8",
            Some(A::Bytes8),
            &[],
            &[S::Bytes],
            4,
        ),
        row(
            Opcode::BYTEARRAY8,
            "BYTEARRAY8",
            Some(A::Bytearray8),
            &[],
            &[S::Bytearray],
            5,
        ),
        row(
            Opcode::NEXT_BUFFER,
            "NEXT_BUFFER",
            None,
            &[],
            &[S::Buffer],
            5,
        ),
        row(
            Opcode::READONLY_BUFFER,
            "READONLY_BUFFER",
            None,
            &[S::Buffer],
            &[S::Buffer],
            5,
        ),
        row(Opcode::NONE, "NONE", None, &[], &[S::None], 0),
        row(Opcode::NEWTRUE, "NEWTRUE", None, &[], &[S::Bool], 2),
        row(Opcode::NEWFALSE, "NEWFALSE", None, &[], &[S::Bool], 2),
        row(
            Opcode::UNICODE,
            "UNICODE",
            Some(A::Unicodestringnl),
            &[],
            &[S::Str],
            0,
        ),
        row(
            Opcode::SHORT_BINUNICODE,
            "SHORT_BINUNICODE",
            Some(A::Unicodestring1),
            &[],
            &[S::Str],
            4,
        ),
        row(
            Opcode::BINUNICODE,
            "BINUNICODE",
            Some(A::Unicodestring4),
            &[],
            &[S::Str],
            1,
        ),
        row(
            Opcode::BINUNICODE8,
            "BINUNICODE8",
            Some(A::Unicodestring8),
            &[],
            &[S::Str],
            4,
        ),
        row(
            Opcode::FLOAT,
            "FLOAT",
            Some(A::Floatnl),
            &[],
            &[S::Float],
            0,
        ),
        row(
            Opcode::BINFLOAT,
            "BINFLOAT",
            Some(A::Float8),
            &[],
            &[S::Float],
            1,
        ),
        row(Opcode::EMPTY_LIST, "EMPTY_LIST", None, &[], &[S::List], 1),
        row(
            Opcode::APPEND,
            "APPEND",
            None,
            &[S::List, S::Any],
            &[S::List],
            0,
        ),
        row(
            Opcode::APPENDS,
            "APPENDS",
            None,
            &[S::List, S::Mark, S::Stackslice],
            &[S::List],
            1,
        ),
        row(
            Opcode::LIST,
            "LIST",
            None,
            &[S::Mark, S::Stackslice],
            &[S::List],
            0,
        ),
        row(
            Opcode::EMPTY_TUPLE,
            "EMPTY_TUPLE",
            None,
            &[],
            &[S::Tuple],
            1,
        ),
        row(
            Opcode::TUPLE,
            "TUPLE",
            None,
            &[S::Mark, S::Stackslice],
            &[S::Tuple],
            0,
        ),
        row(Opcode::TUPLE1, "TUPLE1", None, &[S::Any], &[S::Tuple], 2),
        row(
            Opcode::TUPLE2,
            "TUPLE2",
            None,
            &[S::Any, S::Any],
            &[S::Tuple],
            2,
        ),
        row(
            Opcode::TUPLE3,
            "TUPLE3",
            None,
            &[S::Any, S::Any, S::Any],
            &[S::Tuple],
            2,
        ),
        row(Opcode::EMPTY_DICT, "EMPTY_DICT", None, &[], &[S::Dict], 1),
        row(
            Opcode::DICT,
            "DICT",
            None,
            &[S::Mark, S::Stackslice],
            &[S::Dict],
            0,
        ),
        row(
            Opcode::SETITEM,
            "SETITEM",
            None,
            &[S::Dict, S::Any, S::Any],
            &[S::Dict],
            0,
        ),
        row(
            Opcode::SETITEMS,
            "SETITEMS",
            None,
            &[S::Dict, S::Mark, S::Stackslice],
            &[S::Dict],
            1,
        ),
        row(Opcode::EMPTY_SET, "EMPTY_SET", None, &[], &[S::Set], 4),
        row(
            Opcode::ADDITEMS,
            "ADDITEMS",
            None,
            &[S::Set, S::Mark, S::Stackslice],
            &[S::Set],
            4,
        ),
        row(
            Opcode::FROZENSET,
            "FROZENSET",
            None,
            &[S::Mark, S::Stackslice],
            &[S::Frozenset],
            4,
        ),
        row(Opcode::POP, "POP", None, &[S::Any], &[], 0),
        row(Opcode::DUP, "DUP", None, &[S::Any], &[S::Any, S::Any], 0),
        row(Opcode::MARK, "MARK", None, &[], &[S::Mark], 0),
        row(
            Opcode::POP_MARK,
            "POP_MARK",
            None,
            &[S::Mark, S::Stackslice],
            &[],
            1,
        ),
        row(
            Opcode::GET,
            "GET",
            Some(A::DecimalnlShort),
            &[],
            &[S::Any],
            0,
        ),
        row(Opcode::BINGET, "BINGET", Some(A::Uint1), &[], &[S::Any], 1),
        row(
            Opcode::LONG_BINGET,
            "LONG_BINGET",
            Some(A::Uint4),
            &[],
            &[S::Any],
            1,
        ),
        row(Opcode::PUT, "PUT", Some(A::DecimalnlShort), &[], &[], 0),
        row(Opcode::BINPUT, "BINPUT", Some(A::Uint1), &[], &[], 1),
        row(
            Opcode::LONG_BINPUT,
            "LONG_BINPUT",
            Some(A::Uint4),
            &[],
            &[],
            1,
        ),
        row(Opcode::MEMOIZE, "MEMOIZE", None, &[S::Any], &[S::Any], 4),
        row(Opcode::EXT1, "EXT1", Some(A::Uint1), &[], &[S::Any], 2),
        row(Opcode::EXT2, "EXT2", Some(A::Uint2), &[], &[S::Any], 2),
        row(Opcode::EXT4, "EXT4", Some(A::Int4), &[], &[S::Any], 2),
        row(
            Opcode::GLOBAL,
            "GLOBAL",
            Some(A::StringnlNoescapePair),
            &[],
            &[S::Any],
            0,
        ),
        row(
            Opcode::STACK_GLOBAL,
            "STACK_GLOBAL",
            None,
            &[S::Str, S::Str],
            &[S::Any],
            4,
        ),
        row(
            Opcode::REDUCE,
            "REDUCE",
            None,
            &[S::Any, S::Any],
            &[S::Any],
            0,
        ),
        row(
            Opcode::BUILD,
            "BUILD",
            None,
            &[S::Any, S::Any],
            &[S::Any],
            0,
        ),
        row(
            Opcode::INST,
            "INST",
            Some(A::StringnlNoescapePair),
            &[S::Mark, S::Stackslice],
            &[S::Any],
            0,
        ),
        row(
            Opcode::OBJ,
            "OBJ",
            None,
            &[S::Mark, S::Any, S::Stackslice],
            &[S::Any],
            1,
        ),
        row(
            Opcode::NEWOBJ,
            "NEWOBJ",
            None,
            &[S::Any, S::Any],
            &[S::Any],
            2,
        ),
        row(
            Opcode::NEWOBJ_EX,
            "NEWOBJ_EX",
            None,
            &[S::Any, S::Any, S::Any],
            &[S::Any],
            4,
        ),
        row(Opcode::PROTO, "PROTO", Some(A::Uint1), &[], &[], 2),
        row(Opcode::STOP, "STOP", None, &[S::Any], &[], 0),
        row(Opcode::FRAME, "FRAME", Some(A::Uint8), &[], &[], 4),
        row(
            Opcode::PERSID,
            "PERSID",
            Some(A::StringnlNoescape),
            &[],
            &[S::Any],
            0,
        ),
        row(
            Opcode::BINPERSID,
            "BINPERSID",
            None,
            &[S::Any],
            &[S::Any],
            1,
        ),
    ]
};
