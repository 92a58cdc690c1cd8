"""Hazard: up to 3.11 any allocation that the collector tracks may run finalisers on the spot.

One that frees what was written and deferred lets another object stand at its address.
"""

import gc
import io
import sys
from functools import partial

import oxipickle
import pytest
from faces import DUMPS, dumped, in_a_row
from parts import HERE, Gives, Thing, nothing, rebuilt, warm

if sys.version_info >= (3, 12):
    pytest.skip("from 3.12 on the collector runs between bytecodes only", allow_module_level=True)

pytestmark = pytest.mark.collector


class Slotted:
    __slots__ = ("value",)

    def __init__(self):
        self.value = 1


class Arms:
    """Lets the collector run at the next allocation after this one is saved."""

    value = (rebuilt, ())

    def __reduce__(self):
        gc.enable()
        return self.value


class Garbage:
    def __init__(self, act):
        self.act = act
        self.itself = self

    def __del__(self):
        self.act()


def use_up_free_lists():
    """Takes the memory that freed containers left, which is given out without the collector."""
    tuples = [tuple(range(size)) for size in range(1, 20) for _ in range(2100)]
    return tuples, [[] for _ in range(100)], [{} for _ in range(100)], [{1: 1} for _ in range(100)]


# What the walk may allocate for.
ALLOCATES_FOR = {
    "nothing": lambda: 0,
    "bytes": lambda: b"".join([b"a", b"b"]),
    "empty bytes": lambda: b"",
    "bytearray": lambda: bytearray(b"ab"),
    "set": lambda: {1, 2},
    "frozenset": lambda: frozenset([1, 2]),
    "instance": Thing,
    "slots": Slotted,
    "large int": lambda: 1 << 70,
    "huge int": lambda: 1 << 3000,
    "surrogates": lambda: "\ud800" + "text",
    "long text": lambda: "text" * 50_000,
    "None's type": lambda: type(None),
    "function": lambda: nothing,
    "class": lambda: Thing,
    "list": lambda: [1, [2], {3: (4,)}],
}


@pytest.fixture(autouse=True)
def collector():
    threshold = gc.get_threshold()
    gc.collect()
    yield
    gc.set_threshold(*threshold)
    gc.enable()


@pytest.mark.parametrize("allocates_for", ALLOCATES_FOR)
def test_a_finaliser_that_frees_what_was_written(face, allocates_for, protocol):
    if allocates_for == "slots" and protocol < 2:
        pytest.skip("slots need protocol 2")
    make = ALLOCATES_FOR[allocates_for]

    def graph(arms, collects, part, tail):
        warmed = [*warm("instance"), make(), make(), Gives(nothing)]
        return [*warmed, arms, part, make(), collects, tail]

    place = HERE + 4
    expected = dumped(face.model, graph(Arms(), Gives(nothing), ["part"], [["new"]]), protocol)

    tail = []
    root = graph(Arms(), Gives(collect), ["part"], tail)
    assert root[place] == ["part"]

    def act():
        root[place] = None
        tail.append(["new"])

    # What is learned of a class at its first instance allocates.
    dumped(face.ours, Arms(), protocol)
    gc.collect()
    held = use_up_free_lists()
    gc.disable()
    Garbage(act)
    gc.set_threshold(1, 1_000_000, 1_000_000)
    try:
        ours = dumped(face.ours, root, protocol)
    finally:
        gc.enable()
        del held
    assert len(tail) == 1
    assert ours == expected


# A tuple and a frozenset are open while what they hold is written.
OPEN = {"tuple": lambda part: (part, 1), "frozenset": lambda part: frozenset([part])}


def dumped_while_collecting(pickler_class, obj, protocol):
    """What a fresh pickler writes. Garbage that outlives the dump is not collected right after it,
    when what a finaliser hands over comes too late."""
    if pickler_class is DUMPS.ours:
        return in_a_row(partial(oxipickle.dumps, obj, protocol), gc.disable)[0]
    file = io.BytesIO()
    in_a_row(partial(pickler_class(file, protocol).dump, obj), gc.disable)
    return file.getvalue()


@pytest.mark.parametrize("kind", OPEN)
@pytest.mark.parametrize("allocates_for", ["bytes", "frozenset", "large int", "huge int", "function"])
def test_a_finaliser_that_hands_over_what_is_open(face, allocates_for, kind, protocol):
    make = ALLOCATES_FOR[allocates_for]

    def graph(arms):
        return [*warm("instance"), make(), Gives(nothing), arms, OPEN[kind](make()), 1, []]

    expected = graph(Arms())
    expected[-1].append(expected[-3])
    expected = dumped(face.model, expected, protocol)

    root = graph(Arms())

    def act():
        root[-1].append(root[-3])

    dumped(face.ours, Arms(), protocol)
    gc.collect()
    held = use_up_free_lists()
    gc.disable()
    Garbage(act)
    gc.set_threshold(1, 1_000_000, 1_000_000)
    try:
        ours = dumped_while_collecting(face.ours, root, protocol)
    finally:
        gc.enable()
        del held
    if root[-1]:
        assert ours == expected


def collect():
    gc.collect()
