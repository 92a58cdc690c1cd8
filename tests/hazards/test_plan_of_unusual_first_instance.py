"""Hazard: the first instance of a type goes the long way by methods of its own, and tells nothing of
the instances that follow.
"""

import copyreg

import pytest
from faces import dumped, outcome
from parts import both


class Donor:
    __slots__ = ("first", "second", "third", "value")


class Borrows:
    """Its slot's name leads to the slot of a class that it does not derive from."""

    __slots__ = ("__dict__", "value")
    __slotnames__ = ["value"]


Borrows.value = Donor.value


class OfOddNames:
    __slots__ = ("__dict__", "value")
    __slotnames__ = ("value",)


class WithoutNames:
    """Nobody has asked for the names of its slots yet."""

    __slots__ = ("__dict__", "value")


class OtherMember(Exception):
    """The name is that of a member which no `__slots__` made, and which is no object."""

    __slotnames__ = ["__suppress_context__"]
    __reduce__ = object.__reduce__


class List(list):
    pass


class Dict(dict):
    pass


def own_getstate():
    return {"own": "state"}


def made(cls, **attributes):
    obj = cls()
    for name, value in attributes.items():
        setattr(obj, name, value)
    return obj


def filled_list():
    return List([1, 2])


def filled_dict():
    return Dict(key=1)


LATER = {
    Borrows: Borrows,
    OfOddNames: lambda: made(OfOddNames, value=1),
    WithoutNames: lambda: made(WithoutNames, value=1),
    OtherMember: OtherMember,
    List: filled_list,
    Dict: filled_dict,
}


@pytest.mark.parametrize("cls", LATER)
def test_a_state_of_its_own(face, cls, protocol):
    def attempt(pickler_class):
        first = cls()
        vars(first)["__getstate__"] = own_getstate
        return outcome(dumped, pickler_class, [first, LATER[cls](), LATER[cls]()], protocol)

    both(face, attempt)


@pytest.mark.parametrize("cls", LATER)
def test_a_reduce_value_of_its_own(face, cls, protocol):
    """It says no more than NEWOBJ and a state."""

    def attempt(pickler_class):
        first = cls()
        vars(first)["__reduce_ex__"] = lambda protocol: (copyreg.__newobj__, (cls,), {"own": "state"})
        return outcome(dumped, pickler_class, [first, LATER[cls](), LATER[cls]()], protocol)

    both(face, attempt)


class LargerThanItsState(property):
    """`object.__getstate__` refuses it: a part of it is nowhere in a state."""


def test_a_first_instance_that_would_be_refused_without_its_own_method(face, protocol):
    def attempt(pickler_class):
        first, second = LargerThanItsState(), LargerThanItsState()
        vars(first)["__getstate__"] = own_getstate
        return outcome(dumped, pickler_class, [first, second], protocol)

    both(face, attempt)
