"""Row "order of questions": which registration wins for an object of each type.

A hook that answers for everything shows who was asked first; one that is registered for one type
only shows whether it is asked about that type at all.
"""

import copyreg
import io
import pickle

import pytest
from faces import HOOKABLE, LEAN, dumped, outcome


def function():
    pass


class Meta(type):
    pass


class OfMeta(metaclass=Meta):
    pass


class Instance:
    pass


class OwnReduce:
    def __reduce__(self):
        return OwnReduce, ()


class Listed(list):
    pass


OBJECTS = {
    "None": lambda: None,
    "bool": lambda: True,
    "int": lambda: 5,
    "float": lambda: 1.5,
    "str": lambda: "text",
    "bytes": lambda: b"bytes",
    "dict": lambda: {1: 2},
    "set": lambda: {1},
    "frozenset": lambda: frozenset([1]),
    "list": lambda: [1],
    "tuple": lambda: (1,),
    "empty tuple": lambda: (),
    "bytearray": lambda: bytearray(b"array"),
    "PickleBuffer": lambda: pickle.PickleBuffer(b"buffer"),
    "class": lambda: Instance,
    "class of a metaclass": lambda: OfMeta,
    "function": lambda: function,
    "builtin function": lambda: len,
    "instance": Instance,
    "instance of a metaclass's class": OfMeta,
    "instance with a reduce method": OwnReduce,
    "list subclass": lambda: Listed([1]),
    "ellipsis": lambda: ...,
    "complex": lambda: 1j,
}


def replaced(obj):
    return complex, (2.5,)


def answer_of(face, name, protocol, attempt):
    """What `attempt` gives over our class, which must be what it gives over the model."""
    ours = outcome(attempt, face.ours, OBJECTS[name]())
    assert ours == outcome(attempt, face.model, OBJECTS[name]())
    return ours


@pytest.mark.parametrize("name", OBJECTS)
def test_persistent_id_is_asked_about_everything(face, name, protocol):
    def attempt(base, obj):
        hook = {"persistent_id": lambda self, asked: "stored" if asked is obj else None}
        return dumped(type("Sub", (base,), hook), [obj, obj], protocol)

    kind, written = answer_of(face, name, protocol, attempt)
    assert kind == "value"
    assert b"stored" in written


@pytest.mark.parametrize("name", OBJECTS)
def test_reducer_override(face, name, protocol):
    def attempt(base, obj):
        def reducer_override(self, asked):
            return replaced(asked) if asked is obj else NotImplemented

        return dumped(type("Sub", (base,), {"reducer_override": reducer_override}), [obj, obj], protocol)

    answer_of(face, name, protocol, attempt)


@pytest.mark.parametrize("name", OBJECTS)
def test_dispatch_table(face, name, protocol):
    def attempt(base, obj):
        file = io.BytesIO()
        pickler = base(file, protocol)
        pickler.dispatch_table = {type(obj): replaced}
        pickler.dump([obj, obj])
        return file.getvalue()

    answer_of(face, name, protocol, attempt)


@pytest.mark.parametrize("name", OBJECTS)
def test_reducer_override_before_the_dispatch_table(face, name, protocol):
    def attempt(base, obj):
        asked = []

        class Sub(base):
            dispatch_table = {type(obj): replaced}

            def reducer_override(self, obj):
                asked.append(type(obj).__name__)
                return NotImplemented

        return dumped(Sub, [obj], protocol), asked

    answer_of(face, name, protocol, attempt)


@pytest.mark.parametrize("name", OBJECTS)
def test_copyreg(face, name, protocol, monkeypatch):
    def attempt(base, obj):
        monkeypatch.setitem(copyreg.dispatch_table, type(obj), replaced)
        try:
            return dumped(base, [obj, obj], protocol)
        finally:
            monkeypatch.undo()

    answer_of(face, name, protocol, attempt)


def test_a_table_wins_over_the_metaclass(face, protocol):
    def attempt(base):
        return dumped(type("Sub", (base,), {"dispatch_table": {Meta: replaced}}), OfMeta, protocol)

    assert attempt(face.ours) == attempt(face.model)
    assert b"complex" in attempt(face.ours)


def test_exact_classes_are_never_looked_for_in_a_table(protocol):
    for face in (LEAN, HOOKABLE):
        for base in face.both():
            sub = type("Sub", (base,), {"dispatch_table": {type: replaced}})
            assert b"complex" not in dumped(sub, Instance, protocol)
