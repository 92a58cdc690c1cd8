"""Hazard: a plain instance has an attribute by the name of a method that a plan rests on."""

import pytest
from faces import dumped, outcome
from parts import Thing, both, rebuilt


def own_reduce(*protocol):
    return rebuilt, ("own",)


def own_getstate():
    return "own state"


def own_getnewargs():
    return ("own",)


def own_getnewargs_ex():
    return ("own",), {"key": "own"}


OWN = {
    "__reduce_ex__": own_reduce,
    "__reduce__": own_reduce,
    "__getstate__": own_getstate,
    "__getnewargs__": own_getnewargs,
    "__getnewargs_ex__": own_getnewargs_ex,
    "__class__": Thing,
    "__dict__": {"other": 1},
    "__slotnames__": ["value"],
    "__slots__": ["value"],
    "__getattribute__": own_getstate,
    "__getattr__": own_getstate,
    "__module__": "elsewhere",
    "__new__": own_getstate,
    "__setstate__": own_getstate,
}

NAMES = pytest.mark.parametrize("name", OWN)


class Name(str):
    pass


class DictAndSlots:
    __slots__ = ("slot", "__dict__")

    def __init__(self, slot=0):
        self.slot = slot


SPELLINGS = {
    "interned": lambda name: name,
    "not interned": lambda name: "".join(list(name)),
    "of a subclass": Name,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@NAMES
def test_by_an_attribute_of_the_instance(face, name, spelling, protocol):
    def attempt(pickler_class):
        shadowed = Thing("shadowed")
        vars(shadowed)[SPELLINGS[spelling](name)] = OWN[name]
        root = [Thing("a"), Thing("b"), shadowed, Thing("c"), shadowed]
        return outcome(dumped, pickler_class, root, protocol)

    both(face, attempt)


@NAMES
def test_by_an_attribute_beside_slots(face, name, protocol):
    def attempt(pickler_class):
        shadowed = DictAndSlots("shadowed")
        vars(shadowed)[name] = OWN[name]
        root = [DictAndSlots("a"), DictAndSlots("b"), shadowed, DictAndSlots("c")]
        return outcome(dumped, pickler_class, root, protocol)

    both(face, attempt)


@NAMES
def test_by_an_attribute_set_during_the_dump(pickler_face, name, protocol):
    def attempt(pickler_class):
        shadowed = Thing("shadowed")

        class Sub(pickler_class):
            def persistent_id(self, obj):
                if obj == "now":
                    vars(shadowed)[name] = OWN[name]

        root = [Thing("a"), Thing("b"), "now", shadowed, Thing("c")]
        return outcome(dumped, Sub, root, protocol)

    both(pickler_face, attempt)


@NAMES
def test_by_an_attribute_that_a_reduce_method_sets(face, name, protocol):
    class Sets:
        def __init__(self, target):
            self.target = target

        def __reduce__(self):
            vars(self.target)[name] = OWN[name]
            return rebuilt, ()

    def attempt(pickler_class):
        shadowed = Thing("shadowed")
        root = [Thing("a"), Thing("b"), Sets(shadowed), shadowed, Thing("c")]
        return outcome(dumped, pickler_class, root, protocol)

    both(face, attempt)


class Reducing:
    """Its class names the method that is asked."""

    def __init__(self, value=0):
        self.value = value

    def __reduce__(self):
        return Reducing, (self.value,)


class ReducingError(Exception):
    """The same, with a `__dict__` at a fixed place."""

    def __reduce__(self):
        return ReducingError, (self.args,)


@pytest.mark.parametrize("cls", [Reducing, ReducingError])
@NAMES
def test_by_an_attribute_of_an_instance_with_a_reduce_method(face, cls, name, protocol):
    def attempt(pickler_class):
        shadowed = cls("shadowed")
        vars(shadowed)[name] = OWN[name]
        root = [cls("a"), cls("b"), shadowed, cls("c"), shadowed]
        return outcome(dumped, pickler_class, root, protocol)

    both(face, attempt)
