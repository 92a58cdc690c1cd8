"""Pickles of all kinds: made by picklers, mutated, and put together from opcodes at random."""

import pickle
import pickletools
import struct

import closed
from hypothesis import strategies as st

TEXTS = st.text(max_size=8) | st.sampled_from(["a", "b", "\ud800", "é", "seen", "__setstate__", "x" * 300])
ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**80), 2**80)
    | st.floats()
    | TEXTS
    | st.binary(max_size=20)
)


def _thing(attributes):
    thing = closed.Thing()
    thing.__dict__.update(attributes)
    return thing


def _slotted(pair):
    slotted = closed.Slotted()
    slotted.a, slotted.b = pair
    return slotted


HASHABLE = st.recursive(ATOMS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3))
OBJECTS = st.recursive(
    ATOMS | st.binary(max_size=20).map(bytearray),
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(HASHABLE, inner, max_size=5)
        | st.sets(HASHABLE, max_size=4)
        | st.tuples(inner, inner, inner, inner)
        | st.dictionaries(TEXTS, inner, max_size=4).map(_thing)
        | st.tuples(inner, inner).map(_slotted)
        | st.tuples(inner).map(lambda part: [part, part, part])
        | st.lists(inner, max_size=3).map(closed.Listed)
        | st.dictionaries(TEXTS, inner, max_size=3).map(closed.Named)
    ),
    max_leaves=20,
)
PROTOCOLS = st.integers(0, pickle.HIGHEST_PROTOCOL)


def _dumped(obj, protocol):
    try:
        return pickle.dumps(obj, protocol)
    except (UnicodeEncodeError, TypeError):  # lone surrogates, and slots below protocol 2
        return pickle.dumps(None, protocol)


@st.composite
def valid(draw):
    """A pickle that the interpreter made."""
    return _dumped(draw(OBJECTS), draw(PROTOCOLS))


EDITS = st.lists(
    st.tuples(
        st.integers(0, 2000), st.sampled_from(["set", "insert", "delete", "cut", "copy"]), st.integers(0, 255)
    ),
    max_size=4,
)


def _mutated(data, edits):
    data = bytearray(data)
    for place, what, byte in edits:
        at = place % (len(data) + 1)
        if what == "set":
            data[at : at + 1] = bytes([byte])
        elif what == "insert":
            data[at:at] = bytes([byte])
        elif what == "delete":
            del data[at : at + 1 + byte % 4]
        elif what == "copy":
            data[at:at] = data[at : at + byte % 16]
        else:
            del data[at:]
    return bytes(data)


@st.composite
def mutated(draw):
    """A pickle that the interpreter made, with some bytes changed."""
    return _mutated(draw(valid()), draw(EDITS))


_INDICES = st.integers(0, 6) | st.sampled_from([255, 256, 65_535, 100_000])
_LINES = st.sampled_from(
    [b"0", b"1", b"00", b"01", b"-1", b"+1", b"010", b"0x1f", b"1_0", b" 7 ", b"", b"x", b"9" * 30]
)
_PAYLOADS = st.binary(max_size=6) | st.sampled_from([b"a", b"b", b"\xed\xa0\x80", b"Thing"])
_NAMES = st.sampled_from([name.encode() for name in closed.GLOBALS] + [b"nothing"])


def _counted(width):
    return _PAYLOADS.map(lambda payload: len(payload).to_bytes(width, "little") + payload)


