"""Objects for the package picklers, and a module that lives behind an importer only."""

import collections
import datetime
import decimal
import enum
import functools
import operator
import types

HIDDEN_SOURCE = '''
import enum


class Plain:
    """An instance with a state."""

    def __init__(self, value=0):
        self.value = value

    def method(self):
        return self.value


class Outer:
    class Inner:
        class Innermost(Plain):
            pass

        def method(self):
            return 1

    class Subclass(list):
        pass


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self):
        self.left, self.right = 1, [2]


class Colour(enum.Enum):
    RED = 1
    GREEN = 2


class Meta(type):
    pass


class WithMeta(metaclass=Meta):
    pass


class Constant:
    """Reduces to its name."""

    def __init__(self, name):
        self.name = name

    def __reduce__(self):
        return self.name


class Falsy(Constant):
    """Is asked for its truth first, and being false not for its reduce value."""

    __name__ = "falsy"

    def __bool__(self):
        return False


constant = Constant("constant")
falsy = Falsy("falsy")


class Gr\u00fc\u00dfe:
    pass


def function(x):
    return x


def gr\u00fc\u00dfen():
    return function


unnamed = lambda: None
'''

HIDDEN_NAME = "oxipickle_hidden_module"


def hidden_module() -> types.ModuleType:
    """A fresh module that `sys.modules` does not know."""
    module = types.ModuleType(HIDDEN_NAME)
    exec(compile(HIDDEN_SOURCE, f"<{HIDDEN_NAME}>", "exec"), module.__dict__)
    return module


def hidden_objects(hidden: types.ModuleType) -> dict[str, object]:
    """What needs the importer of the hidden module, by a name for the test."""
    plain = hidden.Plain([1, 2])
    plain.itself = plain
    return {
        "instance": plain,
        "instances": [hidden.Plain(i) for i in range(3)],
        "class": hidden.Plain,
        "class twice": [hidden.Plain, hidden.Plain],
        "nested class": hidden.Outer.Inner,
        "doubly nested": hidden.Outer.Inner.Innermost,
        "nested, parent first": [hidden.Outer, hidden.Outer.Inner, hidden.Outer.Inner.Innermost],
        "nested, parent last": [hidden.Outer.Inner.Innermost, hidden.Outer.Inner, hidden.Outer],
        "nested twice": [hidden.Outer.Inner, hidden.Outer.Inner],
        "nested instance": hidden.Outer.Inner.Innermost("x"),
        "list subclass": hidden.Outer.Subclass([1, 2, 3]),
        "slots": hidden.Slotted(),
        "function": hidden.function,
        "functions": [hidden.function, hidden.function],
        "function of a class": hidden.Outer.Inner.method,
        "bound method": plain.method,
        "enum": [hidden.Colour.RED, hidden.Colour.GREEN, hidden.Colour.RED],
        "metaclass": [hidden.Meta, hidden.WithMeta, hidden.WithMeta()],
        "constant": [hidden.constant, hidden.constant],
        "falsy constant": hidden.falsy,
        "non-ASCII class": hidden.Grüße(),
        "non-ASCII function": hidden.grüßen,
        "partial": functools.partial(hidden.function, 1),
        "in containers": {
            "a": (hidden.Plain(1), {hidden.function}),
            "b": frozenset([hidden.Plain]),
        },
        "lambda": hidden.unnamed,
        "unknown name": hidden.Constant("nowhere"),
        "another object": hidden.Constant("constant"),
    }


def common_objects() -> dict[str, object]:
    """What every importer finds, by a name for the test."""
    shared = ["shared", 1.5]
    recursive: list = []
    recursive.append((recursive,))
    return {
        "atoms": [None, True, False, 0, -1, 2**31, 2**80, 1.5, "text", b"bytes", ...],
        "singleton types": [type(None), type(NotImplemented), type(...)],
        "shared": {"one": shared, "two": shared},
        "recursive": recursive,
        "sets": [set(), frozenset([1]), {1}, bytearray(b"abc")],
        "long list": list(range(1001)),
        "long dict": {i: str(i) for i in range(1001)},
        "long text": "x" * 70_000,
        "builtin functions": [len, sorted, operator.add, [].append],
        "method of a type": str.upper,
        "class method": dict.fromkeys,
        "ordered": collections.OrderedDict(a=1),
        "counter": collections.Counter("abracadabra"),
        "default": collections.defaultdict(list, a=[1]),
        "deque": collections.deque([1, 2], maxlen=3),
        "range and slice": [range(5), slice(1, 2)],
        "dates": [datetime.date(2000, 1, 1), datetime.timedelta(1), datetime.UTC],
        "decimal": decimal.Decimal("1.5"),
        "complex": 1 + 2j,
        "errors": [ValueError("x"), KeyError],
        "standard enum": enum.Enum,
        "renamed for Python 2": [map, zip, collections.UserDict, functools.reduce, OSError],
        "unpicklable": (i for i in ()),
        "lambda": lambda: None,
    }
