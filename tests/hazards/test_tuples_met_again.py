"""Hazard: a tuple or frozenset is memoized last, so it is met again while it is open.

What it alone holds is then met twice, though it counts a single reference.
"""

import pytest
from faces import assert_same_bytes, dumped
from parts import PARTS, Thing, both, nothing, rebuilt, warm

EVERY_PART = pytest.mark.parametrize("kind", PARTS)


class Hashed(Thing):
    """Its hash lets two graphs order it alike."""

    def __hash__(self):
        return 7


@pytest.mark.parametrize("size", range(1, 6))
@EVERY_PART
def test_a_tuple_in_a_list_that_it_holds(face, kind, size, protocol):
    def make():
        inner = []
        outer = (PARTS[kind](), inner, *(PARTS[kind]() for _ in range(size)))
        inner.append(outer)
        return [*warm(kind), outer]

    assert_same_bytes(face, make, protocol)


@EVERY_PART
def test_a_tuple_as_the_root(face, kind, protocol):
    def make():
        inner = []
        outer = (inner, PARTS[kind]())
        inner.append(outer)
        return outer

    assert_same_bytes(face, make, protocol)


@EVERY_PART
def test_tuples_one_inside_the_other(face, kind, protocol):
    def make():
        inner = {}
        outer = ((inner, (PARTS[kind](), [0])), (PARTS[kind](),))
        inner["outer"] = outer
        inner["inside"] = outer[0]
        return [*warm(kind), outer]

    assert_same_bytes(face, make, protocol)


@pytest.mark.parametrize("kind", ["tuple", "str", "bytes", "frozenset"])
def test_a_frozenset_in_an_instance_that_it_holds(face, kind, protocol):
    instance = Hashed()
    instance.value = frozenset([instance, PARTS[kind](), (PARTS[kind](), 1)])
    both(face, lambda pickler_class: dumped(pickler_class, [*warm(kind), instance.value], protocol))


class Once:
    """Gives something the first time that it is saved."""

    def __init__(self, give):
        self.give = give

    def __hash__(self):
        return 7

    def __reduce__(self):
        give, self.give = self.give, nothing
        return rebuilt, (give(),)


@pytest.mark.parametrize("size", range(1, 5))
@EVERY_PART
def test_a_tuple_handed_over_while_it_is_open(face, kind, size, protocol):
    def attempt(pickler_class):
        root = warm(kind)
        root.append((PARTS[kind](), Once(lambda: root[-1]), *(PARTS[kind]() for _ in range(size))))
        return dumped(pickler_class, root, protocol)

    both(face, attempt)


@EVERY_PART
def test_a_frozenset_handed_over_while_it_is_open(face, kind, protocol):
    def attempt(pickler_class):
        root = warm(kind)
        root.append(frozenset([Once(lambda: root[-1]), 1]))
        return dumped(pickler_class, root, protocol)

    both(face, attempt)
