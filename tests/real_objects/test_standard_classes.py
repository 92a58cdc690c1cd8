"""Instances of classes that the standard library makes or shapes: enums, data classes, exceptions."""

import abc
import dataclasses
import enum
import functools
import string
import typing

import pytest
from comparisons import compare


class Colour(enum.Enum):
    RED = 1
    GREEN = "g"
    CRIMSON = 1


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Bits(enum.IntFlag, boundary=enum.KEEP):
    A = 1


class Shape(enum.Enum):
    SQUARE = ("square", 4)

    def __init__(self, label, sides):
        self.sides = sides


@dataclasses.dataclass
class Item:
    name: str
    tags: list = dataclasses.field(default_factory=list)
    hidden: int = dataclasses.field(default=0, repr=False, compare=False)


@dataclasses.dataclass(frozen=True)
class Frozen:
    name: str
    items: tuple = ()


@dataclasses.dataclass(slots=True)
class Slotted:
    a: int
    b: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Both:
    a: int
    b: str = "b"


@dataclasses.dataclass(slots=True, weakref_slot=True, kw_only=True)
class Child(Slotted):
    c: object = None


class Typed(typing.NamedTuple):
    a: int
    b: "list[int]" = []


class Generic(abc.ABC, typing.Generic[typing.TypeVar("T")]):
    @functools.cached_property
    def cached(self):
        return ["cached"]


class Failure(Exception):
    """An exception with attributes that are no arguments."""

    def __init__(self, message, code=0):
        super().__init__(message)
        self.code = code


class Failures(ExceptionGroup):
    """A group of the program's own."""


def incomplete():
    obj = Slotted(1)
    del obj.b
    return obj


def cached():
    obj = Generic()
    _ = obj.cached
    return obj


def chained():
    try:
        try:
            raise KeyError("key")
        except KeyError as error:
            raise Failure("text", 5) from error
    except Failure as error:
        error.add_note("a note")
        return error


def group():
    return ExceptionGroup("outer", [ValueError(1), Failures("inner", [Failure("a", 1), chained()])])


def operating_system():
    return [
        FileNotFoundError(2, "text", "name"),
        OSError(1, "text", "a", None, "b"),
        BlockingIOError(11, "t", 3),
    ]


def unicode():
    return [UnicodeDecodeError("utf-8", b"a\xff", 1, 2, "bad"), UnicodeEncodeError("ascii", "é", 0, 1, "bad")]


def syntax():
    try:
        compile("a b", "file.py", "exec")
    except SyntaxError as error:
        return error


SPECIMENS = {
    "enum": lambda: [Colour.RED, Colour.CRIMSON, Colour.GREEN, Colour, Level.HIGH, Shape.SQUARE],
    "flags": lambda: [Access.READ, Access.READ | Access.WRITE, Access(0), ~Access.READ, Bits(9), Bits.A],
    "members as keys": lambda: {Colour.RED: {Level.LOW: [Access.WRITE]}},
    "data class": lambda: [Item("a"), Item("b", ["x"], 3)],
    "frozen": lambda: [Frozen("a", (Frozen("b"),))],
    "slots": lambda: [Slotted(1), Slotted(2, [3])],
    "frozen slots": lambda: [Both(1), Both(2, "c")],
    "slots of a child": lambda: Child(a=1, c=Slotted(2)),
    "slots left empty": incomplete,
    "fields": lambda: dataclasses.asdict(Item("a", ["x"])),
    "a field": lambda: dataclasses.fields(Frozen)[0],
    "typed tuple": lambda: [Typed(1), Typed(2, [3])],
    "generic": lambda: [Generic(), cached(), Generic[int], list[int], dict[str, "Item"]],
    "hints": lambda: [typing.Any, typing.Callable[[int], str], typing.ClassVar[int], typing.TypeVar],
    "more hints": lambda: [typing.Literal["a", 1], typing.Annotated[int, Item("a")], int | None],
    "variables": lambda: typing.TypeVar("Unfound"),
    "forward": lambda: typing.ForwardRef("Item"),
    "exceptions": lambda: [
        ValueError(),
        KeyError("key"),
        StopIteration([1]),
        SystemExit(3),
        Exception(1, "a"),
    ],
    "exception with attributes": lambda: Failure("text", code=7),
    "chained exception": chained,
    "group": group,
    "errors of the system": operating_system,
    "errors of texts": unicode,
    "error of syntax": syntax,
    "error of import": lambda: ImportError("text", name="a", path="b"),
    "error of modules": lambda: ModuleNotFoundError("text", name="c"),
    "error of names": lambda: [NameError("text", name="x"), AttributeError("text", name="y", obj=[1])],
    "partial": lambda: [functools.partial(int, base=2), functools.partial(functools.partial(print, 1), 2)],
    "methods": lambda: [
        Item.__init__,
        Item("a").__eq__,
        "text".upper,
        [].append,
        str.upper,
        Failure.add_note,
    ],
    "wrapped": lambda: [functools.wraps, functools.lru_cache(maxsize=3)(string.capwords)],
    "key": lambda: functools.cmp_to_key(string.capwords),
    "reference to itself": lambda: (lambda item: item.tags.append(item) or item)(Item("cycle")),
    "property": lambda: property(string.capwords),
    "object": lambda: [object(), type, object, super],
}

# Below protocol 3 it is given the name of the class that Python 2 has for it.
NOT_READ_BACK = {"error of modules"}


@pytest.mark.parametrize("name", SPECIMENS)
def test_standard_classes(name, face, protocol):
    compare(face, SPECIMENS[name], protocol, name not in NOT_READ_BACK)
