"""Hazard: the dicts of two instances show one key object, which counts a single reference."""

import sys

import pytest
from faces import assert_same_bytes, dumped
from parts import both, rebuilt


class Open:
    """A class whose instances take any attribute."""


def instance(names):
    """Its dict is filled under names that nobody else holds."""
    obj = Open()
    for letters in names:
        vars(obj)["".join(letters)] = 0
    return obj


NAMES = [["plain", "name"], ["not a", " name"], ["n\xe4", "me"]]


def interned(names):
    obj = Open()
    for letters in names:
        setattr(obj, sys.intern("".join(letters)), 0)
    return obj


MAKERS = pytest.mark.parametrize("make_one", [instance, interned], ids=["not interned", "interned"])


@MAKERS
def test_of_instances(face, make_one, protocol):
    assert_same_bytes(face, lambda: [make_one(NAMES) for _ in range(5)], protocol)


@MAKERS
def test_of_their_dicts(face, make_one, protocol):
    """The dicts alone, as other people's reducers hand them over."""

    def attempt(pickler_class):
        instances = [make_one(NAMES) for _ in range(5)]
        return dumped(pickler_class, [vars(obj) for obj in instances], protocol)

    both(face, attempt)


class GivesDicts:
    """Reduces to the dicts of new instances, which nobody else holds."""

    def __init__(self, make_one):
        self.make_one = make_one

    def __reduce__(self):
        return rebuilt, tuple(self.make_one(NAMES).__dict__ for _ in range(3)), self.make_one(NAMES).__dict__


@MAKERS
def test_of_temporaries(face, make_one, protocol):
    def attempt(pickler_class):
        first = make_one(NAMES)
        return dumped(pickler_class, [GivesDicts(make_one), first, GivesDicts(make_one)], protocol)

    both(face, attempt)


class GivesInterned:
    """A string that is interned is handed over by whoever interns an equal one."""

    def __init__(self, tag, hold):
        self.tag = tag
        self.hold = hold

    def name(self):
        return sys.intern("".join(["a name ", str(self.tag)]))

    def __reduce__(self):
        return rebuilt, (self.hold(self.name()),), None, (self.name() for _ in range(2))


HOLDS = {
    "list": lambda name: [name],
    "dict key": lambda name: {name: 0},
    "dict value": lambda name: {"key": name},
    "tuple": lambda name: (name, 0),
}


@pytest.mark.parametrize("hold", HOLDS)
def test_of_interned_strings(face, hold, protocol):
    def make():
        return [GivesInterned(tag, HOLDS[hold]) for tag in range(5)]

    assert_same_bytes(face, make, protocol)
