"""cloudpickle's pickler gives the same bytes from our base as from the interpreter's."""

import abc
import collections
import dataclasses
import enum
import functools
import io
import logging
import pickle
import sys
import threading

import oxipickle
import pytest
from rederive import rederive

cloudpickle = pytest.importorskip("cloudpickle", reason="cloudpickle is not installed")

PROTOCOLS = range(2, 6)
counter = 0


def count():
    """Refers to a global of its module."""
    global counter
    counter += 1
    return counter


count.__module__ = "__main__"


def make_objects():
    """What cloudpickle was made for, by a name for the test."""
    captured = ["captured"]

    def closure(x, *, y=2):
        return x, y, captured

    def recursive(n):
        return recursive(n - 1) if n else 0

    def recursive_pair():
        return recursive, closure

    class Local:
        attribute = 1

        def method(self):
            return super().__repr__()

        @property
        def captured(self):
            return captured

        @classmethod
        def make(cls):
            return cls()

    class Derived(Local, abc.ABC):
        __slots__ = ("slot",)

        @abc.abstractmethod
        def other(self): ...

    class Colour(enum.Enum):
        RED = 1

    @dataclasses.dataclass
    class Point:
        x: int
        y: list = dataclasses.field(default_factory=list)

    return {
        "lambda": lambda x: x + 1,
        "closure": closure,
        "closures sharing a cell": [closure, recursive_pair],
        "recursive function": recursive,
        "global function": count,
        "function and its globals twice": [count, functools.partial(count)],
        "local class": Local,
        "instance of a local class": Local(),
        "bound method": Local().method,
        "abstract class": Derived,
        "enum": [Colour, Colour.RED],
        "dataclass": [Point(1), Point],
        "named tuple": collections.namedtuple("Pair", "a b")(1, 2),
        "module": sys.modules[__name__],
        "logger": logging.getLogger("oxipickle"),
        "views": [{1: 2}.keys(), {1: 2}.values(), {1: 2}.items()],
        "code": closure.__code__,
        "property": Local.__dict__["captured"],
        "class method": Local.__dict__["make"],
        "memory": memoryview(b"abc"),
        "plain data": [{"a": [1, 2.5, "x"]}, (1, 2), {3}, b"x" * 100_000],
        "refused": threading.Lock(),
    }


OBJECTS = make_objects()


def saved(pickler_class, obj, protocol):
    file = io.BytesIO()
    try:
        pickler_class(file, protocol=protocol).dump(obj)
    except Exception as error:
        return type(error)
    return file.getvalue()


@pytest.fixture(scope="module")
def derived():
    return rederive(cloudpickle.Pickler, oxipickle.Pickler)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", OBJECTS)
def test_same_bytes(derived, name, protocol):
    obj = OBJECTS[name]
    # The first dump leaves `__slotnames__` in a class, which is pickled from then on.
    saved(cloudpickle.Pickler, obj, protocol)
    expected = saved(cloudpickle.Pickler, obj, protocol)
    assert isinstance(expected, bytes) == (name != "refused")
    assert saved(derived, obj, protocol) == expected


def test_what_was_saved_works(derived):
    restored = pickle.loads(saved(derived, OBJECTS["closure"], 4))
    assert restored(1) == (1, 2, ["captured"])


def test_same_buffers(derived):
    results = []
    for pickler_class in (cloudpickle.Pickler, derived):
        file, buffers = io.BytesIO(), []
        pickler = pickler_class(file, protocol=5, buffer_callback=buffers.append)
        pickler.dump([pickle.PickleBuffer(b"out of band"), OBJECTS["closure"]])
        results.append((file.getvalue(), [bytes(b) for b in buffers]))
    assert results[0] == results[1]
    assert results[0][1] == [b"out of band"]
