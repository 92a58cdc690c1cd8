"""The instructions that name globals say to who looks for names what all instructions say."""

import collections
import copyreg
import datetime
import io
import pickle
import pickletools
import random

import pytest
from faces import outcome
from oxipickle._oxipickle import named_globals
from oxipickle.adapters.torch_package import naming_globals

STRINGS = {"SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"}
GETS = {"GET", "BINGET", "LONG_BINGET"}


def names_at_protocol_3(instructions):
    return [argument for opcode, argument, _ in instructions if opcode.name == "GLOBAL"]


def names_at_protocol_4(instructions):
    """Who has no stack takes the two strings that came last, and a GET for the string before its MEMOIZE."""
    names, memo, entries = [], {}, 0
    module = name = None
    for opcode, argument, _ in instructions:
        if opcode.name in STRINGS:
            module, name, memo[entries] = name, argument, argument
        elif opcode.name in GETS:
            module, name = name, memo.get(argument)
        elif opcode.name == "MEMOIZE":
            entries += 1
        elif opcode.name == "STACK_GLOBAL" and module is not None:
            names.append((module, name))
    return names


def assert_names(data, is_told=None):
    for names in (names_at_protocol_3, names_at_protocol_4):
        assert outcome(names, naming_globals(data)) == outcome(names, pickletools.genops(data))
    found = named_globals(data)
    if is_told is not None:
        assert (found is not None) is is_told
    if found is not None:
        everything = {at: (opcode.code, argument, at) for opcode, argument, at in pickletools.genops(data)}
        assert all(everything[at] == (code, argument, at) for code, argument, at in found)
    return found


class Outer:
    class Inner:
        pass

    def method(self):
        pass


class Ünicode:
    pass


def things(draw):
    """A list that names globals, again and again, among other things."""
    kinds = [
        lambda: Outer(),
        lambda: Outer.Inner(),
        lambda: Outer,
        lambda: Ünicode(),
        lambda: collections.OrderedDict(a=draw.random()),
        lambda: datetime.date(2000, 1, draw.randrange(1, 28)),
        lambda: draw.randbytes(draw.randrange(400)),
        lambda: "x" * draw.randrange(400),
        lambda: draw.choice(["os", "path", "builtins", "\ud800", "é\n"]),
        lambda: {draw.choice("abc"), draw.randrange(2**70)},
        lambda: bytearray(b"a"),
        lambda: -draw.random(),
        lambda: None,
    ]
    made = []
    for _ in range(draw.randrange(12)):
        kind = draw.choice(kinds)()
        made.append(kind if draw.random() < 0.6 or not made else [draw.choice(made), kind])
    return made


@pytest.mark.parametrize("seed", range(60))
def test_pickles_of_every_protocol(seed, protocol):
    draw = random.Random(seed)
    for make in (pickle.dumps, pickle._dumps):
        try:
            data = make(things(draw), protocol)
        except (UnicodeEncodeError, pickle.PicklingError):
            # Names that are not ASCII, and lone surrogates.
            continue
        assert_names(data)
        assert_names(data + b"behind STOP")
        kind, optimized = outcome(pickletools.optimize, data)
        if type(optimized) is bytes:
            assert_names(optimized)


@pytest.mark.parametrize("seed", range(40))
def test_malformed_pickles(seed, protocol):
    draw = random.Random(seed)
    data = pickle.dumps([Outer(), Outer.Inner, datetime.date(2000, 1, 1), b"x", "y", 2**70], protocol)
    for _ in range(40):
        broken = bytearray(data)
        for _ in range(draw.randrange(1, 4)):
            at = draw.randrange(len(broken) or 1)
            change = draw.randrange(3)
            if change == 0:
                broken[at : at + 1] = bytes([draw.randrange(256)])
            elif change == 1:
                del broken[at : at + draw.randrange(1, 5)]
            else:
                del broken[at:]
        assert_names(bytes(broken))


def test_every_prefix(protocol):
    data = pickle.dumps([Outer(), Outer.Inner, "x", b"y", 1.5, 2**70, {1: 2}], protocol)
    for end in range(len(data)):
        assert assert_names(data[:end]) is None


CASES = {
    "names in the memo": (b"\x8c\x01a\x94\x8c\x01b\x94h\x00h\x01\x93.", True),
    "a name in the memo before the count": (b"\x8c\x01ah\x00\x8c\x01b\x93.", True),
    "a place of the memo that is no string": (b"]\x94h\x00\x8c\x01b\x93.", False),
    "the second name is no string": (b"]\x94\x8c\x01bh\x00\x93.", False),
    "no names": (b"\x93.", False),
    "one name": (b"\x8c\x01a\x93.", False),
    "PUT counts for nothing": (b"\x8c\x01aq\x00\x8c\x01bq\x01h\x00h\x01\x93.", False),
    "lone surrogates": (b"\x8c\x03\xed\xa0\x80\x8c\x01b\x93.", True),
    "no UTF-8": (b"\x8c\x02\xff\xff0\x8c\x01a\x8c\x01b\x93.", False),
    "GET of a negative place": (b"\x8c\x01ag-1\n\x8c\x01b\x93.", False),
    "GET of True": (b"]\x94\x8c\x01a\x94g01\n\x8c\x01b\x93.", False),
    "GLOBAL with a space": (b"ca b\nc\n.", True),
    "GLOBAL with an escape": (b"ca\\x41\nb\n.", False),
    "GLOBAL that is not ASCII": (b"c\xc3\xa9\nb\n.", False),
    "GLOBAL without names": (b"c\n\n.", True),
    "carriage returns": (b"ca\r\nb\r\n.", True),
    "quotes": (b"c'a'\n\"b\"\n.", True),
    "INST": (b"(ios\npath\n.", False),
    "frames mean nothing": (b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff\x8c\x01a\x8c\x01b\x93.", True),
    "empty": (b"", False),
}


@pytest.mark.parametrize("name", CASES)
def test_odd_pickles(name):
    data, is_told = CASES[name]
    assert_names(data, is_told)


def test_long_strings_and_far_places():
    names = [f"name{i}" for i in range(70_000)]
    data = pickle.dumps([names, names[66_000], Outer, names, Outer.Inner], 4)
    found = assert_names(data, is_told=True)
    assert [argument for _, argument, _ in found if argument] == [__name__, "Outer", __name__, "Outer.Inner"]
    assert_names(pickle.dumps(["x" * 100_000, Outer], 4), is_told=True)
    assert_names(b"\x80\x04\x8d\x01\0\0\0\0\0\0\0a\x8c\x01b\x93.", is_told=True)


def test_extension_codes_name_nothing():
    copyreg.add_extension(__name__, "Outer", 0x7A7A7A)
    try:
        data = pickle.dumps([Outer, Outer.Inner], 4)
    finally:
        copyreg.remove_extension(__name__, "Outer", 0x7A7A7A)
    assert "Outer" not in {argument for _, argument, _ in assert_names(data, is_told=True)}


def test_only_bytes_are_looked_at():
    data = pickle.dumps(Outer, 4)
    for other in (bytearray(data), io.BytesIO(data), type("Bytes", (bytes,), {})(data)):
        assert [opcode.name for opcode, _, _ in naming_globals(other)][0] == "PROTO"
    with pytest.raises(TypeError):
        named_globals(bytearray(data))


def test_the_opcodes_are_those_of_pickletools():
    for opcode, _, _ in naming_globals(pickle.dumps([Outer, Outer.Inner], 4)):
        assert opcode is pickletools.code2op[opcode.code]
