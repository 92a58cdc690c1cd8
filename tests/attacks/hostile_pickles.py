"""Pickles made to harm: what each is, and how its load must end.

Started as a program with a name and a source, this file loads that pickle under a limit on its
address space, and prints how the load ended and how much memory it took.
"""

import dataclasses
import io
import os
import struct
import sys
import tempfile

MANY = 1_000_000


def counted(opcode, width, size, payload=b"ab"):
    return opcode + size.to_bytes(width, "little") + payload


def nested_loads(depth):
    """A pickle that loads a pickle that loads a pickle, and so on."""
    data = b"N."
    for _ in range(depth):
        data = b"coxipickle\nloads\nB" + struct.pack("<I", len(data)) + data + b"\x85R."
    return data


@dataclasses.dataclass
class Hostile:
    """A pickle; the classes of exceptions that its load may end with, "value" if it may end well;
    opcodes carried out; bytes of the objects that it builds."""

    data: bytes
    ends: tuple[str, ...] = ("UnpicklingError",)
    opcodes: int = 0
    built: int = 0


def specimens():
    deep_tuple = b")" + b"\x85" * MANY
    shared_tuple = b")" + b"2\x86" * 100
    # From 3.14 a tuple keeps its hash, so one that shares its parts is hashed at once.
    shared_key = ("RecursionError", "value") if sys.version_info >= (3, 14) else ("RecursionError",)
    found = {
        "nothing": Hostile(b"", ("EOFError",)),
        "index 2**32-1": Hostile(b"Nr\xff\xff\xff\xff.", ("value",)),
        "index 2**62": Hostile(b"Np4611686018427387904\n.", ("value",)),
        "indices far apart": Hostile(
            b"N" + b"".join(b"r" + struct.pack("<I", i * 40_009) for i in range(100_000)) + b".",
            ("value",),
            100_000,
        ),
        "fetched 2**32-1": Hostile(b"N" + b"\x94" * 300 + b"j\xff\xff\xff\xff."),
        "marks": Hostile(b"(" * MANY, ("EOFError",), MANY),
        "values": Hostile(b"N" * MANY + b".", ("value",), MANY),
        "memoized": Hostile(b"]" + b"\x94" * MANY + b".", ("value",), MANY),
        "named": Hostile(b"]" + b"q\0" * MANY + b".", ("value",), MANY),
        "deep list": Hostile(b"]" * MANY + b"a" * (MANY - 1) + b".", ("value",), 2 * MANY, 120 * MANY),
        "deep dict": Hostile(b"}N" * MANY + b"}" + b"s" * MANY + b".", ("value",), 3 * MANY, 400 * MANY),
        "deep tuple": Hostile(deep_tuple + b".", ("value",), MANY, 80 * MANY),
        "deep marks": Hostile(b"(" * MANY + b"l" * MANY + b".", ("value",), 2 * MANY, 120 * MANY),
        "deep tuple as a key": Hostile(b"}" + deep_tuple + b"Ns.", ("RecursionError",), MANY, 80 * MANY),
        "deep tuple among keys": Hostile(b"}(" + deep_tuple + b"Nu.", ("RecursionError",), MANY, 80 * MANY),
        "deep tuple in a DICT": Hostile(b"(" + deep_tuple + b"Nd.", ("RecursionError",), MANY, 80 * MANY),
        "deep tuple as a UserDict's key": Hostile(
            b"ccollections\nUserDict\n)\x81}X\4\0\0\0data}sb" + deep_tuple + b"Ns.",
            ("RecursionError",),
            MANY,
            80 * MANY,
        ),
        "deep tuple in a set": Hostile(
            b"\x8f(" + deep_tuple + b"\x90.", ("RecursionError",), MANY, 80 * MANY
        ),
        "deep tuple in a frozenset": Hostile(
            b"(" + deep_tuple + b"\x91.", ("RecursionError",), MANY, 80 * MANY
        ),
        "tuple shared as a key": Hostile(b"}" + shared_tuple + b"Ns.", shared_key),
        "a million digits": Hostile(b"L" + b"1" * MANY + b"L\n.", ("ValueError",)),
        "a million digits as INT": Hostile(b"I" + b"1" * MANY + b"\n.", ("ValueError",)),
        "a million digits as an index": Hostile(b"Np" + b"1" * MANY + b"\n.", ("ValueError",)),
        "a long line": Hostile(b"cm\n" + b"x" * MANY, built=2 * MANY),
        "a frame of 2**62": Hostile(b"\x95\0\0\0\0\0\0\0\x40N."),
        "a frame of 2**63": Hostile(b"\x95\0\0\0\0\0\0\0\x80N.", ("OverflowError",)),
        "a frame of a gigabyte": Hostile(b"\x80\x04\x95\0\0\0\x40\0\0\0\0N."),
        "nested loads": Hostile(nested_loads(3000), ("RecursionError",), built=3000 * 300_000),
        "itself": Hostile(b"]q\0h\0ah\0a.", ("value",)),
        "frames of nothing": Hostile((b"\x95" + bytes(8)) * 100_000 + b"N.", ("value",), 100_000),
        "protocols": Hostile(b"\x80\4" * MANY + b"N.", ("value",), MANY),
        "copies of the top": Hostile(b"]" + b"2" * MANY + b".", ("value",), MANY),
        "globals": Hostile(b"cos\nsep\n0" * 100_000 + b"N.", ("value",), 200_000),
        "calls": Hostile(b"cbuiltins\nobject\n" + b"2)R0" * 100_000 + b".", ("value",), 400_000),
        "escapes of Python 2": Hostile(b"S'" + b"\\x41" * (MANY // 4) + b"'\n.", ("value",), built=MANY),
        "escapes": Hostile(b"V" + b"\\u0041" * (MANY // 6) + b"\n.", ("value",), built=MANY),
        "a wide character at the end": Hostile(
            counted(b"X", 4, MANY + 4, b"a" * MANY + "\U0001f600".encode() + b"."), ("value",), built=4 * MANY
        ),
        "a list of itself": Hostile(b"]q\0(" + b"h\0" * MANY + b"e.", ("value",), MANY, 24 * MANY),
        "indices that go down": Hostile(
            b"N" + b"".join(b"r" + struct.pack("<I", i) for i in range(100_000, 0, -1)) + b".",
            ("value",),
            100_000,
        ),
        "POP of all": Hostile(b"(" + b"N" * MANY + b"10.", ("UnpicklingError",), MANY),
    }
    lengths = {
        "BINUNICODE": (b"X", 4),
        "BINUNICODE8": (b"\x8d", 8),
        "BINBYTES": (b"B", 4),
        "BINBYTES8": (b"\x8e", 8),
        "BYTEARRAY8": (b"\x96", 8),
        "LONG4": (b"\x8b", 4),
        "BINSTRING": (b"T", 4),
    }
    for name, (opcode, width) in lengths.items():
        for bits in (30, 31, 32, 40, 62, 63):
            size = (1 << bits) - 1
            if size < 1 << 8 * width:
                found[f"{name} of 2**{bits}-1"] = Hostile(counted(opcode, width, size))
    return found


# What an interpreter with everything imported needs beside the load.
ROOM = 48 << 20


class Plain:
    """A file that gives nothing ahead of time."""

    def __init__(self, data):
        file = io.BytesIO(data)
        self.read, self.readline = file.read, file.readline


def main(name, source):
    import resource

    import oxipickle

    hostile = specimens()[name]
    oxipickle.loads(b"N.")
    path = None
    if source == "file":
        with tempfile.NamedTemporaryFile(delete=False) as file:
            file.write(hostile.data)
        path = file.name
    with open("/proc/self/statm") as statm:
        size = int(statm.read().split()[0]) * resource.getpagesize()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    limit = size + 4 * len(hostile.data) + 32 * hostile.opcodes + hostile.built + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        if source == "bytes":
            value = oxipickle.loads(hostile.data)
        elif source == "plain":
            value = oxipickle.load(Plain(hostile.data))
        elif source == "file":
            with open(path, "rb") as file:
                value = oxipickle.load(file)
        else:
            value = oxipickle.HookableUnpickler(io.BytesIO(hostile.data)).load()
        del value
        end = "value"
    except Exception as error:
        end = type(error).__name__
    finally:
        if path is not None:
            os.unlink(path)
    took = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    print(end, took)


if __name__ == "__main__":
    main(*sys.argv[1:])
