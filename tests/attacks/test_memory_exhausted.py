"""A dump that finds no more memory raises MemoryError: it neither aborts nor spoils the pickler.

Each graph is pickled under many limits of the address space, so that it fails at many places.
"""

import gc
import sys

import oxipickle
import pytest
from faces import HOOKABLE, LEAN, dumped
from own_process import limit_memory, run

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS and /proc"),
]

FACES = {face.name: face for face in (LEAN, HOOKABLE)}

KIBIBYTE = 2**10
MEBIBYTE = 2**20


LIMITS = [64 * KIBIBYTE, 2 * MEBIBYTE, 9 * MEBIBYTE, 70 * MEBIBYTE]


class File:
    """Keeps nothing: the interpreter's own files in memory close themselves when it runs out."""

    def write(self, data):
        pass


class Instance:
    def __init__(self, i):
        self.number = i


class Reduced:
    def __init__(self, i):
        self.i = i

    def __reduce__(self):
        return Reduced, (self.i,), {"s": [self.i]}


class Sublist(list):
    pass


def nested(depth):
    obj = []
    for _ in range(depth):
        obj = [obj]
    return obj


def nested_sublists(depth):
    obj = []
    for _ in range(depth):
        obj = Sublist([obj])
    return obj


GRAPHS = {
    "bytes": lambda: b"x" * (40 * MEBIBYTE),
    "text": lambda: "x" * (20 * MEBIBYTE),
    "wide text": lambda: "é\u4e00" * (8 * MEBIBYTE),
    "escaped text": lambda: "\n\u4e00" * (2 * MEBIBYTE),
    "surrogates": lambda: "\ud800" * (8 * MEBIBYTE),
    "bytearray": lambda: bytearray(40 * MEBIBYTE),
    "huge int": lambda: 1 << (8 * 40 * MEBIBYTE),
    "ints": lambda: list(range(1_000_000)),
    "texts": lambda: [f"text {i}" for i in range(200_000)],
    "instances": lambda: [Instance(i) for i in range(30_000)],
    "reduced": lambda: [Reduced(i) for i in range(20_000)],
    "nested lists": lambda: nested(100_000),
    "nested subclasses": lambda: nested_sublists(15_000),
    "set of frozensets": lambda: {frozenset([i]) for i in range(30_000)},
    "dict of tuples": lambda: {i: (i, float(i)) for i in range(100_000)},
}

# In text, such an int is refused before any memory is asked for.
BINARY_ONLY = {"huge int"}


def exhausted(face, name):
    """How dumps end at every protocol, through a file and without, under tighter and tighter limits."""
    obj = GRAPHS[name]()
    base = FACES[face].ours
    ends = set()
    for protocol in (0, 2, 5):
        if protocol == 0 and name in BINARY_ONLY:
            continue
        for limit in LIMITS:
            pickler = base(File(), protocol)
            for dump in (pickler.dump, lambda obj: oxipickle.dumps(obj, protocol)):
                limit_memory(limit)
                try:
                    dump(obj)
                    end = "ended well"
                except MemoryError:
                    end = "MemoryError"
                finally:
                    limit_memory(None)
                ends.add(end)
            pickler.clear_memo()
            pickler.dump("usable")
            assert oxipickle.dumps(["usable"], protocol) == dumped(LEAN.model, ["usable"], protocol)
    return ends


@pytest.mark.parametrize("name", GRAPHS)
def test_memory_ends(face, name):
    ends = run(exhausted, face.name, name, allocator=None)
    assert "MemoryError" in ends


class Named:
    """Has an attribute that a hook looks for, or would have it in its dict."""


