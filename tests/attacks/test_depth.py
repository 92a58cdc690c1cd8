"""Data nested a million deep, pickled under the default recursion limit.

The interpreter's picklers can't go there, so what is right is a pattern: it is held against the
model where that still gets through, and against ours at a million.
"""

import io
import sys

import pytest
from faces import HOOKABLE, LEAN, dumped
from own_process import run

pytestmark = pytest.mark.long

DEPTH = 1_000_000
# Python's pickler takes some four levels of recursion for one of data.
SHALLOW = 100

# Those between write the same opcodes as one of these.
MILLION = {0, 4}

FACES = {face.name: face for face in (LEAN, HOOKABLE)}


def put(protocol, index):
    """What memoizes the object on top of the stack."""
    if protocol >= 4:
        return b"\x94"
    if protocol == 0:
        return b"p%d\n" % index
    return b"q%c" % index if index < 256 else b"r" + index.to_bytes(4, "little")


def without_frames(pickle):
    """The pickle's opcodes, where nothing in it is too large for a frame."""
    if pickle[:1] != b"\x80":
        return pickle
    parts, at = [], 2
    while pickle[at : at + 1] == b"\x95":
        end = at + 9 + int.from_bytes(pickle[at + 1 : at + 9], "little")
        parts.append(pickle[at + 9 : end])
        at = end
    return b"".join([*parts, pickle[at:]])


def lists(depth):
    obj = []
    for _ in range(depth):
        obj = [obj]
    return obj


def lists_pattern(protocol, depth):
    opens = b"]" if protocol else b"(l"
    return b"".join(opens + put(protocol, i) for i in range(depth + 1)) + b"a" * depth


def dicts(depth):
    obj = {}
    for _ in range(depth):
        obj = {1: obj}
    return obj


def dicts_pattern(protocol, depth):
    opens, key = (b"}", b"K\x01") if protocol else (b"(d", b"I1\n")
    return key.join(opens + put(protocol, i) for i in range(depth + 1)) + b"s" * depth


def tuples(depth):
    obj = ()
    for _ in range(depth):
        obj = (obj,)
    return obj


def tuples_pattern(protocol, depth):
    closes = b"\x85" if protocol >= 2 else b"t"
    inner = (b"" if protocol >= 2 else b"(" * depth) + (b")" if protocol else b"(t")
    return inner + b"".join(closes + put(protocol, i) for i in range(depth))


def long_tuples(depth):
    obj = ()
    for _ in range(depth):
        obj = (None, None, None, obj)
    return obj


def long_tuples_pattern(protocol, depth):
    inner = b"(NNN" * depth + (b")" if protocol else b"(t")
    return inner + b"".join(b"t" + put(protocol, i) for i in range(depth))


def frozensets(depth):
    obj = frozenset()
    for _ in range(depth):
        obj = frozenset([obj])
    return obj


def frozensets_pattern(protocol, depth):
    return b"(" * (depth + 1) + b"".join(b"\x91" + put(protocol, i) for i in range(depth + 1))


class Node:
    """A link of a chain."""


def nodes(depth):
    first = link = Node()
    for _ in range(depth):
        link.next = Node()
        link = link.next
    return first


def nodes_pattern(protocol, depth):
    if protocol >= 4:
        name = b"\x8c\x0atest_depth\x94\x8c\x04Node\x94\x93\x94"
        memoized, text = 2, b"\x8c\x04next"
    else:
        name = b"ctest_depth\nNode\nq\x00"
        memoized, text = 0, b"X\x04\x00\x00\x00next"
    parts = [b"\x80%c" % protocol, name, b")\x81", put(protocol, memoized + 1)]
    key = text + put(protocol, memoized + 3)
    index = memoized + 2
    again = b"h%c)\x81" % memoized
    for _ in range(depth):
        parts += [b"}", put(protocol, index), key, again]
        index += 2 if key[:1] == b"h" else 3
        parts.append(put(protocol, index - 1))
        key = b"h%c" % (memoized + 3)
    return b"".join(parts)[2:] + b"sb" * depth


KINDS = {
    "lists": (lists, lists_pattern, range(6)),
    "dicts": (dicts, dicts_pattern, range(6)),
    "tuples": (tuples, tuples_pattern, range(6)),
    "long tuples": (long_tuples, long_tuples_pattern, range(6)),
    "frozensets": (frozensets, frozensets_pattern, range(4, 6)),
    "nodes": (nodes, nodes_pattern, range(2, 6)),
}


def pattern(kind, protocol, depth):
    return KINDS[kind][1](protocol, depth) + b"."


def body(pickle, protocol):
    """The pickle's opcodes, PROTO and FRAME left out."""
    if protocol >= 4:
        return without_frames(pickle)
    return pickle[2:] if protocol >= 2 else pickle


@pytest.mark.parametrize("depth", [1, 2, 60, SHALLOW])
@pytest.mark.parametrize("kind", KINDS)
def test_the_pattern_is_right(face, kind, depth):
    build, _, protocols = KINDS[kind]
    for protocol in protocols:
        for pickler_class in face.both():
            pickle = dumped(pickler_class, build(depth), protocol)
            assert body(pickle, protocol) == pattern(kind, protocol, depth)


def pickled_at_a_million(kind, hooked):
    """The faces and protocols at which ours is not the pattern."""
    assert sys.getrecursionlimit() == 1000
    build, _, protocols = KINDS[kind]
    obj = build(DEPTH)
    wrong = []
    for protocol in MILLION.intersection(protocols):
        right = pattern(kind, protocol, DEPTH)
        for face in FACES.values():
            hook = {"persistent_id": lambda self, obj: None} if hooked else {}
            pickle = dumped(type("Sub", (face.ours,), hook), obj, protocol)
            if body(pickle, protocol) != right:
                wrong.append((face.name, protocol))
    return wrong


@pytest.mark.parametrize("kind", KINDS)
def test_a_million_deep(kind):
    assert run(pickled_at_a_million, kind, False, allocator=None) == []


def test_a_million_deep_with_a_hook():
    # Nothing is written there without being asked about, which is another path.
    assert run(pickled_at_a_million, "lists", True, allocator=None) == []


def failed_at_a_million(face, kind):
    """The notes of an error that comes from below a million levels."""

    class Culprit:
        def __reduce__(self):
            raise ZeroDivisionError

    obj = Culprit()
    for _ in range(DEPTH):
        obj = [obj] if kind == "lists" else {1: obj}
    pickler = FACES[face].ours(io.BytesIO(), 4)
    try:
        pickler.dump(obj)
    except ZeroDivisionError as error:
        return len(error.__notes__)


@pytest.mark.parametrize("kind", ["lists", "dicts"])
def test_an_error_below_a_million_levels(face, kind):
    assert 2 <= run(failed_at_a_million, face.name, kind, allocator=None) < 500
