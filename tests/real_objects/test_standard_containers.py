"""Containers of the standard library, subclasses of the builtin ones, and what cannot be pickled."""

import array
import collections
import collections.abc
import itertools
import queue
import types
import weakref

import pytest
from comparisons import compare


class Listed(list):
    """A list with attributes."""


class Mapped(dict):
    """A dict that calls a factory, as a program's own may."""

    def __missing__(self, key):
        return self.setdefault(key, [])


class Text(str):
    """A string with attributes."""


class Bunch(dict):
    """A dict whose items are its attributes."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.__dict__ = self


class Sequence(collections.abc.MutableSequence):
    """Written in Python over a list."""

    def __init__(self, items=()):
        self.items = list(items)

    def __getitem__(self, index):
        return self.items[index]

    def __setitem__(self, index, value):
        self.items[index] = value

    def __delitem__(self, index):
        del self.items[index]

    def __len__(self):
        return len(self.items)

    def insert(self, index, value):
        self.items.insert(index, value)


Point = collections.namedtuple("Point", "x y", defaults=[0])


class Place(Point):
    """A named tuple with attributes."""


def with_attributes(obj):
    obj.note = ["attribute"]
    obj.itself = obj
    return obj


def cycles():
    obj = collections.OrderedDict(key=collections.deque([1], maxlen=3))
    obj["itself"] = [obj, obj["key"]]
    obj["key"].append(obj)
    return obj


def chain():
    shared = {"a": 1}
    return collections.ChainMap({}, shared, collections.ChainMap(shared, {"b": 2}))


def advanced(iterator):
    next(iterator)
    return iterator


ITERATORS = {
    "of containers": lambda: [iter([1, 2]), iter((1, 2)), iter("ab"), iter(b"ab"), iter(range(3))],
    "advanced": lambda: [advanced(iter(obj)) for obj in ([1, 2], (1, 2), range(3), {1: 2}, {1}, "ab")],
    "exhausted": lambda: [advanced(iter(obj)) for obj in ([1], (1,), {1: 1}, "a")],
    "builtin": lambda: [reversed([1, 2]), enumerate([1, 2], 5), zip([1], [2], strict=True), map(str, [1])],
    "by a callable": lambda: [filter(None, [0, 1]), iter(int, 1)],
    "count": lambda: [itertools.count(2, 3), itertools.repeat(1, 2), itertools.cycle([1, 2])],
    "chain": lambda: advanced(itertools.chain([1, 2], [3])),
    "combinations": lambda: [itertools.product([1], [2]), itertools.permutations([1, 2])],
    "slice": lambda: itertools.islice([1, 2, 3], 1, 2),
    "group": lambda: itertools.groupby([1, 1, 2]),
}

SPECIMENS = {
    "ordered": lambda: collections.OrderedDict([("b", 1), ("a", 2)]),
    "default": lambda: collections.defaultdict(list, {"a": [1]}),
    "default by a lambda": lambda: collections.defaultdict(lambda: 0, {"a": 1}),
    "counter": lambda: collections.Counter("abracadabra"),
    "deque": lambda: [collections.deque([1, 2]), collections.deque("abc", maxlen=2), collections.deque()],
    "chain": chain,
    "named tuple": lambda: [Point(1), Point("x", [2]), Place(3, 4)],
    "named tuple with attributes": lambda: with_attributes(Place(3, 4)),
    "user's": lambda: [collections.UserDict(a=1), collections.UserList([1]), collections.UserString("s")],
    "cycles": cycles,
    "list with attributes": lambda: with_attributes(Listed([1, 2])),
    "dict with factory": lambda: with_attributes(Mapped(a=1)),
    "text with attributes": lambda: with_attributes(Text("text")),
    "deque with attributes": lambda: with_attributes(type("Deque", (collections.deque,), {})([1])),
    "dict that is its attributes": lambda: Bunch(a=1, b=[2]),
    "abstract": lambda: Sequence([1, 2]),
    "abstract classes": lambda: [collections.abc.Mapping, collections.abc.Iterable, collections.abc.Hashable],
    "arrays": lambda: [array.array(code, [1, 2]) for code in "bBhHiIlLqQfd"],
    "array of characters": lambda: [array.array("u", "aé"), array.array("i"), array.array("d", [1e400])],
    "bytes": lambda: [b"", b"a" * 256, bytearray(b"\x00\xff"), bytearray(), bytes(range(256))],
    "large bytes": lambda: [b"a" * 70_000, bytearray(70_000), "é" * 40_000],
    "sets": lambda: [set(), {1, "a"}, frozenset([1]), frozenset(), {frozenset([1, 2])}],
    "keys of every type": lambda: {1: 1, 1.5: 2, "a": 3, b"b": 4, (1, "t"): 5, None: 6, frozenset([1]): 7},
    "namespace": lambda: types.SimpleNamespace(a=1, b=[types.SimpleNamespace()]),
    "cyclic namespace": lambda: with_attributes(types.SimpleNamespace(a=1)),
    "read-only mapping": lambda: types.MappingProxyType({"a": 1}),
    "views": lambda: {"a": 1}.keys(),
    "view of an ordered one": lambda: collections.OrderedDict(a=1).items(),
    "views of abstract ones": lambda: [collections.UserDict(a=1).keys(), chain().items()],
    "generator": lambda: (i for i in range(3)),
    "queue": queue.Queue,
    "simple queue": queue.SimpleQueue,
    "weak": lambda: [weakref.WeakValueDictionary(), weakref.WeakKeyDictionary()],
    "weak reference": lambda: weakref.ref(Listed),
    **{f"iterators: {name}": make for name, make in ITERATORS.items()},
}

# An iterator becomes one over a list, and the dict is made without its `__init__`.
NOT_READ_BACK = {"dict that is its attributes", "iterators: advanced", "iterators: exhausted"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", SPECIMENS)
def test_standard_containers(name, face, protocol):
    compare(face, SPECIMENS[name], protocol, name not in NOT_READ_BACK)
