"""Hazard: a dump or load works with what another one left behind.

Whatever was done before, with whatever success, the next dump or load knows nothing of it and holds nothing.
"""

import gc
import io
import pickle
import weakref

import oxipickle
import pytest
from faces import LEAN

HOLDERS = 20


class Plain:
    pass


class Failing:
    def __reduce__(self):
        raise ZeroDivisionError


class Nested:
    """Dumps and loads while it is saved."""

    def __init__(self, depth):
        self.depth = depth

    def __reduce__(self):
        inner = [Nested(self.depth - 1), "text", Plain] if self.depth else ["text"]
        data = [dumps(inner) for dumps in (oxipickle.dumps, pickle.dumps)]
        assert data[0] == data[1]
        assert oxipickle.loads(data[0])[-1] in ("text", Plain)
        return Nested, (self.depth,)


def shared(n):
    things = [Plain() for _ in range(n)]
    return [things, list(things)]


OBJECTS = {
    "nothing": lambda: None,
    "shared": lambda: shared(30),
    "many shared": lambda: shared(3_000),
    "deep": lambda: [[[[["deep"] * 3]]]] * 40,
    "long": lambda: ["x" * 100_000, b"y" * 100_000, "z"],
    "nested": lambda: [Nested(3), Plain],
    "failing": lambda: [shared(40), "x" * 70_000, [Failing()], Plain],
    "unpicklable": lambda: {1: [[Plain], (lambda: 1)]},
}

SETTINGS = [
    {"protocol": 0},
    {"protocol": 2, "fix_imports": False},
    {"protocol": 3},
    {"protocol": 5},
    {"protocol": 5, "buffer_callback": lambda buffer: None},
]


def of(dump, obj):
    try:
        return dump(obj)
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("first", OBJECTS)
def test_the_next_dump(first):
    for settings, after in zip(SETTINGS, [*SETTINGS[1:], SETTINGS[0]], strict=True):
        for second, make in OBJECTS.items():
            of(lambda obj, settings=settings: oxipickle.dumps(obj, **settings), OBJECTS[first]())
            obj = make()
            ours, theirs = (
                of(lambda obj, dumps=dumps, after=after: dumps(obj, **after), obj)
                for dumps in (oxipickle.dumps, pickle.dumps)
            )
            assert ours == theirs, second


@pytest.mark.parametrize("first", OBJECTS)
def test_a_dump_after_a_picklers_end(first):
    """A pickler's settings, hooks and memo end with it."""

    class Hooked(oxipickle.Pickler):
        def persistent_id(self, obj):
            return "id" if obj == "text" else None

        def reducer_override(self, obj):
            return NotImplemented

    for base in (LEAN.ours, Hooked, oxipickle.HookablePickler):
        pickler = base(io.BytesIO(), 2)
        pickler.fast = first == "nothing"
        pickler.dispatch_table = {Plain: lambda obj: (list, ())}
        of(pickler.dump, OBJECTS[first]())
        of(pickler.dump, ["text", Plain()])
        del pickler
        gc.collect()
        obj = [*shared(3), "text", Plain]
        assert oxipickle.dumps(obj, 4) == pickle.dumps(obj, 4)
        file = io.BytesIO()
        oxipickle.Pickler(file, 4).dump(obj)
        assert file.getvalue() == pickle.dumps(obj, 4)


@pytest.mark.parametrize("ends", ["well", "badly"])
def test_nothing_is_held(ends):
    held = [Plain() for _ in range(HOLDERS)]
    seen = [weakref.ref(obj) for obj in held]
    obj = [held, list(held), Failing() if ends == "badly" else None]
    of(oxipickle.dumps, obj)
    of(oxipickle.Pickler(io.BytesIO()).dump, obj)
    of(oxipickle.HookablePickler(io.BytesIO()).dump, obj)
    del held, obj
    gc.collect()
    assert not any(ref() for ref in seen)


@pytest.mark.parametrize("ends", ["well", "badly"])
def test_nothing_is_held_by_a_load(ends):
    data = pickle.dumps([Plain() for _ in range(HOLDERS)])
    loaded = of(oxipickle.loads, data if ends == "well" else data[:-5])
    assert isinstance(loaded, list) == (ends == "well")
    seen = [weakref.ref(obj) for obj in loaded] if ends == "well" else []
    del loaded
    gc.collect()
    assert not any(ref() for ref in seen)
    before = len([obj for obj in gc.get_objects() if type(obj) is Plain])
    of(oxipickle.loads, data[:-5])
    gc.collect()
    assert len([obj for obj in gc.get_objects() if type(obj) is Plain]) == before


def test_loads_within_loads():
    class Loads:
        def __init__(self, data):
            self.data = data

        def __reduce__(self):
            return oxipickle.loads, (self.data,)

    data = pickle.dumps([shared(5), "innermost"])
    for _ in range(20):
        data = pickle.dumps([shared(2), Loads(data), "x"])
    ours, theirs = oxipickle.loads(data), pickle.loads(data)
    for _ in range(20):
        assert len(ours) == len(theirs) == 3
        ours, theirs = ours[1], theirs[1]
    assert ours[1] == theirs[1] == "innermost"
    assert ours[0][0][0] is ours[0][1][0]


class Finalised:
    seen: list = []

    def __reduce__(self):
        return Finalised, ()

    def __del__(self):
        things = [Plain, "text"] * 20
        self.seen.append(oxipickle.loads(oxipickle.dumps(things)) == things)


class GivesFinalised:
    def __reduce__(self):
        return list, ([Finalised(), Finalised()],)


def test_a_finaliser_that_dumps_and_loads():
    """What a dump or load releases at its end may dump and load."""
    Finalised.seen.clear()
    for _ in range(10):
        data = oxipickle.dumps([GivesFinalised(), "x", GivesFinalised()], 2)
        of(oxipickle.loads, data)
        of(oxipickle.loads, data[:-2])
    gc.collect()
    assert len(Finalised.seen) == 120 and all(Finalised.seen)


def test_the_bytes_of_a_file_are_its_own():
    """A `BytesIO` is lent the room that is used again."""
    first, second = io.BytesIO(), io.BytesIO()
    ours = oxipickle.Pickler(first, 4)
    for i in range(50):
        ours.dump([i, "x" * 100 * i])
        ours.clear_memo()
        oxipickle.Pickler(second, 4).dump([-i, "y" * 90 * i])
    theirs = b"".join(pickle.dumps([i, "x" * 100 * i], 4) for i in range(50))
    assert first.getvalue() == theirs
    assert second.getvalue() == b"".join(pickle.dumps([-i, "y" * 90 * i], 4) for i in range(50))
    closed = io.BytesIO()
    pickler = oxipickle.Pickler(closed, 4)
    closed.close()
    for _ in range(2):
        with pytest.raises(ValueError, match="closed"):
            pickler.dump(1)
    assert oxipickle.dumps(1) == pickle.dumps(1)