def looked_at():
    """How a dump ends whose hook is asked by an attribute, and how looking for names in its pickle does."""

    class Looking(HOOKABLE.ours):
        asks = {"persistent_id": lambda cls: "mark"}

        def persistent_id(self, obj):
            return None

    obj = []
    for i in range(30_000):
        obj.append(Named())
        obj[-1].number = f"number {i}"
    data = dumped(HOOKABLE.model, obj, 4)
    ends = set()
    for limit in LIMITS:
        for call in (
            lambda: Looking(File(), 4).dump(obj),
            lambda: oxipickle._oxipickle.named_globals(data),
        ):
            limit_memory(limit)
            try:
                call()
                ends.add("ended well")
            except MemoryError:
                ends.add("MemoryError")
            finally:
                limit_memory(None)
    assert [argument for _, argument, _ in oxipickle._oxipickle.named_globals(data)] == [
        __name__,
        "Named",
        None,
    ]
    return ends


def test_memory_ends_while_objects_and_pickles_are_looked_at():
    assert run(looked_at, allocator=None) == {"ended well", "MemoryError"}


def fast_mode(face):
    obj = nested(300_000)
    ends = set()
    for limit in (KIBIBYTE, MEBIBYTE, 4 * MEBIBYTE, 12 * MEBIBYTE):
        pickler = FACES[face].ours(File(), 4)
        pickler.fast = True
        limit_memory(limit)
        try:
            pickler.dump(obj)
            ends.add("ended well")
        except MemoryError:
            ends.add("MemoryError")
        finally:
            limit_memory(None)
    return ends


def test_memory_ends_in_fast_mode(face):
    assert "MemoryError" in run(fast_mode, face.name, allocator=None)


def without_end(face, items):
    """How the dump of an iterator that never ends does end."""

    class Endless:
        def __reduce__(self):
            if items == "list items":
                return list, (), None, forever()
            return dict, (), None, None, enumerate(forever())

    def forever():
        while True:
            yield ["new"]

    limit_memory(100 * MEBIBYTE)
    try:
        FACES[face].ours(File(), 2).dump(Endless())
    except MemoryError:
        return "MemoryError"


@pytest.mark.parametrize("items", ["list items", "dict items"])
def test_an_iterator_that_never_ends(face, items):
    assert run(without_end, face.name, items, allocator=None) == "MemoryError"


SMALL = {
    "nested subclasses": lambda: nested_sublists(200),
    "instances": lambda: [Instance(i) for i in range(50)],
    "reduced": lambda: [Reduced(i) for i in range(50)],
    "set of frozensets": lambda: {frozenset([i]) for i in range(50)},
    "dict of tuples": lambda: {i: (i, float(i)) for i in range(200)},
}


def to_the_last_block(face, name):
    """How dumps end where so many small blocks, and none else, are left to allocate."""
    gc.disable()
    obj = SMALL[name]()
    pickler = FACES[face].ours(File(), 4)
    pickler.dump(obj)
    ends = set()
    for space in SPACES:
        for blocks in [*range(0, 60), *range(100, 10_000, 999)]:
            pickler.clear_memo()
            kept, given = fill(space)
            try:
                for _ in range(blocks):
                    given = given and given[0]
                pickler.dump(obj)
                end = "ended well"
            except MemoryError:
                end = "MemoryError"
            # One by one: a chain freed at one go is freed recursively, and the stack cannot grow here.
            while kept is not None:
                kept = kept[0]
            while given is not None:
                given = given[0]
            ends.add(end)
    return ends


# Blocks of which allocation finds room for little, and for a little more.
SPACES = [(None,) * 2, (None,) * 4, (None,) * 14]


def fill(space):
    """Two chains that take all memory there is, their blocks lying by turns; a few are given back."""
    kept = given = None
    try:
        while True:
            kept = (kept, *space)
            given = (given, *space)
    except MemoryError:
        return kept, given[0][0][0]


@pytest.mark.parametrize("name", SMALL)
def test_memory_ends_in_small_blocks(face, name):
    ends = run(to_the_last_block, face.name, name, memory=2 * MEBIBYTE, allocator="malloc")
    assert "MemoryError" in ends
