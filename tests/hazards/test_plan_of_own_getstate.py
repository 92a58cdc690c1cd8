"""Hazard: a class with a `__getstate__` of its own is asked for that alone, and something else counts."""

import io

import pytest
from faces import dumped, outcome
from parts import both, rebuilt
from test_plan_shadowed import OWN
from test_plan_type_changed import CHANGES, Trigger, forget

LOG = []


def declare(base):
    """A new class of this module, without a plan."""
    between = type("Between", (base,), {"__slots__": ()})
    cls = type("Stating", (between,), {"__module__": __name__, "__slots__": ()})
    globals()["Stating"] = cls
    LOG.clear()
    return cls


class WithDict:
    def __init__(self, value=0):
        self.value = value

    def __getstate__(self):
        LOG.append(("__getstate__", self.value))
        return {"state": self.value}


class WithSlots:
    __slots__ = ("value",)

    def __init__(self, value=0):
        self.value = value

    def __getstate__(self):
        LOG.append(("__getstate__", self.value))
        return [self.value, self]


class OfC(io.BytesIO):
    """Its `__getstate__` tells whether it has a `__dict__` yet."""

    def __init__(self, value=0):
        super().__init__(b"contents")
        if value == "with a dict":
            self.value = value


BASES = pytest.mark.parametrize("base", [WithDict, WithSlots, OfC])


@BASES
def test_many_instances(face, base, protocol):
    def attempt(pickler_class):
        cls = declare(base)
        root = [cls("a"), cls("b"), cls("with a dict"), cls([]), cls("e")]
        return outcome(dumped, pickler_class, [root, root[1]], protocol), list(LOG)

    both(face, attempt)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("base", [WithDict, OfC])
def test_an_attribute_of_the_instance(face, name, base, protocol):
    def attempt(pickler_class):
        cls = declare(base)
        shadowed = cls("shadowed")
        vars(shadowed)[name] = OWN[name]
        root = [cls("a"), cls("b"), shadowed, cls("c"), shadowed]
        return outcome(dumped, pickler_class, root, protocol), list(LOG)

    both(face, attempt)


@BASES
@pytest.mark.parametrize("change", CHANGES)
def test_its_type_changes(face, change, base, protocol):
    def attempt(pickler_class):
        cls = declare(base)
        forget(cls)
        root = [cls("a"), cls("b"), Trigger(lambda: CHANGES[change](cls)), cls("c"), cls("d")]
        return outcome(dumped, pickler_class, root, protocol), list(LOG)

    try:
        both(face, attempt)
    finally:
        forget(globals()["Stating"])


def test_its_type_changes_while_it_is_asked(face, protocol):
    def attempt(pickler_class):
        cls = declare(WithDict)

        def getstate(self):
            cls.__reduce__ = lambda self: (rebuilt, ("changed",))
            return "state"

        root = [cls("a"), cls("b"), cls("c")]
        before = dumped(pickler_class, root, protocol)
        cls.__getstate__ = getstate
        return before, outcome(dumped, pickler_class, root, protocol)

    both(face, attempt)


def test_it_fails(face, protocol):
    def attempt(pickler_class):
        cls = declare(WithDict)
        root = [cls("a"), cls("b"), cls("c")]
        before = outcome(dumped, pickler_class, root, protocol)
        del root[2].value
        return before, outcome(dumped, pickler_class, root, protocol)

    both(face, attempt)


class Leaving(WithDict):
    """Its `__getstate__` makes the instance one of another class."""

    def __getstate__(self):
        if self.value == "leaves":
            self.__class__ = WithDict
        return {"state": self.value}


def test_the_instance_leaves_its_class_while_it_is_asked(face, protocol):
    def attempt(pickler_class):
        root = [Leaving("a"), Leaving("b"), Leaving("leaves"), Leaving("c")]
        return outcome(dumped, pickler_class, root, protocol)

    both(face, attempt)
