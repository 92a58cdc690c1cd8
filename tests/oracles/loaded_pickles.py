"""Pickles that between them have every opcode, and unpicklers of ours and of the model to read them."""

import ast
import copyreg
import inspect
import io
import pickle
import textwrap

import oxipickle

BASES = [oxipickle.HookableUnpickler, pickle._Unpickler]

SOURCE = ast.parse(textwrap.dedent(inspect.getsource(pickle._Unpickler)))
READ_THROUGH_SELF = sorted(
    {
        node.attr
        for node in ast.walk(SOURCE)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
        and isinstance(node.ctx, ast.Load)
        and node.attr != "__class__"
    }
)
LOADS = sorted(name for name in vars(pickle._Unpickler) if name.startswith("load_"))


class Point:
    def __init__(self, x=0, y=0):
        self.x, self.y = x, y

    def __eq__(self, other):
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self):
        return 7


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a, self.b = 1, [2]

    def __eq__(self, other):
        return (self.a, self.b) == (other.a, other.b)


class Keyed(tuple):
    def __new__(cls, *items, key=None):
        made = super().__new__(cls, items)
        made.key = key
        return made

    def __getnewargs_ex__(self):
        return tuple(self), {"key": self.key}


class Items(list):
    pass


class Registered:
    pass


EXTENSION = 0xF1
copyreg.add_extension(__name__, "Registered", EXTENSION)

POINT = Point(1, [2])
OBJECT = [
    None, True, False, 1, 300, 70000, -1, 1 << 40, 1 << 3000, 1.5, "text", "é" * 300, b"bytes", b"b" * 300,
    bytearray(b"array"), (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1], list(range(5)), {}, {"a": 1},
    {i: str(i) for i in range(5)}, {1}, set(range(4)), frozenset([1, 2]), POINT, POINT,
    [Point(i) for i in range(3)], Slotted(), Keyed(1, key=2), Items([1, 2]), Point, Registered, len,
    complex(1, 2), {Point(1): Point(2)},
]  # fmt: skip
NAME = __name__.encode()
BY_HAND = {
    "inst": b"(K\x01I7\ni" + NAME + b"\nPoint\np3\n0g3\n.",
    "obj": b"(c" + NAME + b"\nPoint\nK\x01K\x02o.",
    "moves": b"N(K\x01K\x021K\x030K\x042(0\x85.",
    "mark in a mark": b"(((K\x01t(K\x02l](K\x03K\x04e(K\x05K\x06dl.",
    "strings of Python 2": b"(S'a'\nU\x01bT\x01\0\0\0cF1.5\nL5L\nI01\nI5\nVa\ne."[:-2] + b"t.",
    "persistent ids": b"(Ptext\nK\x05QPmore\nt.",
    "buffers": b"\x97\x98\x97\x86.",
    "puts": b"Nr\x07\0\0\0p8\n]r\1\1\0\0h\x07g8\nj\1\1\0\0\x87.",
    "extension": b"(\x82\xf1\x83\xf1\0\x84\xf1\0\0\0t.",
    "stack global": b"\x80\x04\x8c" + bytes([len(NAME)]) + NAME + b"\x8c\x05Point\x93\x94)\x81.",
    "long": b"\x8b\x02\0\0\0\xff\x7f\x8d\1\0\0\0\0\0\0\0a\x8e\1\0\0\0\0\0\0\0b\x86\x86.",
}
PICKLES = {
    f"protocol {n}": pickle.dumps([obj for obj in OBJECT if n > 1 or type(obj) is not Slotted], n)
    for n in range(pickle.HIGHEST_PROTOCOL + 1)
} | BY_HAND


def test_every_opcode_occurs():
    import pickletools

    found = {opcode.code for data in PICKLES.values() for opcode, _, _ in pickletools.genops(data)}
    assert found == {opcode.code for opcode in pickletools.opcodes}


class Persistent:
    """What the pickles need beside the class under test."""

    def persistent_load(self, pid):
        return ("persistent", pid)


def opened(cls, data):
    return cls(io.BytesIO(data + b"N."), encoding="latin1", buffers=[bytearray(b"one"), b"two"])


def described(value):
    """Something to compare: objects that have no other likeness are told by their class."""
    named = getattr(value, "__qualname__", None) or repr(value)
    return type(value).__name__ if " at 0x" in named else named


def outcome(load, log):
    """What a load comes to, and what was called on the way."""
    try:
        value = load()
    except Exception as error:
        return type(error), str(error), log
    return "value", value, log


def compare(attempt, *args):
    """The outcome of an attempt with both bases, which must be the same."""
    copyreg.clear_extension_cache()
    ours = attempt(BASES[0], *args)
    copyreg.clear_extension_cache()
    model = attempt(BASES[1], *args)
    assert ours == model
    return ours
