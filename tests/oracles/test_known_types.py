"""Rows on types of the standard library whose reduce values need not be asked for.

What is known of a class counts from its second instance on, so that each root holds some. They stand there
once, twice, and equal to others without being the same; as keys, in the arguments and in the state of others;
and beside subclasses.
"""

import ast
import collections
import datetime
import decimal
import enum
import fractions
import functools
import io
import random
import typing
import uuid

import oxipickle
import pytest
from faces import HOOKABLE, assert_same_bytes

Point = collections.namedtuple("Point", "x y")
Single = collections.namedtuple("Single", "only")
Nothing = collections.namedtuple("Nothing", "")
Many = collections.namedtuple("Many", "a b c d e")


class Typed(typing.NamedTuple):
    number: int
    text: str = "text"


class WithDict(Point):
    pass


class WithoutDict(Point):
    __slots__ = ()


class Iterates(Point):
    __slots__ = ()

    def __iter__(self):
        return iter("other")


class Color(enum.Enum):
    RED = 1
    GREEN = "green"


class Zone(datetime.tzinfo):
    def utcoffset(self, when):
        return datetime.timedelta(hours=1)


class LaterDate(datetime.date):
    pass


class LaterTime(datetime.datetime):
    pass


class Amount(decimal.Decimal):
    pass


class Identifier(uuid.UUID):
    pass


class IdentifierWithoutDict(uuid.UUID):
    __slots__ = ()


class Tally(collections.Counter):
    pass


class Defaults(collections.defaultdict):
    pass


class Node(ast.AST):
    _fields = ("value",)


class Four(ast.AST):
    _fields = ("one", "two", "three", "four")


class Twenty(ast.AST):
    _fields = tuple(f"field{i}" for i in range(20))


def with_first_fields(cls, n):
    # Without the call of the class, which warns of fields that are missing.
    node = cls.__new__(cls)
    for name in cls._fields[:n]:
        setattr(node, name, [name])
    return node


class Holds:
    def __init__(self, value):
        self.value = value


def with_attribute(obj, **attributes):
    for name, value in attributes.items():
        setattr(obj, name, value)
    return obj


ZONE = Zone()
UTC = datetime.UTC
DAY = datetime.timedelta(days=1)


def text(*parts):
    """A string that nobody else holds."""
    return "".join(parts)


VALUES = {
    "date": lambda i: datetime.date(2020, 1, 1) + i * DAY,
    "first and last date": lambda i: [datetime.date.min, datetime.date.max][i % 2],
    "datetime": lambda i: datetime.datetime(2020, 1, 1, 12, 30, i, 999999),
    "datetime with fold": lambda i: datetime.datetime(2020, 1, 1, 12, fold=i % 2),
    "datetime of UTC": lambda i: datetime.datetime(2020, 1, 1, i, tzinfo=UTC),
    "datetime of a zone": lambda i: datetime.datetime(2020, 1, 1, i, tzinfo=ZONE, fold=i % 2),
    "datetime of a new zone": lambda i: datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone(i * DAY / 24)),
    "time": lambda i: datetime.time(i, 59, 58, 65536),
    "time with fold": lambda i: datetime.time(i, fold=i % 2),
    "time of UTC": lambda i: datetime.time(i, tzinfo=UTC, fold=i % 2),
    "timedelta": lambda i: datetime.timedelta(i * 300, i * 7, 999999),
    "negative timedelta": lambda i: [datetime.timedelta.min, -DAY / 7, datetime.timedelta.max][i % 3],
    "timezone": lambda i: datetime.timezone(i * DAY / 24),
    "subclass of date": lambda i: LaterDate(2020, 1, 1 + i),
    "subclass of datetime": lambda i: LaterTime(2020, 1, 1 + i),
    "Decimal": lambda i: decimal.Decimal(i) / 7,
    "special Decimal": lambda i: decimal.Decimal(["NaN", "-Infinity", "-0", "1E+500"][i % 4]),
    "long Decimal": lambda i: decimal.Decimal("1" * (100 * i + 300)),
    "subclass of Decimal": Amount,
    "Fraction": lambda i: fractions.Fraction(i, 7),
    "complex": lambda i: complex(i, -i),
    "UUID": lambda i: uuid.UUID(int=(i + 1) << 99),
    "short UUID": lambda i: uuid.UUID(int=[0, 1, 255, 2**31 - 1, 2**31][i % 5]),
    "longer UUID": lambda i: uuid.UUID(int=[2**60 - 1, 2**60, 2**63, 2**64 - 1, 2**90][i % 5]),
    "longest UUID": lambda i: uuid.UUID(int=[2**127 - 1, 2**127, 2**128 - 1, 2**120, 2**119][i % 5]),
    "safe UUID": lambda i: uuid.UUID(int=i, is_safe=list(uuid.SafeUUID)[i % 3]),
    "subclass of UUID": lambda i: Identifier(int=i),
    "subclass of UUID without a dict": lambda i: IdentifierWithoutDict(int=i + 1),
    "enum": lambda i: list(Color)[i % 2],
    "named tuple": lambda i: Point(i, -i),
    "named tuple of texts": lambda i: Point(text("te", "xt"), text("te", str(i))),
    "named tuple of other leaves": lambda i: Many(None, True, 0.5, 2**40 + i, "é"),
    "named tuple of a long int": lambda i: Point(2**70 + i, 1),
    "named tuple of bytes": lambda i: Point(b"bytes", ()),
    "named tuple of a list": lambda i: Point([i, text("te", "xt")], (i, [])),
    "named tuple of lone surrogates": lambda i: Point("\ud800", i),
    "named tuple of what is shared": lambda i: Point(ZONE, UTC),
    "named tuple of long texts": lambda i: Point("x" * 70_000, str(i)),
    "named tuple of one": Single,
    "named tuple of none": lambda i: Nothing(),
    "typed named tuple": Typed,
    "subclass of a named tuple": lambda i: WithDict(i, i),
    "named tuple with an attribute": lambda i: with_attribute(WithDict(i, i), attribute=i),
    "named tuple without a dict": lambda i: WithoutDict(i, i),
    "named tuple that iterates otherwise": lambda i: Iterates(i, i),
    "partial": lambda i: functools.partial(int, i, base=10),
    "range": range,
    "slice": slice,
    "bytearray": lambda i: bytearray(b"bytes" * i),
    "Counter": lambda i: collections.Counter(f"abc{i}"),
    "Counter of one": lambda i: collections.Counter([i]),
    "Counter of none": lambda i: collections.Counter(),
    "Counter of tuples": lambda i: collections.Counter([(i, "a"), (text("te", "xt"), i)]),
    "Counter of anything": lambda i: collections.Counter(a=[i], b=None),
    "Counter with an attribute": lambda i: with_attribute(collections.Counter(a=i), attribute=i),
    "long Counter": lambda i: collections.Counter(range(900 + i * 100)),
    "subclass of Counter": lambda i: Tally("abc"),
    "OrderedDict": lambda i: collections.OrderedDict(a=i, b=[2]),
    "defaultdict": lambda i: collections.defaultdict(list, {i: [i], text("te", "xt"): text("te", "xt")}),
    "defaultdict of leaves": lambda i: collections.defaultdict(
        int, {i: 1, text("te", "xt"): 2.5, None: b"x"}
    ),
    "defaultdict of one": lambda i: collections.defaultdict(int, a=i),
    "defaultdict of none": lambda i: collections.defaultdict(int),
    "defaultdict without a factory": lambda i: collections.defaultdict(None, a=i, b=i),
    "long defaultdict": lambda i: collections.defaultdict(int, dict.fromkeys(range(998 + i), i)),
    "subclass of defaultdict": lambda i: Defaults(list, a=i),
    "deque": lambda i: collections.deque([i, text("te", "xt"), None]),
    "deque of one": lambda i: collections.deque([i]),
    "deque of none": lambda i: collections.deque(),
    "deque with a limit": lambda i: collections.deque([1, 2, 3], i + 1),
    "deque of lists": lambda i: collections.deque([[i], [i]]),
    "long deque": lambda i: collections.deque(range(998 + i)),
    "syntax tree": lambda i: ast.parse(f"def f(a, *b, c={i}):\n  return [a for a in b if c]"),
    "node without fields": lambda i: ast.Pass(),
    "node with an attribute": lambda i: with_attribute(ast.Constant(i), attribute=text("te", "xt")),
    "node of a subclass": lambda i: with_attribute(Node(), value=[i]),
    "node of four fields": lambda i: with_first_fields(Four, i),
    "node of many fields": lambda i: with_first_fields(Twenty, 14 + i),
    "node that lacks its first field": lambda i: with_attribute(Four.__new__(Four), two=i, three=i),
}

