"""Hazard: the type of a plain instance changes, during a dump or between two, and its plan with it."""

import copyreg

import pytest
from faces import dumped, outcome
from parts import both, rebuilt


class Trigger:
    def __init__(self, change):
        self.change = change

    def __reduce__(self):
        self.change()
        return rebuilt, ()


class Other:
    def __init__(self):
        self.other = "other"


class GivesState:
    def __getstate__(self):
        return "state of another base"


def declare():
    """New classes `Base`, `Plain` and `Slots` of this module, without a plan."""

    class Base:
        pass

    class Plain(Base):
        def __init__(self, value=0):
            self.value = value

    class Slots(Base):
        __slots__ = ("first", "second")

        def __init__(self, value=0):
            self.first = self.second = value

    for cls in (Base, Plain, Slots):
        cls.__qualname__ = cls.__name__
        globals()[cls.__name__] = cls
    return Plain, Slots


LOG = []


def looks_up(self, name):
    LOG.append(name)
    return object.__getattribute__(self, name)


def looks_up_missing(self, name):
    LOG.append(name)
    raise AttributeError(name)


def returns(value):
    def method(self, *args):
        return value

    return method


def attribute(name, value):
    return lambda cls: setattr(cls, name, value)


CHANGES = {
    "__reduce__": attribute("__reduce__", returns((rebuilt, ("own",)))),
    "__reduce_ex__": attribute("__reduce_ex__", returns((rebuilt, ("own",)))),
    "__getstate__": attribute("__getstate__", returns("own state")),
    "no state": attribute("__getstate__", returns(None)),
    "__getnewargs__": attribute("__getnewargs__", returns(("own",))),
    "__getnewargs_ex__": attribute("__getnewargs_ex__", returns((("own",), {"key": "own"}))),
    "__getattribute__": attribute("__getattribute__", looks_up),
    "__getattr__": attribute("__getattr__", looks_up_missing),
    "value": attribute("value", "of the class"),
    "__slotnames__": attribute("__slotnames__", ["value"]),
    "without __slotnames__": lambda cls: delattr(cls, "__slotnames__"),
    "the base's __reduce__": lambda cls: setattr(cls.__base__, "__reduce__", returns((rebuilt, ("base",)))),
    "the base's __getstate__": lambda cls: setattr(cls.__base__, "__getstate__", returns("base")),
    "another base": lambda cls: setattr(cls, "__bases__", (GivesState,)),
    "copyreg": lambda cls: copyreg.pickle(cls, returns((rebuilt, ("registered",)))),
    "copyreg, for another class": lambda cls: copyreg.pickle(Other, returns((rebuilt, ()))),
}

SLOT_CHANGES = {
    "removed": lambda cls: delattr(cls, "first"),
    "a property": attribute("first", property(returns("computed"))),
    "exchanged": lambda cls: (setattr(cls, "first", cls.second), setattr(cls, "second", cls.first)),
    "a value of the class": attribute("first", 5),
}


@pytest.fixture(autouse=True)
def registry():
    before = dict(copyreg.dispatch_table)
    yield
    copyreg.dispatch_table.clear()
    copyreg.dispatch_table.update(before)
    LOG.clear()


def forget(cls):
    copyreg.dispatch_table.pop(cls, None)
    copyreg.dispatch_table.pop(Other, None)
    LOG.clear()


def seen(cls, result):
    """The outcome, the calls, and what was left on the class."""
    return result, list(LOG), vars(cls).get("__slotnames__")


@pytest.mark.parametrize("change", CHANGES)
def test_during_a_dump(face, change, protocol):
    def attempt(pickler_class):
        cls, _ = declare()
        forget(cls)
        root = [cls("a"), cls("b"), Trigger(lambda: CHANGES[change](cls)), cls("c"), cls("d")]
        return seen(cls, outcome(dumped, pickler_class, root, protocol))

    both(face, attempt)


@pytest.mark.parametrize("change", CHANGES)
def test_between_two_dumps(face, change, protocol):
    def attempt(pickler_class):
        cls, _ = declare()
        forget(cls)
        root = [cls("a"), cls("b"), cls("c")]
        before = dumped(pickler_class, root, protocol)
        CHANGES[change](cls)
        return before, seen(cls, outcome(dumped, pickler_class, root, protocol))

    both(face, attempt)


@pytest.mark.parametrize("change", CHANGES)
def test_while_an_instance_is_saved(face, change, protocol):
    """The change comes from the instance's own state, which was found before."""

    def attempt(pickler_class):
        cls, _ = declare()
        forget(cls)
        changing = cls([Trigger(lambda: CHANGES[change](cls)), "text"])
        root = [cls("a"), cls("b"), changing, cls("c"), cls("d")]
        return seen(cls, outcome(dumped, pickler_class, root, protocol))

    both(face, attempt)


@pytest.mark.parametrize("change", SLOT_CHANGES)
def test_slots_during_a_dump(face, change, protocol):
    def attempt(pickler_class):
        _, cls = declare()
        change_slots = Trigger(lambda: SLOT_CHANGES[change](cls))
        root = [cls("a"), cls("b"), change_slots, cls("c"), cls("d")]
        return outcome(dumped, pickler_class, root, protocol)

    both(face, attempt)


def test_an_instance_given_another_class(face, protocol):
    def attempt(pickler_class):
        cls, _ = declare()
        changed = cls("c")
        trigger = Trigger(lambda: setattr(changed, "__class__", Other))
        return dumped(pickler_class, [cls("a"), cls("b"), trigger, changed, cls("d")], protocol)

    both(face, attempt)


def test_an_instance_given_another_dict(face, protocol):
    def attempt(pickler_class):
        cls, _ = declare()
        shared = {"shared": 1}
        changed = [cls(), cls()]

        def change():
            for instance in changed:
                instance.__dict__ = shared

        return dumped(pickler_class, [cls("a"), cls("b"), Trigger(change), *changed, cls("d")], protocol)

    both(face, attempt)


def test_a_class_at_the_address_of_one_that_died(face, protocol):
    def attempt(pickler_class):
        pickles = []
        for tag in range(30):
            cls, _ = declare()
            if tag % 2:
                cls.__getstate__ = returns(f"state {tag}")
            pickles.append(dumped(pickler_class, [cls(tag), cls(tag), cls(tag)], protocol))
        return pickles

    both(face, attempt)


def test_a_class_changed_twice_since_it_was_looked_at(face, protocol):
    """Such a class has no version, and what was learned of it in between holds no longer."""

    def attempt(pickler_class):
        cls, _ = declare()
        cls.__slotnames__ = []

        def own_getstate():
            cls.changed = True
            return {"own": "state"}

        first = cls("a")
        vars(first)["__getstate__"] = own_getstate
        change = Trigger(lambda: setattr(cls, "__getstate__", returns("changed")))
        return dumped(pickler_class, [first, change, cls("b"), cls("c")], protocol)

    both(face, attempt)
