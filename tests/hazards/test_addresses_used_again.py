"""Hazard: temporaries die during the dump, and what is made next stands at their addresses.

The models keep every temporary alive until the memo is cleared, so there no address comes back.
"""

import copyreg

import pytest
from faces import dumped
from parts import Marker, both, rebuilt

MANY = 40


def fresh(tag):
    """A nest of new containers of every kind, none of which anybody else holds."""
    return [[f"list {tag}"], {f"key {tag}": [f"value {tag}"]}, (f"tuple {tag}", [tag]), {f"set {tag}"}]


class Values:
    """Reduces to new objects each time, and before that puts another new one into a tail."""

    def __init__(self, tag, tail):
        self.tag = tag
        self.tail = tail

    def grow(self):
        tag = self.tag
        self.tail.append([[f"tail {tag}"], {"tail": tag}, (f"tail {tag}", tag), f"text {tag}", {tag}])


class Arguments(Values):
    def __reduce__(self):
        self.grow()
        return rebuilt, (fresh(self.tag), *fresh(self.tag))


class States(Values):
    def __reduce__(self):
        self.grow()
        return rebuilt, (), fresh(self.tag)


class ListItems(Values):
    def __reduce__(self):
        self.grow()
        return rebuilt, (), None, iter(fresh(self.tag))


class LazyItems(Values):
    def yielded(self):
        for tag in range(MANY):
            self.grow()
            yield fresh(tag)

    def __reduce__(self):
        return rebuilt, (), None, self.yielded()


class DictItems(Values):
    def __reduce__(self):
        self.grow()
        return rebuilt, (), None, None, iter([((f"key {self.tag}",), fresh(self.tag))])


class NewArguments(Values):
    def __getnewargs__(self):
        self.grow()
        return tuple(fresh(self.tag))

    def __getstate__(self):
        return None


class NewKeywords(Values):
    def __getnewargs_ex__(self):
        self.grow()
        return (fresh(self.tag),), {"given": fresh(self.tag)}

    def __getstate__(self):
        return None


class Getstate(Values):
    def __getstate__(self):
        self.grow()
        return fresh(self.tag)


KINDS = [Arguments, States, ListItems, LazyItems, DictItems, NewArguments, NewKeywords, Getstate]


@pytest.mark.parametrize("kind", KINDS)
def test_of_what_an_object_reduces_to(face, kind, protocol):
    def make():
        tail = []
        return [*(kind(tag, tail) for tag in range(MANY)), tail]

    both(face, lambda pickler_class: dumped(pickler_class, make(), protocol))


@pytest.mark.parametrize("kind", KINDS)
def test_met_at_once(face, kind, protocol):
    """The tail is walked after each object, so what took an address is met as early as can be."""

    def make():
        root = []
        for tag in range(MANY):
            tail = []
            root += [kind(tag, tail), tail]
        return root

    both(face, lambda pickler_class: dumped(pickler_class, make(), protocol))


BUILTIN = {
    "bytes": lambda tag: bytes([tag, 1, 2]),
    "bytearray": lambda tag: bytearray([tag, 1, 2]),
    "set": lambda tag: {tag, -tag},
    "frozenset": lambda tag: frozenset([tag, -tag]),
}


class Slotted(Values):
    __slots__ = ("first", "second")

    def __init__(self, tag, tail):
        super().__init__(tag, None)
        self.first, self.second = fresh(tag), [tag]


@pytest.mark.parametrize("kind", BUILTIN)
def test_of_what_stands_for_a_builtin_type(face, kind, protocol):
    """In the older protocols the walk makes up a reduce value, which dies."""

    def make():
        root = []
        for tag in range(MANY):
            tail = []
            root += [BUILTIN[kind](tag), Arguments(tag, tail), BUILTIN[kind](tag + MANY), tail]
        return root

    both(face, lambda pickler_class: dumped(pickler_class, make(), protocol))


@pytest.mark.parametrize("since_slots", range(2, 6), ids=lambda since_slots: f"protocol{since_slots}")
def test_of_the_state_of_slots(face, since_slots):
    """The state of an instance with slots is a pair made for the occasion."""

    def make():
        root = []
        for tag in range(MANY):
            tail = []
            root += [Slotted(tag, None), Arguments(tag, tail), Slotted(tag, None), tail]
        return root

    both(face, lambda pickler_class: dumped(pickler_class, make(), since_slots))


def test_of_persistent_ids(pickler_face, protocol):
    def attempt(base):
        tail = []

        class Sub(base):
            def persistent_id(self, obj):
                if isinstance(obj, Marker):
                    tail.append([f"tail {len(tail)}"])
                    return f"id {len(tail)}" if protocol == 0 else (f"id {len(tail)}", [len(tail)])
                return None

        return dumped(Sub, [*(Marker() for _ in range(MANY)), tail], protocol)

    both(pickler_face, attempt)


def test_of_what_a_registered_function_returns(pickler_face, protocol):
    def attempt(base):
        tail = []

        def reduce(obj):
            tail.append([f"tail {len(tail)}"])
            return copyreg.__newobj__, (Marker, *fresh(len(tail))), fresh(len(tail))

        table = type("Sub", (base,), {"dispatch_table": {Marker: reduce}})
        return dumped(table, [*(Marker() for _ in range(MANY)), tail], protocol)

    both(pickler_face, attempt)