WAYS = {
    "one after the other": lambda make: [make(i) for i in range(5)],
    "twice": lambda make: [obj for obj in map(make, range(4)) for _ in "12"],
    "equal to others": lambda make: [make(i % 2) for i in range(6)],
    "in tuples": lambda make: [(i, make(i), [make(i)]) for i in range(4)],
    "in the state of others": lambda make: [Holds(make(i)) for i in range(4)],
    "in named tuples": lambda make: [Point(make(i), make(i)) for i in range(4)],
    "in partials": lambda make: [functools.partial(int, make(i), make(i)) for i in range(4)],
    "in collections": lambda make: [
        kind([make(0), make(1)]) if kind is collections.deque else kind(a=make(2), b=make(3))
        for kind in (collections.deque, collections.OrderedDict, collections.Counter)
        for _ in "123"
    ],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", VALUES)
def test_many_of_a_kind(face, name, way, protocol):
    assert_same_bytes(face, lambda: WAYS[way](VALUES[name]), protocol)


def is_hashable(value):
    try:
        hash(value)
    except TypeError:
        return False
    return True


@pytest.mark.parametrize("name", [name for name in VALUES if is_hashable(VALUES[name](1))])
def test_as_keys(face, name, protocol):
    assert_same_bytes(face, lambda: [{VALUES[name](i): i for i in range(4)} for _ in "12"], protocol)


@pytest.mark.parametrize("seed", range(20))
def test_all_kinds_at_once(face, seed, protocol):
    def make():
        draw = random.Random(seed)
        makers = list(VALUES.values())
        root = [make(i) for make in makers for i in (0, 1)]
        for _ in range(200):
            value = draw.choice(makers)(draw.randrange(5))
            root.append(
                draw.choice(
                    [value, root[draw.randrange(len(root))], (value, value), [value], Point(value, 1)]
                )
            )
        return root

    assert_same_bytes(face, make, protocol)


class File(io.BytesIO):
    """None of the interpreter's, so that what is full is handed over at once."""


@pytest.mark.parametrize("name", VALUES)
def test_over_the_end_of_a_frame(name, face):
    """Frames end before an object of more than one part, at any byte of it."""
    for filling in range(65_536 - 90, 65_536 + 4, 3):
        root = [VALUES[name](0), VALUES[name](1), "x" * filling, VALUES[name](2), VALUES[name](3)]
        written = []
        for pickler_class in face.both():
            files = io.BytesIO(), File()
            for file in files:
                pickler_class(file, 4).dump(root)
            written.append([file.getvalue() for file in files])
        assert written[0] == written[1]
        assert face is HOOKABLE or oxipickle.dumps(root, 4) == written[1][0]
