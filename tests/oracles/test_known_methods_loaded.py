"""Methods whose effect a load knows are as if they were called: also where something that they rest on was
changed, before the load or in the middle of it."""

import collections
import contextlib
import io
import pickle
import sys
import typing
import uuid
from collections.abc import Callable, Iterator

import oxipickle
import pytest
from own_process import run

# A load looks at a method once it has met it some 32 times.
MANY = 120

Point = collections.namedtuple("Point", "x y")
Single = collections.namedtuple("Single", "only")
Defaulted = collections.namedtuple("Defaulted", "a b c", defaults=(3,))


class Typed(typing.NamedTuple):
    number: int
    name: str = "none"


class Derived(Point):
    """A subclass with a `__dict__`."""


class Made(Point):
    __slots__ = ()

    def __new__(cls, x, y):
        return super().__new__(cls, y, x)


class Tally(collections.Counter):
    """A subclass of the same behaviour."""


class Odd(collections.Counter):
    def __init__(self, *args, **kwds):
        super().__init__(*args, **kwds)
        self["odd"] = 1


class Id(uuid.UUID):
    __slots__ = ()


class Call:
    """Is loaded as what a function gives."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __reduce__(self):
        return change, (self.name,)


def uuids():
    return [uuid.UUID(int=i) for i in range(MANY)]


def safe_uuids():
    return [uuid.UUID(int=i, is_safe=list(uuid.SafeUUID)[i % 3]) for i in range(MANY)]


def points():
    return [Point(i, [i]) for i in range(MANY)]


def counters():
    return [collections.Counter({f"k{i}": i, i: 2}) for i in range(MANY)]


VALUES: dict[str, Callable[[], list]] = {
    "UUIDs": uuids,
    "UUIDs that tell": safe_uuids,
    "subclass of UUID": lambda: [Id(int=i) for i in range(MANY)],
    "named tuples": points,
    "of one field": lambda: [Single(i) for i in range(MANY)],
    "with defaults": lambda: [Defaulted(i, 2) for i in range(MANY)],
    "typed": lambda: [Typed(i) for i in range(MANY)],
    "subclass of a named tuple": lambda: [Derived(i, 2) for i in range(MANY)],
    "with another __new__": lambda: [Made(i, 2) for i in range(MANY)],
    "counters": counters,
    "empty counters": lambda: [collections.Counter() for _ in range(MANY)],
    "subclass of Counter": lambda: [Tally({i: 1}) for i in range(MANY)],
    "with another __init__": lambda: [Odd({i: 1}) for i in range(MANY)],
    "all kinds": lambda: [
        made for each in zip(uuids(), points(), counters(), strict=True) for made in (*each, *each)
    ],
}


def forms(value: object) -> object:
    """What tells two results apart."""
    if isinstance(value, list):
        return [forms(each) for each in value]
    names = ("int", "is_safe") if isinstance(value, uuid.UUID) else ()
    slots = [getattr(value, name, "not set") for name in names]
    contents = list(value.items()) if isinstance(value, dict) else None
    items = list(value) if isinstance(value, tuple) else None
    return type(value), slots, contents, items, getattr(value, "__dict__", None)


def outcome(load: Callable[[bytes], object], data: bytes) -> object:
    try:
        return forms(load(data))
    except Exception as error:
        return type(error), str(error)


LOADS = {
    "loads": (oxipickle.loads, pickle.loads),
    "Unpickler": (
        lambda data: oxipickle.Unpickler(io.BytesIO(data)).load(),
        lambda data: pickle.Unpickler(io.BytesIO(data)).load(),
    ),
    "hookable": (
        lambda data: oxipickle.HookableUnpickler(io.BytesIO(data)).load(),
        lambda data: pickle._Unpickler(io.BytesIO(data)).load(),
    ),
}


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("face", LOADS)
@pytest.mark.parametrize("kind", VALUES)
def test_what_is_loaded(kind: str, face: str, protocol: int) -> None:
    data = pickle.dumps(VALUES[kind](), protocol)
    ours, theirs = LOADS[face]
    assert outcome(ours, data) == outcome(theirs, data)


def other_setstate(self, state):
    object.__setattr__(self, "int", -state["int"])


def other_new(_cls, x, y):
    return _tuple_new(_cls, (y, x))  # noqa: F821


def other_update(self, iterable=None, /, **kwds):
    self["updated"] = 1


def other_init(self, iterable=None, /, **kwds):
    self["made"] = 1


class OtherObject:
    @staticmethod
    def __setattr__(obj, name, value):
        object.__setattr__(obj, name, 7 if name == "int" else value)


class OtherSafe:
    unknown = "unknown"


class OtherSuper:
    def __init__(self, *args):
        pass

    def __init_subclass__(cls):
        pass

    def update(self, iterable):
        pass


class NoMapping:
    Mapping = list


def code_of_new() -> tuple[object, str, object]:
    return Point.__new__, "__code__", other_new.__code__


# By name: what is changed, and to what.
CHANGES: dict[str, Callable[[], tuple[object, str, object]]] = {
    "UUID.__setstate__": lambda: (uuid.UUID, "__setstate__", other_setstate),
    "its code": lambda: (uuid.UUID.__setstate__, "__code__", other_setstate.__code__),
    "uuid.SafeUUID": lambda: (uuid, "SafeUUID", OtherSafe),
    "uuid.object": lambda: (uuid, "object", OtherObject),
    "UUID.int": lambda: (uuid.UUID, "int", property(lambda self: 1)),
    "Point.__new__": lambda: (Point, "__new__", other_new),
    "code of Point.__new__": code_of_new,
    "Counter.update": lambda: (collections.Counter, "update", other_update),
    "Counter.__init__": lambda: (collections.Counter, "__init__", other_init),
    "code of Counter.update": lambda: (collections.Counter.update, "__code__", other_update.__code__),
    "code of Counter.__init__": lambda: (collections.Counter.__init__, "__code__", other_init.__code__),
    "Counter.__len__": lambda: (collections.Counter, "__len__", lambda self: 1),
    "collections.isinstance": lambda: (collections, "isinstance", lambda obj, cls: False),
    "_collections_abc of collections": lambda: (collections, "_collections_abc", NoMapping),
    "_collections_abc.Mapping": lambda: (sys.modules["_collections_abc"], "Mapping", list),
    "collections.super": lambda: (collections, "super", OtherSuper),
}

MISSING = object()
changed: list[tuple[object, str, object]] = []


def change(name: str) -> str:
    """Makes a change, to be undone later."""
    target, attribute, value = CHANGES[name]()
    free = value.co_freevars if attribute == "__code__" else None
    if free is not None and free != target.__code__.co_freevars:  # type: ignore[attr-defined]
        return "can't be exchanged"
    changed.append((target, attribute, vars(target).get(attribute, getattr(target, attribute, MISSING))))
    setattr(target, attribute, value)
    return "changed"


@contextlib.contextmanager
def undone() -> Iterator[None]:
    try:
        yield
    finally:
        while changed:
            target, attribute, value = changed.pop()
            if value is MISSING:
                delattr(target, attribute)
            else:
                setattr(target, attribute, value)


@pytest.mark.parametrize("face", LOADS)
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_before_the_load(name: str, face: str) -> None:
    data = pickle.dumps(VALUES["all kinds"](), 4)
    found = []
    for load in LOADS[face]:
        with undone():
            change(name)
            found.append(outcome(load, data))
    assert found[0] == found[1]


@pytest.mark.parametrize("face", LOADS)
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_in_the_middle(name: str, face: str) -> None:
    data = pickle.dumps([VALUES["all kinds"](), Call(name), VALUES["all kinds"]()], 4)
    found = []
    for load in LOADS[face]:
        with undone():
            found.append(outcome(load, data))
    assert found[0] == found[1]


def calls_of_methods() -> list[int]:
    """How often each known method is called by a load."""
    data = pickle.dumps(VALUES["all kinds"](), 4)
    calls: collections.Counter[str] = collections.Counter()

    def count(frame, event, _argument):
        if event == "call":
            calls[frame.f_code.co_name] += 1

    sys.setprofile(count)
    try:
        oxipickle.loads(data)
    finally:
        sys.setprofile(None)
    return [calls[name] for name in ("__setstate__", Point.__new__.__code__.co_name, "__init__")]


def test_methods_are_not_called() -> None:
    """What is known is not called: or else nothing of this file is tested.

    In a process of its own: a class that other tests have changed many times has no version any more, and
    then its methods are called.
    """
    for calls in run(calls_of_methods):
        assert 0 < calls < MANY


def test_a_wrong_number_of_items_is_refused() -> None:
    data = pickle.dumps(points(), 4)
    wrong = data.replace(b"\x86\x94\x81", b"\x85\x94\x81")
    assert outcome(oxipickle.loads, wrong) == outcome(pickle.loads, wrong)
