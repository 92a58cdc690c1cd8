"""Pickles to look at, and what comes of looking: with ours and with `pickletools`, which is the oracle."""

import collections
import io
import pickle
import random
import warnings


class WithoutPosition:
    """A file without `tell`."""

    def __init__(self, data):
        file = io.BytesIO(data)
        self.read, self.readline = file.read, file.readline


RECURSIVE = []
RECURSIVE.append((RECURSIVE,))

OBJECTS = [
    [{"id": i, "name": f"name{i}", "x": i * 1.5, "tags": ["a", "b", str(i)], "t": (i, -i)} for i in range(3)],
    {"é": b"x" * 300, 1: 2**70, -(2**2100): 1e300, "\ud800": None, False: 1e-5},
    collections.OrderedDict(a=[1]),
    bytearray(b"q" * 20),
    RECURSIVE,
    RECURSIVE[0],
    [str(i) for i in range(257)] * 2,
    {frozenset([1]), 2},
    [b"x" * 70_000, "y" * 65_537, "z" * 65_530, [], b"x" * 65_536],
]

# What picklers don't write, or no longer.
ODD = [
    b"S'a\\x41\\n'\n.",
    b'S"\xe9"\n.',
    b"S'\"\n.",
    b"S'\n.",
    b"Sab\n.",
    b"S'\\d'\n.",
    b"(ios\npath\n.",
    b"c\xc3\xa9\n\\x41\n.",
    b"c\xff\n",
    b"PX\\\n.",
    b"U\x03a\xe9'.",
    b"T\x03\0\0\0abc.",
    b"T\xff\xff\xff\xff.",
    b"\x8b\xff\xff\xff\x80.",
    b"\x8e" + b"\xff" * 8 + b".",
    b"\x96" + b"\xff" * 7 + b"\x7f.",
    b"L12L\n.",
    b"L 1_2 \n.",
    b"L" + b"9" * 5000 + b"L\n.",
    b"F1.5\n.",
    b"F1__5\n.",
    b"I01\n.",
    b"I00\n.",
    b"I\n.",
    b"\x8b\x02\0\0\0ab.",
    b"Vab\\u1234\\n\n.",
    b"V\\u12\n.",
    b"V\xe9\n.",
    b"\x8c\x02\xff\xff.",
    b"\x84\xff\xff\xff\xff.",
    b"\x95" + b"\xff" * 8 + b"N.",
    b"g5\n.",
    b"h\x05.",
    b"Np00\ng0\n0g00\n.",
    b"Np00\np01\ng1\n0g00\n.",
    b"Np" + b"9" * 30 + b"\ng" + b"9" * 30 + b"\n.",
    b"Np-1\n0g-1\n.",
    b"\x80\x09N.",
    b"N\x80\x04\x80\x02.",
    b"\x80\x04\x94.",
    b"(\x94.",
    b"Nq\0q\0.",
    b"(N\x94\x94q\x01h\x00h\x01t.",
    b"N(a t.",
    b"N(at.",
    b"((N00.",
    b"t.",
    b"NN.",
    b"(.",
    b"",
    b"N",
    b"\xff",
    b"N.N.",
]

SOUND = [pickle.dumps(obj, protocol) for obj in OBJECTS[2:] for protocol in range(6)]
SOUND += [pickle.dumps(obj, protocol) for obj in OBJECTS[:2] for protocol in range(1, 6)]

ALL = SOUND + ODD

# Opcodes with lines of text, what may stand in these, and opcodes that take MARKs.
_LIKELY = b"SVFILPTUcigp'\"\\\n(0t.1a"


def mutated(count, seed):
    """So many pickles with some bytes changed."""
    dice = random.Random(seed)
    small = [data for data in ALL if len(data) < 5000]
    for _ in range(count):
        data = bytearray(dice.choice(small))
        for _ in range(dice.randint(1, 4)):
            at, what = dice.randrange(len(data) + 1), dice.random()
            if what < 0.4:
                data[at : at + 1] = bytes([dice.choice([dice.randrange(256), *_LIKELY])])
            elif what < 0.6:
                data[at:at] = bytes([dice.randrange(256)])
            elif what < 0.8:
                del data[at : at + dice.randint(1, 4)]
            elif what < 0.9:
                del data[at:]
            else:
                data[at:at] = dice.choice(small)[:30]
        yield bytes(data)


def ended(call, *args, **options):
    """What a call returns, or the class of its error, and the words."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            result = call(*args, **options)
        except Exception as error:
            result = type(error), str(error)
    return result, [(w.category, str(w.message)) for w in warned]


def instructions(genops, pickle):
    """All instructions up to STOP or to an error, and the error."""
    found = []

    def run():
        for opcode, argument, position in genops(pickle):
            found.append((opcode, type(argument), repr_of(argument), position))

    end = ended(run)
    return found, end, pickle.tell() if hasattr(pickle, "tell") else None


def repr_of(argument):
    """The argument's `repr`, or that there is none: Python makes no decimals of some integers."""
    try:
        return repr(argument)
    except ValueError:
        return hex(argument)


def shown(dis, pickle, **options):
    """The text of a disassembly, and how it ended."""
    out = io.StringIO()
    end = ended(dis, pickle, out, **options)
    return out.getvalue(), end