_ARGUMENTS = {
    None: st.just(b""),
    "uint1": st.integers(0, 6).map(lambda i: bytes([i])) | st.binary(min_size=1, max_size=1),
    "uint2": st.binary(min_size=2, max_size=2),
    "int4": st.binary(min_size=4, max_size=4),
    "uint4": _INDICES.map(lambda i: struct.pack("<I", i)) | st.binary(min_size=4, max_size=4),
    "uint8": st.integers(0, 12).map(lambda i: struct.pack("<Q", i)) | st.binary(min_size=8, max_size=8),
    "float8": st.binary(min_size=8, max_size=8),
    "decimalnl_short": _LINES.map(lambda line: line + b"\n"),
    "decimalnl_long": _LINES.map(lambda line: line + b"L\n"),
    "floatnl": st.sampled_from([b"1.5\n", b"nan\n", b"1e999\n", b" 1\n", b"1_0\n", b"x\n", b"\n"]),
    "stringnl": st.sampled_from([b"'a'\n", b'"b"\n', b"'\\x41'\n", b"'\\x4'\n", b"a\n", b"''\n"]),
    "unicodestringnl": st.sampled_from([b"a\n", b"\\u0041\n", b"\\u00\n", b"\xe9\n", b"\n"]),
    "stringnl_noescape": st.sampled_from([b"7\n", b"\xff\n", b"\n"]),
    "stringnl_noescape_pair": _NAMES.map(lambda name: b"m\n" + name + b"\n"),
    "long1": _counted(1),
    "long4": _counted(4),
    "string1": _counted(1),
    "string4": _counted(4),
    "bytes1": _counted(1),
    "bytes4": _counted(4),
    "bytes8": _counted(8),
    "bytearray8": _counted(8),
    "unicodestring1": _counted(1),
    "unicodestring4": _counted(4),
    "unicodestring8": _counted(8),
}

# What is pushed most often gives the others something to work on.
_PUSHING = [
    b"N",
    b"]",
    b"}",
    b")",
    b"(",
    b"(",
    b"\x8f",
    b"K\1",
    b"X\1\0\0\0a",
    b"\x8c\1b",
    b"h\0",
    b"h\1",
    b"\x94",
    b"2",
]


def _instruction(opcode):
    argument = opcode.arg.name if opcode.arg is not None else None
    return _ARGUMENTS[argument].map(lambda raw: opcode.code.encode("latin1") + raw)


# A name with a code in the registry would be looked up by whoever comes first, so there is none.
_ANY = st.sampled_from(pickletools.opcodes).flatmap(_instruction)
_OBJECT = _NAMES.map(lambda name: b"cm\n" + name + b"\n") | _NAMES.map(
    lambda name: b"cm\n" + name + b"\n)\x81"
)
_PIECES = st.lists(st.sampled_from(_PUSHING) | _ANY | _OBJECT, max_size=40)


@st.composite
def random_opcodes(draw):
    """Opcodes that nobody chose."""
    return b"\x80" + bytes([draw(PROTOCOLS)]) + b"".join(draw(_PIECES)) + b"."


FILLER = [f"filler {i}" for i in range(300)]
"""What a pickle memoizes before what matters, so that `loads` looks ahead in it."""


@st.composite
def long(draw):
    """A long pickle that the interpreter made, some with some bytes changed."""
    return _mutated(_dumped([FILLER, draw(OBJECTS)], draw(PROTOCOLS)), draw(EDITS | st.just([])))


_FAR_INDICES = st.integers(296, 310).map(lambda i: b"j" + struct.pack("<I", i))
_NAMED = st.integers(296, 310).map(lambda i: b"r" + struct.pack("<I", i))
_FAR_PIECES = st.sampled_from(_PUSHING) | _ANY | _OBJECT | _FAR_INDICES
_STATES = st.sampled_from(
    [
        b"}\x94(X\1\0\0\0aK\1\x8c\1bK\2ub",
        b"}\x94X\1\0\0\0aK\1sb",
        b"N}\x94(X\1\0\0\0aK\1\x8c\1bK\2u\x86\x94b",
        b"N}X\1\0\0\0aK\1s\x86b",
    ]
)


@st.composite
def long_random_opcodes(draw):
    """Opcodes that nobody chose, behind so many entries that `loads` looks ahead."""
    named = draw(st.booleans())
    pieces = _FAR_PIECES | _STATES | (_NAMED if named else st.just(b"\x94"))
    if named:
        many = b"".join(b"r" + struct.pack("<I", i) for i in range(300))
    else:
        many = b"\x94" * 300
    rest = b"".join(draw(st.lists(pieces, max_size=40)))
    return b"\x80" + bytes([draw(PROTOCOLS)]) + b"N" + many + b"0" + rest + b"."
