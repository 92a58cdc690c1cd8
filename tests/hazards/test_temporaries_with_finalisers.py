"""Hazard: a temporary whose type has a finaliser, and that the models' memo keeps to the dump's end.

Such an object may own a file, or a lock: what it does at its end must not happen in mid-dump. What
has no finaliser is given up as soon as nobody can tell.
"""

import io

import pytest
from faces import dumped
from parts import Marker, rebuilt


class Events:
    """What happened so far, in order: saved with the graph, it tells when."""

    log = None


class Finalised:
    """Takes no weak references, so that no other Python code can reach it through one."""

    __slots__ = ("value",)

    def __init__(self):
        self.value = ["text"]

    def __reduce_ex__(self, protocol):
        # Slots need protocol 2.
        return super().__reduce_ex__(max(protocol, 2))

    def __del__(self):
        if Events.log is not None:
            Events.log.append("finalised")


class WithDict:
    def __init__(self):
        self.value = ["text"]

    __del__ = Finalised.__del__


class WithReduce:
    __slots__ = ()

    def __reduce__(self):
        return rebuilt, ()

    __del__ = Finalised.__del__


class PlainSlots:
    """Saved by its type's plan."""

    __slots__ = ("value",)

    def __init__(self):
        self.value = 1

    __del__ = Finalised.__del__


class FinalisedList(list):
    __del__ = Finalised.__del__


class FinalisedDict(dict):
    __del__ = Finalised.__del__


class FinalisedTuple(tuple):
    __del__ = Finalised.__del__


class FinalisedText(str):
    __del__ = Finalised.__del__


class FinalisedException(Exception):
    __del__ = Finalised.__del__


TEMPORARIES = {
    "slots": Finalised,
    "reduce without slots": WithReduce,
    "dict": WithDict,
    "list": lambda: FinalisedList([["text"]]),
    "subclass of dict": lambda: FinalisedDict({1: ["text"]}),
    "tuple": lambda: FinalisedTuple((["text"],)),
    "str": lambda: FinalisedText("text"),
    "exception": lambda: FinalisedException("text"),
}

NESTED = {
    "bare": lambda temporary: temporary,
    "list": lambda temporary: [temporary],
    "tuple": lambda temporary: (temporary,),
    "dict": lambda temporary: {"key": [temporary]},
    "set": lambda temporary: frozenset([temporary]),
    "deep": lambda temporary: [({"key": [(temporary, "text")]},)],
}

PLACES = {
    "list item": lambda part: (rebuilt, (), None, iter([part()])),
    "second list item": lambda part: (rebuilt, (), None, (part() for _ in range(2))),
    "dict item": lambda part: (rebuilt, (), None, None, iter([("key", part())])),
    "dict item, generated": lambda part: (rebuilt, (), None, None, ((n, part()) for n in range(2))),
    "state": lambda part: (rebuilt, (), part()),
    "state of slots": lambda part: (rebuilt, (), (None, {"slot": part()})),
    "argument": lambda part: (rebuilt, (part(),)),
    "second argument": lambda part: (rebuilt, (["text"], part())),
}


class Makes:
    """Reduces to a value that holds a temporary."""

    def __init__(self, place, part):
        self.place = place
        self.part = part

    def __reduce__(self):
        return PLACES[self.place](self.part)


def told(pickler_class, graph, protocol):
    """The pickle of a graph that ends in the list of events, which tells what happened before it."""
    Events.log = []
    try:
        return dumped(pickler_class, [*graph(), Events.log], protocol)
    finally:
        Events.log = None


def assert_kept(face, graph, protocol):
    assert told(face.ours, graph, protocol) == told(face.model, graph, protocol)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("temporary", TEMPORARIES)
def test_in_a_reduce_value(face, temporary, place, protocol):
    make = TEMPORARIES[temporary]
    assert_kept(face, lambda: [Makes(place, make), Makes(place, make), "between"], protocol)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("protocol", range(2, 6))
def test_saved_by_a_plan(face, place, protocol):
    assert_kept(face, lambda: [*(Makes(place, PlainSlots) for _ in range(4)), "between"], protocol)


@pytest.mark.parametrize("nested", NESTED)
@pytest.mark.parametrize("place", PLACES)
def test_nested_in_temporary_containers(face, place, nested, protocol):
    part = lambda: NESTED[nested](WithReduce())  # noqa: E731
    assert_kept(face, lambda: [Makes(place, part), Makes(place, part), "between"], protocol)


@pytest.mark.parametrize("temporary", TEMPORARIES)
def test_of_a_state(face, temporary, protocol):
    """What `__getstate__` returns, of a class that has a plan from its second instance on."""
    assert_kept(face, lambda: [Stated(temporary), Stated(temporary), Stated(temporary), "between"], protocol)


class Stated:
    def __init__(self, temporary):
        self.temporary = temporary

    def __getstate__(self):
        return {"state": TEMPORARIES[self.temporary]()}


@pytest.mark.parametrize("temporary", TEMPORARIES)
def test_what_reducer_override_returns(pickler_face, temporary, protocol):
    def attempt(base):
        class Sub(base):
            def reducer_override(self, obj):
                if isinstance(obj, Marker):
                    return rebuilt, (TEMPORARIES[temporary](),), [TEMPORARIES[temporary]()]
                return NotImplemented

        return told(Sub, lambda: [Marker(), Marker(), "between"], protocol)

    assert attempt(pickler_face.ours) == attempt(pickler_face.model)


@pytest.mark.parametrize("temporary", [name for name in TEMPORARIES if name != "str"])
@pytest.mark.parametrize("protocol", range(2, 6))
def test_a_persistent_id(pickler_face, temporary, protocol):
    """At protocol 0 an id is text; from protocol 1 on it is saved like anything else."""

    def attempt(base):
        class Sub(base):
            def persistent_id(self, obj):
                return TEMPORARIES[temporary]() if isinstance(obj, Marker) else None

        return told(Sub, lambda: [Marker(), Marker(), "between"], protocol)

    assert attempt(pickler_face.ours) == attempt(pickler_face.model)


def test_it_dies_with_the_memo(pickler_face, protocol):
    for pickler_class in pickler_face.both():
        Events.log = []
        try:
            pickler = pickler_class(io.BytesIO(), protocol)
            pickler.dump([Makes("list item", WithReduce), "end"])
            assert Events.log == []
            pickler.clear_memo()
            assert Events.log == ["finalised"]
        finally:
            Events.log = None


class WithFile:
    """Owns a file, which it closes at its end."""

    __slots__ = ("file",)

    def __init__(self):
        self.file = io.BytesIO(b"content")

    def __reduce__(self):
        return rebuilt, ()

    def __del__(self):
        self.file.close()


class Reads:
    """Reduces to what it reads from the file of a temporary that was saved before."""

    seen = None

    def __reduce__(self):
        return rebuilt, (Reads.seen.read(),)


class Opens:
    def __reduce__(self):
        temporary = WithFile()
        Reads.seen = temporary.file
        return rebuilt, (), None, iter([temporary])


def test_a_file_that_a_temporary_owns(face, protocol):
    try:
        ours, model = (dumped(c, [Opens(), Reads()], protocol) for c in face.both())
        assert ours == model
    finally:
        Reads.seen = None
