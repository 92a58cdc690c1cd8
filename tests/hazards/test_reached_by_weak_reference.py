"""Hazard: a weak reference hands over what counts as held by nobody else."""

import weakref

import pytest
from faces import dumped
from parts import Gives, Thing, both, nothing, rebuilt


class Elements(set):
    pass


MADE = {
    "set": lambda: {1, 2},
    "frozenset": lambda: frozenset([1, 2]),
    "instance": lambda: Thing("made"),
    "subclass": lambda: Elements([1, 2]),
}


class Weakly:
    """Its arguments hold a new object, which its items fetch once more by a weak reference."""

    def __init__(self, make):
        self.make = make

    def __reduce__(self):
        made = self.make()
        reference = weakref.ref(made)
        return rebuilt, (made,), None, (reference() for _ in range(2))


@pytest.mark.parametrize("kind", MADE)
def test_a_temporary(face, kind, protocol):
    def attempt(pickler_class):
        return dumped(pickler_class, [Thing(), Thing(), Weakly(MADE[kind])], protocol)

    both(face, attempt)


@pytest.mark.parametrize("kind", MADE)
def test_what_one_container_holds(face, kind, protocol):
    def attempt(pickler_class):
        held = MADE[kind]()
        reference = weakref.ref(held)
        root = [Thing(), Thing(), Elements(), Gives(nothing), held, Gives(reference)]
        del held
        return dumped(pickler_class, root, protocol)

    both(face, attempt)
