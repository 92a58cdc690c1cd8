"""The kinds of object that a recipe may ask for, and how each is made.

Leaves have no children. What can be filled later is made as an empty shell first; what can't needs
its content first.
"""

import array
import collections
import copy
import dataclasses
import datetime
import decimal
import fractions
import functools
import math
import operator
import pickle
import sys
import uuid
from collections.abc import Callable
from typing import Any

import specimens


def fresh_text(text):
    """An equal string that nobody else holds, but for those that the interpreter keeps itself."""
    return "".join([*text])


def fresh_bytes(data):
    return bytes([*data])


ITERATORS = specimens.ITERATORS
SHADOWS = specimens.SHADOWS

SINGLETONS = (
    None,
    True,
    False,
    ...,
    NotImplemented,
    type(None),
    type(...),
    type(NotImplemented),
    int,
    object,
    type,
    range,
    collections.OrderedDict,
    specimens.Plain,
    specimens.Metaclass,
    specimens.WithMetaclass,
    specimens.WithRegisteredMetaclass,
    specimens.Extension1,
    specimens.Extension2,
    specimens.Extension4,
    specimens.Outer,
    specimens.Outer.Inner,
    specimens.Outer.Inner.Innermost,
    specimens.Outer.private,
    specimens.Ünïcode,
    specimens.Color.RED,
    specimens.Color.GREEN,
    specimens.Number.ONE,
    specimens.Permission.READ | specimens.Permission.WRITE,
    specimens.THE_ONE,
    specimens.Outer.MIDDLE,
    specimens.function,
    specimens.Outer.class_method,
    specimens.Outer.static_method,
    specimens.Outer.Inner.method,
    len,
    math.sin,
    copy.deepcopy,
    str.upper,
    int.__add__,
    dict.fromkeys,
    pickle.dumps,
)

# Made anew for each graph, of data that is at hand.
LEAVES: dict[str, Callable[[Any], Any]] = {
    "singleton": lambda number: SINGLETONS[number],
    "int": int,
    "float": float,
    "text": fresh_text,
    "interned text": lambda text: sys.intern(fresh_text(text)),
    "bytes": fresh_bytes,
    "bytearray": bytearray,
    "buffer of bytes": lambda data: pickle.PickleBuffer(fresh_bytes(data)),
    "buffer of bytearray": lambda data: pickle.PickleBuffer(bytearray(data)),
    "buffer of items": lambda data: pickle.PickleBuffer(array.array("i", [*data])),
    "int subclass": specimens.IntSubclass,
    "float subclass": specimens.FloatSubclass,
    "text subclass": specimens.StrSubclass,
    "bytes subclass": specimens.BytesSubclass,
    "bytearray subclass": specimens.ByteArraySubclass,
    "complex": lambda x: complex(x, -x),
    "range": range,
    "date": lambda n: datetime.date.fromordinal(730_000 + n % 10_000),
    "datetime": lambda n: datetime.datetime.fromtimestamp(n % 10**9, datetime.UTC),
    "timedelta": lambda n: datetime.timedelta(days=n % 1000, microseconds=n % 10**6),
    "decimal": lambda n: decimal.Decimal(n).scaleb(-2),
    "fraction": lambda n: fractions.Fraction(n, 7),
    "uuid": lambda n: uuid.UUID(int=n % 2**128),
    "many ints": lambda size: [*range(size)],
    "many keys": lambda size: dict.fromkeys(range(size)),
    "set of many": lambda size: {*range(size)},
    "frozenset of many": lambda size: frozenset(range(size)),
    "itemgetter": lambda n: operator.itemgetter(n % 9, "key"),
    "once through arguments": lambda _: specimens.OnceThroughArguments(),
    "trigger": lambda _: specimens.Trigger(),
}


def stable_keys(children):
    """The children as keys that are in the same order in each graph: none hashes by its address."""
    return [child if _is_stable(child) else i for i, child in enumerate(children)]


def _is_stable(obj):
    if type(obj) in (tuple, frozenset, specimens.TupleSubclass):
        return all(map(_is_stable, obj))
    if type(obj) is float:
        return not math.isnan(obj)
    simple = (type(None), bool, int, str, bytes, datetime.date, decimal.Decimal)
    return type(obj) in simple or isinstance(obj, specimens.Hashed)


def attributes(data, children):
    """Names and values for an instance: the first names are those of slots, too."""
    return zip(["x", "y", "z", "attribute", *data], children, strict=False)


@dataclasses.dataclass(frozen=True)
class Shell:
    make: Callable[[Any], Any]
    fill: Callable[[Any, Any, list], None]


def fill_list(obj, _, children):
    obj.extend(children)


def fill_dict(obj, _, children):
    keys = stable_keys(children[::2])
    obj.update(zip(keys, children[1::2], strict=False))


def fill_set(obj, _, children):
    for key in stable_keys(children):
        obj.add(key)


def fill_attributes(obj, data, children):
    for name, value in attributes(data or (), children):
        object.__setattr__(obj, name, value)


def fill_slots(obj, data, children):
    for name, value in zip("xy", children, strict=False):
        object.__setattr__(obj, name, value)


def fill_namespace(obj, data, children):
    """As attributes, but with names that are not interned, as `__dict__.update` can put them."""
    for name, value in attributes(data or (), children):
        obj.__dict__[fresh_text(name)] = value


