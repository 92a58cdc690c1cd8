"""Hazard: the reduce values of `deque` and `OrderedDict` are made without asking, and are others."""

import collections
import copyreg

import pytest
from faces import dumped, outcome
from parts import both, rebuilt


class Deque(collections.deque):
    pass


class Ordered(collections.OrderedDict):
    pass


class OwnItems(collections.OrderedDict):
    def items(self):
        return [("own", "items")]


def with_attribute(**attributes):
    obj = collections.OrderedDict(a=1)
    for name, value in attributes.items():
        setattr(obj, name, value)
    return obj


def without_its_attribute():
    obj = with_attribute(attribute=1)
    del obj.attribute
    return obj


def holding_itself(made):
    obj = made()
    if isinstance(obj, dict):
        obj["itself"] = obj
    else:
        obj.append(obj)
    return obj


OBJECTS = {
    "empty deque": collections.deque,
    "deque": lambda: collections.deque([1, "two", [3]]),
    "deque with a limit": lambda: collections.deque([1, 2, 3], 2),
    "deque of none": lambda: collections.deque([1, 2], 0),
    "deque of itself": lambda: holding_itself(collections.deque),
    "long deque": lambda: collections.deque(range(2500), 2500),
    "subclass of deque": lambda: Deque([1, 2], 5),
    "empty OrderedDict": collections.OrderedDict,
    "OrderedDict": lambda: collections.OrderedDict(a=1, b=["two"]),
    "OrderedDict of itself": lambda: holding_itself(collections.OrderedDict),
    "long OrderedDict": lambda: collections.OrderedDict((i, str(i)) for i in range(2500)),
    "OrderedDict with an attribute": lambda: with_attribute(attribute=[1]),
    "OrderedDict without its attribute": without_its_attribute,
    "OrderedDict with its own __reduce__": lambda: with_attribute(__reduce__=lambda: (rebuilt, ())),
    "OrderedDict with its own __reduce_ex__": lambda: with_attribute(
        __reduce_ex__=lambda protocol: (rebuilt, (protocol,))
    ),
    "OrderedDict with its own items": lambda: with_attribute(items=lambda: [("own", "items")]),
    "subclass of OrderedDict": lambda: Ordered(a=1),
    "subclass with its own items": lambda: OwnItems(a=1),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_beside_others_of_its_type(face, name, protocol):
    def attempt(pickler_class):
        plain = [collections.deque([0]), collections.OrderedDict(z=0)]
        root = [*plain, OBJECTS[name](), OBJECTS[name](), *plain]
        return outcome(dumped, pickler_class, root, protocol)

    both(face, attempt)


@pytest.mark.parametrize("cls", [collections.deque, collections.OrderedDict])
def test_a_function_is_registered(face, cls, protocol):
    def attempt(pickler_class):
        class Registers:
            def __reduce__(self):
                copyreg.dispatch_table[cls] = lambda obj: (rebuilt, ("registered",))
                return rebuilt, ()

        try:
            return dumped(pickler_class, [cls(), cls(), Registers(), cls()], protocol)
        finally:
            copyreg.dispatch_table.pop(cls, None)

    both(face, attempt)


class Grows:
    """Adds to the collection that it lies in, when it is saved."""

    def __init__(self, grow):
        self.grow = grow

    def __reduce__(self):
        self.grow()
        return rebuilt, ()


@pytest.mark.parametrize("cls", [collections.deque, collections.OrderedDict])
@pytest.mark.parametrize("place", ["first", "second", "last"])
def test_it_grows_while_it_is_saved(face, cls, place, protocol):
    def attempt(pickler_class):
        obj = cls()

        def add(item):
            if cls is collections.deque:
                obj.append(item)
            else:
                obj[len(obj)] = item

        number = 0
        for name in ("first", "second", "third", "last"):
            add(Grows(lambda: add("new")) if name == place else number)
            number += 1
        return outcome(dumped, pickler_class, [cls(), cls(), obj], protocol)

    both(face, attempt)
