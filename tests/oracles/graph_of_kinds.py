"""A graph that leads a pickler through all of its methods, and can act upon it in the midst of a dump."""

import collections
import pickle

from specimens import Trigger


class Plain:
    def __init__(self, value):
        self.value = value


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a, self.b = [1], "b"


class Rebuilt(dict):
    def __reduce__(self):
        return Rebuilt, (), {"state": 1}, None, iter(sorted(self.items()))


class Appended(list):
    pass


class Meta(type):
    pass


class WithMeta(metaclass=Meta):
    pass


def function():
    pass


def graph(protocol):
    """Objects that lead through all methods."""
    shared = ["shared", (1, 2)]
    data = [
        None,
        True,
        3,
        10**40,
        1.5,
        "text",
        b"bytes",
        b"",
        bytearray(b"array"),
        (),
        (1,),
        (1, 2, 3, 4),
        shared,
        Trigger(),
        {"a": shared, "b": {"c": [1]}, 3: ("x", "y", "z", "u")},
        {1, 2},
        frozenset([3]),
        Plain([1, {"k": "v"}]),
        Plain(shared),
        Rebuilt(a=1, b=[2]),
        Appended([1, 2]),
        collections.OrderedDict(a=1),
        collections.deque([1, 2], 5),
        int,
        type(None),
        function,
        WithMeta,
        len,
        collections.Counter.fromkeys,
        b"x" * 70_000,
        "y" * 70_000,
        [],
        {},
    ]
    if protocol >= 2:
        data.append(Slotted())
    if protocol >= 5:
        data.append(pickle.PickleBuffer(b"buffer"))
        data.append(pickle.PickleBuffer(bytearray(b"buffer")))
    data.append(data)
    return data


def looks(obj):
    """What an argument looks like, the same for each class of picklers."""
    if isinstance(obj, (str, bytes, int, float, type(None))):
        return repr(obj)[:40]
    if isinstance(obj, (list, tuple, dict, set, frozenset)):
        return type(obj).__name__, len(obj)
    return type(obj).__name__
