"""Hazard: Python code frees what was written and deferred, and puts a new object at its address.

The models keep what they wrote, so there the new object has an address of its own.
"""

import copyreg
import pickle

import pytest
from faces import HOOKABLE, dumped
from parts import HERE, PARTS, Gives, Marker, both, nothing, rebuilt, warm

# An object that no graph here holds by chance.
ASKED = 123456789


class Graph:
    """A root with a part, what frees it, and a tail where an equal part takes its place."""

    def __init__(self, kind, *frees):
        self.kind = kind
        self.tail = []
        self.root = [*warm(kind), PARTS[kind](), *frees, self.tail]

    def free(self):
        self.root[HERE] = None
        self.tail.append(PARTS[self.kind]())


class Holds:
    """Its arguments hold a part, which what follows in the reduce value frees."""

    def __init__(self, kind, form):
        self.kind = kind
        self.form = form
        self.arguments = ([PARTS[kind]()],)
        self.tail = []

    def free(self):
        if self.arguments[0][0] is not None:
            self.arguments[0][0] = None
            self.tail.append(PARTS[self.kind]())

    def yielded(self):
        self.free()
        yield self.tail

    def __reduce__(self):
        return FORMS[self.form](self)


class Iterable:
    """Calls a function when it is asked for its iterator."""

    def __init__(self, call, items):
        self.call = call
        self.items = items

    def __iter__(self):
        self.call()
        return iter(self.items)


class DyingValue(tuple):
    def __del__(self):
        self.at_end()


def dying(holds):
    value = DyingValue((rebuilt, holds.arguments))
    value.at_end = holds.free
    return value


FORMS = {
    "next": lambda holds: (rebuilt, holds.arguments, None, holds.yielded()),
    "next pair": lambda holds: (rebuilt, holds.arguments, None, None, ((None, x) for x in holds.yielded())),
    "release": dying,
}

# Only the hookable face takes iterables, and pairs that are no tuples.
HOOKABLE_FORMS = {
    "iter": lambda holds: (rebuilt, holds.arguments, None, Iterable(holds.free, [holds.tail])),
    "pair": lambda holds: (
        rebuilt,
        holds.arguments,
        None,
        None,
        iter([Iterable(nothing, [1, holds.arguments[0]]), Iterable(holds.free, [2, holds.tail])]),
    ),
}
FORMS |= HOOKABLE_FORMS

EVERY_PART = pytest.mark.parametrize("kind", PARTS)


@EVERY_PART
def test_by_reduce(face, kind, protocol):
    def attempt(pickler_class):
        graph = Graph(kind, Gives(lambda: graph.free()))
        return dumped(pickler_class, graph.root, protocol)

    both(face, attempt)


@EVERY_PART
def test_by_persistent_id(pickler_face, kind, protocol):
    def attempt(base):
        graph = Graph(kind, ASKED)

        class Sub(base):
            def persistent_id(self, obj):
                if obj is ASKED:
                    graph.free()

        return dumped(Sub, graph.root, protocol)

    both(pickler_face, attempt)


@EVERY_PART
def test_by_reducer_override(pickler_face, kind, protocol):
    def attempt(base):
        graph = Graph(kind, Marker())

        class Sub(base):
            def reducer_override(self, obj):
                if not isinstance(obj, Marker):
                    return NotImplemented
                graph.free()
                return rebuilt, ()

        return dumped(Sub, graph.root, protocol)

    both(pickler_face, attempt)


@EVERY_PART
def test_by_a_registered_function(face, kind, protocol):
    def attempt(base):
        graph = Graph(kind, Marker())
        copyreg.dispatch_table[Marker] = lambda obj: (graph.free(), (rebuilt, ()))[1]
        try:
            return dumped(base, graph.root, protocol)
        finally:
            del copyreg.dispatch_table[Marker]

    both(face, attempt)


@EVERY_PART
def test_by_a_look_up_in_the_dispatch_table(pickler_face, kind, protocol):
    def attempt(base):
        graph = Graph(kind, Marker())

        class Table(dict):
            def asked_for(self, cls):
                if cls is Marker and not graph.tail:
                    graph.free()

            def __getitem__(self, cls):
                self.asked_for(cls)
                raise KeyError

            def get(self, cls, default=None):
                self.asked_for(cls)
                return default

        return dumped(type("Sub", (base,), {"dispatch_table": Table()}), graph.root, protocol)

    both(pickler_face, attempt)


@EVERY_PART
def test_by_resolve_global(pickler_face, kind, protocol):
    """The models have no such hook: theirs is a graph where the new part stands from the start."""
    graph, expected = Graph(kind, Marker), Graph(kind, Marker)
    expected.tail.append(PARTS[kind]())

    class Sub(pickler_face.ours):
        def resolve_global(self, obj, name=None):
            if obj is Marker:
                graph.free()
            return super().resolve_global(obj, name)

    assert dumped(Sub, graph.root, protocol) == dumped(pickler_face.model, expected.root, protocol)


@EVERY_PART
def test_by_buffer_callback(face, kind):
    def attempt(base):
        graph = Graph(kind, pickle.PickleBuffer(b"data"))
        return dumped(base, graph.root, 5, buffer_callback=lambda buffer: graph.free())

    both(face, attempt)


@pytest.mark.parametrize("since_direct", range(1, 6), ids=lambda since_direct: f"protocol{since_direct}")
@EVERY_PART
def test_by_write(face, kind, since_direct):
    def attempt(pickler_class):
        graph = Graph(kind, b"x" * 70_000)
        written = []

        class File:
            def write(self, data):
                written.append(bytes(data))
                if len(data) >= 70_000 and not graph.tail:
                    graph.free()

        pickler_class(File(), since_direct).dump(graph.root)
        return b"".join(written)

    both(face, attempt)


@pytest.mark.parametrize("form", ["next", "next pair", "release"])
@EVERY_PART
def test_by_what_a_reduce_value_holds(face, kind, form, protocol):
    def attempt(pickler_class):
        holds = Holds(kind, form)
        return dumped(pickler_class, [*warm(kind), holds, holds.tail], protocol)

    both(face, attempt)


@pytest.mark.parametrize("form", HOOKABLE_FORMS)
@EVERY_PART
def test_by_what_only_the_hookable_face_takes(kind, form, protocol):
    def attempt(pickler_class):
        holds = Holds(kind, form)
        return dumped(pickler_class, [*warm(kind), holds, holds.tail], protocol)

    both(HOOKABLE, attempt)
