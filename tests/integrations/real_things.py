"""Objects that libraries' picklers look at closely, made afresh by name."""

import collections
import datetime
import decimal
import enum
import functools
import io
import math
import operator
import pathlib
import random
import re
import types
import unittest.mock
import uuid
import weakref

import numpy


class Text(str):
    """A text that is none exactly."""


class Bytes(bytes):
    pass


class Array(numpy.ndarray):
    """Derived from an array, with attributes."""

    def __reduce__(self):
        function, args, state = super().__reduce__()
        return function, args, state


class Lying:
    """Says that it is of another class, as proxies do."""

    def __init__(self, cls):
        self.cls = cls

    @property
    def __class__(self):
        return self.cls

    def __reduce__(self):
        return Lying, (self.cls,)


class LyingByLookup:
    """As that, by the look-up of all attributes."""

    def __getattribute__(self, name):
        return numpy.ndarray if name == "__class__" else object.__getattribute__(self, name)

    def __reduce__(self):
        return LyingByLookup, ()


class LyingThroughObject:
    """Looks attributes up by an object that is called, and is no Python function."""

    class LookUp:
        def __get__(self, obj, cls):
            return functools.partial(self.find, obj)

        @staticmethod
        def find(obj, name):
            return types.MethodType if name == "__class__" else object.__getattribute__(obj, name)

    __getattribute__ = LookUp()

    def __reduce__(self):
        return LyingThroughObject, ()


class Held:
    """Stays for as long as the process, so that a weak reference does too."""

    def __reduce__(self):
        return Held, ()

    def method(self):
        return self

    @classmethod
    def class_method(cls):
        return cls

    @staticmethod
    def static_method():
        return None


class Node:
    def __init__(self, depth):
        self.children = [Node(depth - 1) for _ in range(2)] if depth else []
        self.me = self


class Colour(enum.Enum):
    RED = 1
    GREEN = "green"


Point = collections.namedtuple("Point", "x y")
ARRAY = numpy.arange(12.0)
HELD = Held()


def function(x, y=2, *, z=3):
    return x + y + z


def local_things():
    captured = ["captured"]

    def closure():
        return captured

    class Local:
        attribute = captured

        def method(self):
            return super().__repr__()

    return [closure, lambda x: x + 1, Local, Local()]


def shared():
    text, array, things = "".join(["sha", "red"]), numpy.arange(3), [1]
    return [text, text, "".join(["sha", "red"]), array, array, array[1:], things, things, {text: things}]


