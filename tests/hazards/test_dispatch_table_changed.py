"""Hazard: classes without a function in the dispatch table are remembered, and the table changes."""

import contextlib

import pytest
from faces import dumped, outcome
from parts import both, rebuilt


class Registered:
    pass


class Other:
    pass


class Changes:
    def __init__(self, change):
        self.change = change

    def __reduce__(self):
        self.change()
        return rebuilt, ()


def reduced(obj):
    return rebuilt, ("registered",)


def reduced_otherwise(obj):
    return rebuilt, ("otherwise",)


def emptied_and_filled(table):
    table.clear()
    table[Registered] = reduced


CHANGES = {
    "an entry": lambda table: table.__setitem__(Registered, reduced),
    "update": lambda table: table.update({Registered: reduced}),
    "|=": lambda table: table.__ior__({Registered: reduced}),
    "setdefault": lambda table: table.setdefault(Registered, reduced),
    "clear": emptied_and_filled,
    "of another class": lambda table: table.__setitem__(Other, reduced),
}

REMOVALS = {
    "del": lambda table: table.__delitem__(Registered),
    "pop": lambda table: table.pop(Registered),
    "popitem": lambda table: table.popitem(),
    "clear": lambda table: table.clear(),
    "another value": lambda table: table.__setitem__(Registered, reduced_otherwise),
}


def attempt_with(pickler_class, table, change, protocol):
    class Sub(pickler_class):
        dispatch_table = table

    changes = Changes(lambda: change(table))
    objects = [Registered(), Registered(), changes, Registered(), Other(), Registered()]
    return outcome(dumped, Sub, objects, protocol)


@pytest.mark.parametrize("before", [{}, {Other: reduced}], ids=["empty", "filled"])
@pytest.mark.parametrize("change", CHANGES)
def test_an_entry_is_added(pickler_face, change, before, protocol):
    both(pickler_face, lambda base: attempt_with(base, dict(before), CHANGES[change], protocol))


@pytest.mark.parametrize("removal", REMOVALS)
def test_an_entry_is_removed(pickler_face, removal, protocol):
    both(pickler_face, lambda base: attempt_with(base, {Registered: reduced}, REMOVALS[removal], protocol))


def test_another_table_takes_its_place(pickler_face, protocol):
    """The second table lies, more often than not, where the first did."""

    def attempt(base):
        pickles = []
        for number in range(20):
            table = {Other: reduced} if number % 2 else {Registered: reduced}
            sub = type("Sub", (base,), {"dispatch_table": table})
            pickles.append(dumped(sub, [Registered(), Other(), Registered()], protocol))
            del table, sub
        return pickles

    both(pickler_face, attempt)


class Meta(type):
    pass


class Key(metaclass=Meta):
    pass


def hash_as_registered(cls):
    return hash(Registered) if cls is Key else type.__hash__(cls)


@contextlib.contextmanager
def restored():
    """What is put on the metaclass in here is gone afterwards."""
    try:
        yield
    finally:
        for name in {"__hash__", "__eq__"} & set(vars(Meta)):
            delattr(Meta, name)


def test_a_key_compares_by_python_code_from_now_on(pickler_face, protocol):
    """A key of the same hash is asked whether it is equal."""

    def attempt(base):
        asked = []

        def change():
            Meta.__hash__ = hash_as_registered
            table[Key] = reduced
            Meta.__eq__ = lambda cls, other: asked.append(other) or other is Registered

        table = {Other: reduced}
        with restored():
            result = attempt_with(base, table, lambda table: change(), protocol)
            return result, bool(asked)

    both(pickler_face, attempt)


def test_a_key_compares_by_python_code_and_the_table_stays(pickler_face, protocol):
    """The table is not touched: what changed is the class of its key."""

    def attempt(base):
        asked = []

        def change(table):
            Meta.__eq__ = lambda cls, other: asked.append(other) or other is Registered

        with restored():
            Meta.__hash__ = hash_as_registered
            result = attempt_with(base, {Key: reduced}, change, protocol)
            return result, bool(asked)

    both(pickler_face, attempt)
