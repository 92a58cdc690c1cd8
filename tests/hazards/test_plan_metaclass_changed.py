"""Hazard: the metaclass changes after a plan was made for a class, whose own version does not tell.

A data descriptor of the metaclass comes before what the class itself has under the name, wherever
the name is looked up on the class.
"""

import contextlib

import pytest
from faces import dumped, outcome
from parts import both, rebuilt

NAMES = [
    "__reduce__",
    "__reduce_ex__",
    "__getstate__",
    "__getnewargs__",
    "__getnewargs_ex__",
    "__slotnames__",
    "__new__",
]


class Descriptor:
    """What the metaclass answers for a class: a function that tells whose it is."""

    def __init__(self, name):
        self.name = name

    def __get__(self, cls, metaclass=None):
        if cls is None:
            return self
        return ANSWERS.get(self.name, lambda *args: (rebuilt, ("of the metaclass",)))

    def __set__(self, cls, value):
        raise AttributeError(self.name)


ANSWERS = {
    "__getstate__": lambda *args: {"of": "the metaclass"},
    "__getnewargs__": lambda *args: ("of the metaclass",),
    "__getnewargs_ex__": lambda *args: (("of the metaclass",), {}),
    "__slotnames__": ["value"],
    "__new__": object.__new__,
}


class Meta(type):
    pass


class OfMeta(metaclass=Meta):
    def __init__(self):
        self.value = ["text"]


class WithReduce(OfMeta):
    def __reduce__(self):
        return rebuilt, ("own",)


class WithReduceEx(OfMeta):
    def __reduce_ex__(self, protocol):
        return rebuilt, ("own",)


class WithGetstate(OfMeta):
    def __getstate__(self):
        return {"own": 1}


class WithSlots(metaclass=Meta):
    __slots__ = ("value",)

    def __init__(self):
        self.value = 1


CLASSES = [OfMeta, WithReduce, WithReduceEx, WithGetstate, WithSlots]


@contextlib.contextmanager
def restored():
    """What is put on the metaclass in here is gone afterwards."""
    try:
        yield
    finally:
        for name in NAMES:
            if name in vars(Meta):
                delattr(Meta, name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cls", CLASSES)
def test_a_data_descriptor_is_added(face, cls, name, protocol):
    def attempt(pickler_class):
        with restored():
            before = outcome(dumped, pickler_class, [cls(), cls(), cls()], protocol)
            setattr(Meta, name, Descriptor(name))
            return before, outcome(dumped, pickler_class, [cls(), cls(), cls()], protocol)

    both(face, attempt)


class Calls:
    def __init__(self, function):
        self.function = function

    def __reduce__(self):
        self.function()
        return int, ()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("cls", CLASSES)
def test_a_data_descriptor_is_added_in_mid_dump(face, cls, name, protocol):
    def attempt(pickler_class):
        with restored():
            adds = Calls(lambda: setattr(Meta, name, Descriptor(name)))
            return outcome(dumped, pickler_class, [cls(), cls(), cls(), adds, cls(), cls()], protocol)

    both(face, attempt)


@pytest.mark.parametrize("cls", CLASSES)
def test_the_metaclass_looks_attributes_up_by_itself_from_now_on(face, cls, protocol):
    def attempt(pickler_class):
        def look_up(self, name):
            if name in ("__reduce__", "__reduce_ex__"):
                return lambda *args: (rebuilt, ("of the metaclass",))
            return type.__getattribute__(self, name)

        try:
            before = outcome(dumped, pickler_class, [cls(), cls(), cls()], protocol)
            Meta.__getattribute__ = look_up
            return before, outcome(dumped, pickler_class, [cls(), cls(), cls()], protocol)
        finally:
            if "__getattribute__" in vars(Meta):
                del Meta.__getattribute__

    both(face, attempt)
