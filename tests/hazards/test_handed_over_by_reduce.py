"""Hazard: a reduce method returns a piece of the graph that was written and only deferred."""

import pytest
from faces import assert_same_bytes
from parts import HASHABLE, HERE, PARTS, Gives, Thing, nothing, rebuilt, warm

# How a part is held, and how it is fetched from there.
HOLDERS = {
    "list": (lambda part: [part], lambda holder: holder[0]),
    "dict value": (lambda part: {"key": part}, lambda holder: holder["key"]),
    "tuple": (lambda part: (part, 0), lambda holder: holder[0]),
    "attribute": (Thing, lambda holder: holder.value),
    "dict key": (lambda part: {part: 0}, lambda holder: next(iter(holder))),
    "set": (lambda part: {part}, lambda holder: next(iter(holder))),
    "frozenset": (lambda part: frozenset([part]), lambda holder: next(iter(holder))),
}

NEEDS_HASH = {"dict key", "set", "frozenset"}


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


class ByReduceEx:
    def __init__(self, give):
        self.give = give

    def __reduce_ex__(self, protocol):
        return rebuilt, (self.give(),)


class ByState:
    def __init__(self, give):
        self.give = give

    def __reduce__(self):
        return rebuilt, (), self.give()


class ByGetstate:
    def __init__(self, give):
        self.give = give

    def __getstate__(self):
        return (self.give(),)


class ByGetnewargs:
    def __init__(self, give):
        self.give = give

    def __getnewargs__(self):
        return (self.give(),)

    def __getstate__(self):
        return None


class ByGetnewargsEx:
    def __init__(self, give):
        self.give = give

    def __getnewargs_ex__(self):
        return (), {"given": self.give()}

    def __getstate__(self):
        return None


class ByDictItems:
    def __init__(self, give):
        self.give = give

    def __reduce__(self):
        return rebuilt, (), None, None, iter([("key", self.give())])


class ByListItems:
    def __init__(self, give):
        self.give = give

    def __reduce__(self):
        return rebuilt, (), None, iter([self.give()])


WAYS = [ByReduceEx, ByState, ByGetstate, ByGetnewargs, ByGetnewargsEx, ByDictItems, ByListItems]


@pytest.mark.parametrize("kind", PARTS)
def test_the_part_itself(face, kind, protocol):
    def make():
        root = [*warm(kind)]
        root += [PARTS[kind](), Gives(lambda: root[HERE])]
        return root

    assert_same_bytes(face, make, protocol)


@pytest.mark.parametrize(
    ("holder", "kind"),
    [(holder, kind) for holder in HOLDERS for kind in PARTS if kind in HASHABLE or holder not in NEEDS_HASH],
)
def test_what_the_part_holds(face, holder, kind, protocol):
    hold, fetch = HOLDERS[holder]

    def make():
        root = [*warm(kind)]
        root += [hold(0), hold(0), Gives(nothing), hold(PARTS[kind]()), Gives(lambda: fetch(root[6]))]
        return root

    assert_same_bytes(face, make, protocol)


@pytest.mark.parametrize("since_slots", range(2, 6), ids=lambda since_slots: f"protocol{since_slots}")
@pytest.mark.parametrize("kind", PARTS)
def test_what_a_slot_holds(face, kind, since_slots):
    def make():
        root = [*warm(kind)]
        root += [Slotted(0), Slotted(0), Gives(nothing), Slotted(PARTS[kind]()), Gives(lambda: root[6].value)]
        return root

    assert_same_bytes(face, make, since_slots)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", PARTS)
def test_by_any_item_of_the_value(face, way, kind, protocol):
    def make():
        root = [*warm(kind), way(nothing)]
        root += [PARTS[kind](), way(lambda: root[4])]
        return root

    assert_same_bytes(face, make, protocol)


@pytest.mark.parametrize("kind", sorted(HASHABLE))
def test_a_value_by_its_key(face, kind, protocol):
    """The key's own `__reduce__` hands its value over, which is met a second time in its turn."""

    def make():
        entries = {}
        key = Gives(lambda: entries[key])
        entries[key] = PARTS[kind]()
        return [*warm(kind), entries]

    assert_same_bytes(face, make, protocol)


@pytest.mark.parametrize("container", [list, tuple], ids=["list", "tuple"])
@pytest.mark.parametrize("kind", PARTS)
def test_a_part_whose_turn_comes_later(face, container, kind, protocol):
    """What was handed over before its container came to it is found in the memo."""

    def make():
        later = container([Gives(lambda: later[1]), PARTS[kind]()])
        return [*warm(kind), later]

    assert_same_bytes(face, make, protocol)
