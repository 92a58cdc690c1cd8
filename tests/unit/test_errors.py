"""A dump that fails leaks nothing: no object, no reference, no memory."""

import gc
import io
import itertools
import sys
import weakref

import pytest
from faces import raised


class Failure(Exception):
    pass


class Culprit:
    def __reduce__(self):
        raise Failure


class Witness:
    """Part of what is pickled, to see whether it can go."""


class Reduced:
    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return self.value


def setter(obj, state):
    pass


def graphs(witness):
    """Each fails somewhere else in the walk, with the witness on the way."""
    culprit = Culprit()
    return {
        "list": [witness, [witness, culprit]],
        "tuple": (witness, (witness, culprit)),
        "long tuple": (witness, 1, 2, 3, culprit),
        "dict": {"w": witness, "c": {"c": culprit}},
        "dict key": {witness: {culprit: 1}},
        "set": {frozenset([culprit])},
        "attribute": Reduced((dict, (), {"w": witness, "c": culprit})),
        "argument": Reduced((dict, (witness, culprit))),
        "list items": Reduced((list, (), None, iter([witness, culprit, witness]))),
        "dict items": Reduced((dict, (), None, None, iter([(1, witness), (2, culprit)]))),
        "state setter": Reduced((dict, (), witness, None, None, culprit)),
        "reconstructor": Reduced((culprit, (witness,))),
        "not callable": [witness, Reduced((5, (witness,)))],
        "no tuple": [witness, Reduced([witness])],
        "name": [witness, Reduced("no such name")],
    }


NAMES = list(graphs(None))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_the_graph_is_kept_alive(face, name, protocol):
    witness = Witness()
    alive = weakref.ref(witness)
    pickler = face.ours(io.BytesIO(), protocol)
    obj = graphs(witness)[name]
    error = raised(pickler.dump, obj)
    assert error.__traceback__ is not None
    del obj, error, witness
    pickler.clear_memo()
    gc.collect()
    assert alive() is None


ITERATORS_ARE_SPENT = {"list items", "dict items"}


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("name", sorted(set(NAMES) - ITERATORS_ARE_SPENT))
def test_many_failures_take_no_memory(face, name, protocol):
    obj = graphs(Witness())[name]

    def blocks_after_failures():
        for _ in range(50):
            raised(face.ours(io.BytesIO(), protocol).dump, obj)
        gc.collect()
        return sys.getallocatedblocks()

    # The interpreter's caches and free lists fill at first; a leak grows in every round.
    rounds = itertools.pairwise(blocks_after_failures() for _ in range(20))
    assert any(after - before < 25 for before, after in rounds)


def test_references_to_what_every_dump_uses_do_not_grow(face, protocol):
    shared = ["shared"]
    file = io.BytesIO()

    def counts():
        return [sys.getrefcount(obj) for obj in (shared, shared[0], file, Reduced, setter)]

    before = counts()
    for _ in range(50):
        pickler = face.ours(file, protocol)
        pickler.dump([shared, shared, Reduced((Reduced, (1,), {"s": shared}, None, None, setter))])
        raised(pickler.dump, [shared, Reduced, Culprit()])
    del pickler
    gc.collect()
    assert counts() == before


class Identity(bytes):
    """A value that a hook returns, and that can be watched."""

    __slots__ = ()

    released = 0

    def __del__(self):
        Identity.released += 1


def test_what_persistent_id_returns_is_released(face, protocol):
    class Sub(face.ours):
        def persistent_id(self, obj):
            return Reduced((Identity, (), Identity(b"id"))) if isinstance(obj, Witness) else None

    pickler = Sub(io.BytesIO(), protocol)
    Identity.released = 0
    raised(pickler.dump, [Witness(), Culprit()])
    pickler.clear_memo()
    gc.collect()
    assert Identity.released == 1


@pytest.mark.parametrize("hook", ["persistent_id", "reducer_override", "resolve_global"])
def test_a_pickler_with_hooks_is_released_after_a_failure(face, hook, protocol):
    def failing(self, *args):
        raise Failure

    class_of = type("Sub", (face.ours,), {hook: failing})
    pickler = class_of(io.BytesIO(), protocol)
    pickler.hook_of_the_instance = getattr(pickler, hook)
    raised(pickler.dump, [Witness(), len])
    alive = weakref.ref(pickler)
    del pickler
    gc.collect()
    assert alive() is None