THINGS = {
    "array": lambda: numpy.arange(10),
    "array of floats": lambda: numpy.linspace(0, 1, 1000),
    "array in Fortran's order": lambda: numpy.asfortranarray(numpy.arange(12).reshape(3, 4)),
    "array with strides": lambda: numpy.arange(20)[::3],
    "array without dimension": lambda: numpy.array(1.5),
    "empty array": lambda: numpy.empty((0, 3)),
    "array of objects": lambda: numpy.array([1, "a", None, [2, numpy.arange(2)]], dtype=object),
    "array of dates": lambda: numpy.array(["2020-01-01", "NaT"], dtype="datetime64[D]"),
    "array of texts": lambda: numpy.array(["a", "bcd"]),
    "structured array": lambda: numpy.array([(1, 2.5, b"x")], dtype=[("a", "i4"), ("b", "f8"), ("c", "S3")]),
    "array of the other order": lambda: numpy.arange(5, dtype=">i4"),
    "masked array": lambda: numpy.ma.masked_array([1, 2, 3], [0, 1, 0]),
    "matrix": lambda: numpy.asmatrix([[1, 2], [3, 4]]),
    "subclass of array": lambda: numpy.arange(4).view(Array),
    "record array": lambda: numpy.rec.array([(1, "a")], names="x,y"),
    "large array": lambda: numpy.arange(30_000),
    "arrays in things": lambda: {"a": [numpy.arange(3), (numpy.ones(2), "x")], 1: numpy.zeros(1)},
    "dtype": lambda: numpy.dtype("f4"),
    "dtypes": lambda: [numpy.dtype("f4"), numpy.dtype("f4"), numpy.dtype([("a", "i4"), ("b", "O")])],
    "dtype class": lambda: type(numpy.dtype("f4")),
    "numbers of numpy": lambda: [numpy.float64(1.5), numpy.int8(3), numpy.bool_(True), numpy.str_("x")],
    "ufunc": lambda: [numpy.sin, numpy.add],
    "random state": lambda: numpy.random.RandomState(3),
    "random generator": lambda: numpy.random.default_rng(3),
    "set": lambda: {3, 1, 2},
    "set of texts": lambda: {"c", "a", "b"},
    "set of all kinds": lambda: {1, "a", None, (2, 3), 2.5},
    "frozenset": lambda: frozenset([1, 2, 3]),
    "dict in any order": lambda: {"b": 1, "a": 2, "c": {"z": 1, "y": 2}},
    "dict of all keys": lambda: {1: "a", "b": 2, None: 3, (1, 2): 4},
    "method": lambda: HELD.method,
    "class method": lambda: Held.class_method,
    "static method": lambda: Held.static_method,
    "method of a type": lambda: str.upper,
    "method of a list": lambda: [1, 2].append,
    "method of a text": lambda: "a".join,
    "methods": lambda: [HELD.method, HELD.method, numpy.arange(3).sum, math.sin, len],
    "function": lambda: function,
    "functions": lambda: [function, functools.partial(function, 1), operator.itemgetter(1), len],
    "class": lambda: Held,
    "classes": lambda: [int, type, object, Held, Colour, type(None), type(...), type(len)],
    "module": lambda: math,
    "instance": lambda: Node(3),
    "named tuple": lambda: Point(1, [2]),
    "enum": lambda: [Colour.RED, Colour.GREEN, Colour.RED],
    "text subclass": lambda: [Text("abc"), Text("abc"), "abc"],
    "bytes subclass": lambda: [Bytes(b"abc"), b"abc", Bytes(b"abc")],
    "texts": lambda: ["aa", "".join(["a", "a"]), b"bb", b"".join([b"b", b"b"])] * 2,
    "shared": shared,
    "lying": lambda: [Lying(cls) for cls in (int, str, bytes, type, types.FunctionType, types.MethodType)],
    "lying of arrays": lambda: [Lying(numpy.ndarray)],
    "lying of dtypes": lambda: [Lying(numpy.dtype)],
    "lying of methods": lambda: Lying(types.BuiltinMethodType),
    "lying by look-up": lambda: LyingByLookup(),
    "lying through an object": lambda: LyingThroughObject(),
    "proxy of an array": lambda: [weakref.proxy(ARRAY)],
    "proxy of an instance": lambda: [weakref.proxy(HELD)],
    "mock of an array": lambda: unittest.mock.NonCallableMock(spec=numpy.ndarray),
    "local things": local_things,
    "lambda": lambda: lambda: 1,
    "cell": lambda: local_things()[0].__closure__[0],
    "code": lambda: function.__code__,
    "property": lambda: [property(function), classmethod(function), staticmethod(function)],
    "generator": lambda: (i for i in range(3)),
    "lock": lambda: __import__("threading").Lock(),
    "file": lambda: io.StringIO("text"),
    "pattern": lambda: re.compile("a+"),
    "dates": lambda: [datetime.datetime(2020, 1, 2), datetime.timedelta(1), datetime.date(2020, 1, 1)],
    "numbers": lambda: [1, 2**70, -1, 1.5, 1j, decimal.Decimal("1.5"), True, None, ...],
    "identifiers": lambda: [uuid.UUID(int=5), pathlib.PurePosixPath("a/b")],
    "random": lambda: random.Random(1),
    "collections": lambda: [
        collections.OrderedDict(b=1, a=2),
        collections.Counter("abca"),
        collections.defaultdict(list, {1: [2]}),
        collections.deque([1, 2], 3),
    ],
    "views": lambda: [{1: 2}.keys(), {1: 2}.values()],
    "mapping": lambda: types.MappingProxyType({"a": 1}),
    "namespace": lambda: types.SimpleNamespace(b=1, a=[2]),
    "range and slice": lambda: [range(3), slice(1, 2)],
    "itself": lambda: itself(),
}


def itself():
    things = [1]
    things += [things, {"things": things}]
    return things