def fill_shadows(obj, data, children):
    fill_attributes(obj, (), children)
    for name in data:
        obj.__dict__[fresh_text(name)] = specimens.SHADOWS[name]


def fill_children(obj, _, children):
    obj.children = children


def bare_instance(data):
    """An instance whose `__init__` did not run; its class is chosen by number."""
    cls = INSTANCES[data[0]]
    return cls.__new__(cls)


def fill_instance(obj, data, children):
    fill_attributes(obj, data[1], children)


def _new(cls):
    return lambda _: cls()


def _slotted(cls):
    """An instance whose slots are still unset."""
    return lambda _: cls.__new__(cls)


INSTANCES = (
    specimens.Plain,
    specimens.Hashed,
    specimens.SlottedWithDict,
    specimens.SlottedThenDict,
    specimens.Data,
    specimens.FrozenData,
    specimens.DynamicAttributes,
    specimens.StateCopy,
    specimens.StateOwn,
    specimens.StateTuple,
    specimens.StateList,
    specimens.StateNone,
    specimens.StateFalsy,
    specimens.StateZero,
    specimens.StateNested,
    specimens.StateTwice,
    specimens.Registered,
    specimens.Tabled,
    specimens.Overridden,
    specimens.Identified,
    specimens.WithMetaclass,
    specimens.WithRegisteredMetaclass,
    specimens.Extension1,
    specimens.Extension2,
    specimens.Extension4,
    specimens.Outer.Inner,
    specimens.Outer.private,
    specimens.Ünïcode,
)

SHELL_FIRST: dict[str, Shell] = {
    "list": Shell(_new(list), fill_list),
    "dict": Shell(_new(dict), fill_dict),
    "set": Shell(_new(set), fill_set),
    "list subclass": Shell(_new(specimens.ListSubclass), fill_list),
    "dict subclass": Shell(_new(specimens.DictSubclass), fill_dict),
    "set subclass": Shell(_new(specimens.SetSubclass), fill_set),
    "list subclass with state": Shell(_new(specimens.ListSubclass), fill_attributes),
    "deque": Shell(_new(collections.deque), fill_list),
    "bounded deque": Shell(lambda _: collections.deque(maxlen=3), fill_list),
    "OrderedDict": Shell(_new(collections.OrderedDict), fill_dict),
    "defaultdict": Shell(lambda _: collections.defaultdict(list), fill_dict),
    "instance": Shell(bare_instance, fill_instance),
    "namespace": Shell(_new(specimens.Plain), fill_namespace),
    "shadowing": Shell(_new(specimens.Plain), fill_shadows),
    "slotted": Shell(_slotted(specimens.Slotted), fill_slots),
    "shadowed slot": Shell(_slotted(specimens.ShadowedSlot), fill_slots),
    "reduced": Shell(lambda data: specimens.Reduced(*data, []), fill_children),
    "reduced sparsely": Shell(lambda data: specimens.ReducedSparsely(*data, []), fill_children),
    "reduced ex": Shell(lambda _: specimens.ReducedEx([]), fill_children),
    "hands out": Shell(lambda _: specimens.HandsOut([]), fill_children),
}


def _pad(children, count):
    return [*children, *[None] * count][:count]


CONTENT_FIRST: dict[str, Callable[[Any, list], Any]] = {
    "tuple": lambda _, children: tuple(children),
    "frozenset": lambda _, children: frozenset(stable_keys(children)),
    "tuple subclass": lambda _, children: specimens.TupleSubclass(children),
    "slotted tuple": lambda _, children: specimens.SlottedTuple(children),
    "frozenset subclass": lambda _, c: specimens.FrozenSetSubclass(stable_keys(c)),
    "namedtuple": lambda _, children: specimens.Pair(*_pad(children, 2)),
    "typed namedtuple": lambda _, children: specimens.TypedPair(*_pad(children, 2)),
    "frozen slots data": lambda _, children: specimens.FrozenSlotsData(*_pad(children, 2)),
    "private slot": lambda _, children: specimens.PrivateSlot(*_pad(children, 2)),
    "new arguments": lambda _, children: specimens.NewArguments(*children),
    "new arguments kept": lambda _, children: specimens.NewArgumentsKept(*children),
    "new arguments ex": lambda _, children: specimens.NewArgumentsEx(*children),
    "new arguments ex, positional": lambda _, c: specimens.NewArgumentsExPositional(*c),
    "reduced, held": lambda _, children: specimens.ReducedHeld(children),
    "slice": lambda _, children: slice(*_pad(children, 3)),
    "partial": lambda _, children: functools.partial(specimens.function, *children),
    "Counter": lambda _, children: collections.Counter(stable_keys(children)),
    "ChainMap": lambda _, children: collections.ChainMap(*[c for c in children if type(c) is dict]),
    "bound method": lambda _, children: specimens.Outer.Inner.__new__(specimens.Outer.Inner).method,
    "builtin method": lambda _, children: [*children].append,
    "twins": lambda _, children: twins(children),
}


def twins(children):
    """Two instances whose `__dict__`s share their keys, beside these very dicts' keys.

    The names are made at run time, so that at first the dicts alone hold them.
    """
    first, second = specimens.Plain(), specimens.Plain()
    for i, child in enumerate(children):
        name = fresh_text(f"name of attribute {i}")
        setattr(first, name, child)
        setattr(second, name, child)
    return [first, second]
