"""Hazard: what a known type's reduce value rests on is changed, before a dump, between two, or during one."""

import abc
import ast
import builtins
import collections
import contextvars
import copyreg
import datetime
import decimal
import fractions
import sys
import types
import uuid

import oxipickle
import pytest
from faces import dumped, outcome
from own_process import run
from parts import both, rebuilt

LOG = []

# `Py_TPFLAGS_IMMUTABLETYPE`.
IMMUTABLE = 1 << 8


class Trigger:
    def __init__(self, change):
        self.change = change

    def __reduce__(self):
        self.change()
        return rebuilt, ()


class Changes:
    """Changes to objects that are taken back."""

    def __init__(self):
        self.undo = []

    def set(self, owner, name, value):
        # A class tells its names by descriptors of its metaclass.
        had = name in vars(owner) or name in vars(type)
        before = vars(owner).get(name, getattr(owner, name, None))
        self.undo.append(lambda: setattr(owner, name, before) if had else delattr(owner, name))
        setattr(owner, name, value)

    def set_on_object(self, owner, name, value):
        before = getattr(owner, name)
        self.undo.append(lambda: setattr(owner, name, before))
        setattr(owner, name, value)

    def take_back(self):
        while self.undo:
            self.undo.pop()()


def returns(value):
    def method(self, *args):
        LOG.append(value)
        return value

    return method


OWN = (rebuilt, ("own",))


def own_state(self):
    LOG.append("own state")
    return {"own": "state"}


class Unequal(uuid.SafeUUID.__base__):
    safe = 0
    unsafe = -1
    unknown = None


def own_reduce(self):
    return OWN


class Abstract(abc.ABC):  # noqa: B024 - it has nothing abstract
    def __init__(self, value):
        self.value = value


class Meta(type):
    pass


class OfMetaclass(metaclass=Meta):
    def __init__(self, value):
        self.value = value


class Reduced(OfMetaclass):
    __slots__ = ()

    def __reduce__(self):
        return Reduced, (1,)


class OwnDict(dict):
    """Stands in for `dict`."""


def another_cell(changes, cls):
    cell = cls.__getnewargs__.__closure__[0]
    changes.undo.append(lambda: setattr(cell, "cell_contents", tuple))
    cell.cell_contents = lambda obj: (1, 2)


def registered(changes, cls):
    copyreg.pickle(cls, lambda obj: OWN)
    changes.undo.append(lambda: copyreg.dispatch_table.pop(cls))


def attribute(name, make_value):
    return lambda changes, cls: changes.set(cls, name, make_value)


def exchange_code(name, other):
    def change(changes, cls):
        function = getattr(cls, name)
        before = function.__code__
        changes.undo.append(lambda: setattr(function, "__code__", before))
        function.__code__ = other

    return change


def code_of_getnewargs():
    """With a name from around it, as the one that it stands in for."""
    around = 1

    def getnewargs(self):
        return ("other", around)

    return getnewargs.__code__


def rebuilds(cls, *args):
    """Stands in for `copyreg.__newobj__`, under a name that is no opcode's."""
    return cls.__new__(cls, *args)


def another_newobj(changes, cls):
    changes.set(copyreg, "__newobj__", rebuilds)


def made_unordinary(changes, cls):
    changes.set(
        cls, "__getattribute__", lambda self, name: (LOG.append(name), object.__getattribute__(self, name))[1]
    )


ANY = {
    "__reduce_ex__": attribute("__reduce_ex__", returns(OWN)),
    "__reduce__": attribute("__reduce__", returns(OWN)),
    "__getattribute__": made_unordinary,
    "registered": registered,
}
OF_OBJECT = {
    **ANY,
    "__getstate__": attribute("__getstate__", own_state),
    "__getnewargs__": attribute("__getnewargs__", lambda self: (1, 2)),
    "__getnewargs_ex__": attribute("__getnewargs_ex__", lambda self: ((1,), {"y": 2})),
}

Point = collections.namedtuple("Point", "x y")


def node(value):
    return ast.Constant(value=value)


def with_number(obj):
    vars(obj)[5] = 6
    return obj


class Listed(ast.AST):
    _fields = ["one", "two"]


class InOwnTuple(ast.AST):
    _fields = Point("one", "two")


class OwnText(str):
    pass


class OddNames(ast.AST):
    _fields = ("one", OwnText("two"))


KNOWN = {
    "named tuple": (
        Point,
        lambda i: Point(i, "text"),
        {
            **OF_OBJECT,
            "__iter__": attribute("__iter__", lambda self: iter("abc")),
            "__getnewargs__'s code": exchange_code("__getnewargs__", code_of_getnewargs()),
            "__getnewargs__'s cell": another_cell,
            "copyreg.__newobj__": another_newobj,
            "__slotnames__": attribute("__slotnames__", ["x"]),
        },
    ),
    "UUID": (
        uuid.UUID,
        lambda i: uuid.UUID(int=i + 2**100),
        {
            **OF_OBJECT,
            "__getstate__'s code": exchange_code("__getstate__", own_state.__code__),
            "int": attribute("int", property(lambda self: 5)),
            "is_safe": attribute("is_safe", uuid.SafeUUID.safe),
            "copyreg.__newobj__": another_newobj,
            "SafeUUID": lambda changes, cls: changes.set(uuid, "SafeUUID", Unequal),
            "SafeUUID.__ne__": lambda changes, cls: changes.set(
                uuid.SafeUUID, "__ne__", lambda self, other: True
            ),
            "SafeUUID.__eq__": lambda changes, cls: changes.set(
                uuid.SafeUUID, "__eq__", lambda self, other: False
            ),
        },
    ),
    "node": (
        ast.Constant,
        node,
        {
            **ANY,
            "__name__": lambda changes, cls: changes.set(cls, "__name__", "__newobj__"),
            "__qualname__": lambda changes, cls: changes.set(cls, "__qualname__", "Name"),
            "_fields": attribute("_fields", ("nothing", "value")),
            "_fields in a list": attribute("_fields", ["kind"]),
            "_fields that are asked for": attribute("_fields", property(lambda self: ("value",))),
        },
    ),
    "Counter": (
        collections.Counter,
        lambda i: collections.Counter(a=i, b=2),
        {
            **ANY,
            "__iter__": attribute("__iter__", lambda self: iter("xyz")),
            "__reduce__'s code": exchange_code("__reduce__", (lambda self: (list, ())).__code__),
            "keys": attribute("keys", lambda self: ["a"]),
            "collections.dict": lambda changes, cls: changes.set(collections, "dict", OwnDict),
            "builtins.dict": lambda changes, cls: changes.set(builtins, "dict", OwnDict),
            "__name__": lambda changes, cls: changes.set(cls, "__name__", "__newobj__"),
        },
    ),
    "Fraction": (
        fractions.Fraction,
        lambda i: fractions.Fraction(i, 7),
        {
            **ANY,
            "__reduce__'s code": exchange_code("__reduce__", (lambda self: (list, ())).__code__),
            "_numerator": attribute("_numerator", property(lambda self: 5)),
            "__name__": lambda changes, cls: changes.set(cls, "__name__", "__newobj__"),
        },
    ),
    "abstract": (
        Abstract,
        Abstract,
        {
            **OF_OBJECT,
            "register": lambda changes, cls: cls.register(int),
        },
    ),
    "of a metaclass": (
        OfMetaclass,
        OfMetaclass,
        {
            **OF_OBJECT,
            "hash": lambda changes, cls: changes.set(type(cls), "__hash__", lambda cls: 5),
            "equality": lambda changes, cls: (
                changes.set(type(cls), "__hash__", lambda cls: 5),
                changes.set(type(cls), "__eq__", lambda cls, other: (LOG.append("equal"), cls is other)[1]),
            ),
            "its __reduce__": lambda changes, cls: changes.set(
                type(cls), "__reduce__", property(lambda cls: own_reduce)
            ),
            "its look-up": lambda changes, cls: changes.set(
                type(cls),
                "__getattribute__",
                lambda cls, name: (LOG.append(name), type.__getattribute__(cls, name))[1],
            ),
        },
    ),
    "reduced, of a metaclass": (
        Reduced,
        Reduced,
        {
            **ANY,
            "its __reduce__": lambda changes, cls: changes.set(
                type(cls), "__reduce__", property(lambda cls: own_reduce)
            ),
            "equality": lambda changes, cls: (
                changes.set(type(cls), "__hash__", lambda cls: 5),
                changes.set(type(cls), "__eq__", lambda cls, other: (LOG.append("equal"), cls is other)[1]),
            ),
        },
    ),
    "Decimal": (
        decimal.Decimal,
        lambda i: decimal.Decimal(i * 10**10).normalize(),
        {
            "registered": registered,
            "capitals": lambda changes, cls: changes.set_on_object(decimal.getcontext(), "capitals", 0),
        },
    ),
    "OrderedDict": (
        collections.OrderedDict,
        lambda i: collections.OrderedDict(a=i, b=2),
        {"registered": registered},
    ),
    "date": (
        datetime.date,
        lambda i: datetime.date(2020, 1, 1 + i),
        {"registered": registered},
    ),
}
CASES = [(name, change) for name, (_, _, changes) in KNOWN.items() for change in changes]
EACH = pytest.mark.parametrize("name, change", CASES)


@pytest.fixture(autouse=True)
def log():
    yield
    LOG.clear()


def in_turn(face, attempt):
    """Both, each from an unchanged class on."""

    def attempted(pickler_class):
        LOG.clear()
        changes = Changes()
        try:
            given = attempt(pickler_class, changes)
            return given, LOG.copy()
        finally:
            changes.take_back()

    both(face, attempted)


@EACH
def test_between_dumps(face, name, change, protocol):
    cls, make, changes_of = KNOWN[name]

    def attempt(pickler_class, changes):
        root = [make(i) for i in range(4)]
        before = outcome(dumped, pickler_class, root, protocol)
        changes_of[change](changes, cls)
        between = outcome(dumped, pickler_class, root, protocol)
        changes.take_back()
        return before, between, outcome(dumped, pickler_class, root, protocol)

    in_turn(face, attempt)


@EACH
def test_during_a_dump(face, name, change, protocol):
    cls, make, changes_of = KNOWN[name]

    def attempt(pickler_class, changes):
        trigger = Trigger(lambda: changes_of[change](changes, cls))
        back = Trigger(changes.take_back)
        root = [make(0), make(1), trigger, make(2), make(3), back, make(4), make(5)]
        return outcome(dumped, pickler_class, root, protocol)

    in_turn(face, attempt)


@EACH
def test_before_the_first_instance(face, name, change, protocol):
    _, make, changes_of = KNOWN[name]

    def attempt(pickler_class, changes):
        cls = type(make(0))
        root = [make(i) for i in range(4)]
        changes_of[change](changes, cls)
        # A version of the class that nobody has met.
        if not cls.__flags__ & IMMUTABLE:
            changes.set(cls, "unmet", 1)
        return outcome(dumped, pickler_class, root, protocol)

    in_turn(face, attempt)


METHODS = {"__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__"}


def asked(root):
    """How often a method is called in a dump, when there was one before."""
    calls = []

    def look(frame, event, arg):
        if event == "call" and frame.f_code.co_name in METHODS:
            calls.append(frame.f_code)

    dumped(oxipickle.Pickler, root, 4)
    sys.setprofile(look)
    try:
        dumped(oxipickle.Pickler, root, 4)
    finally:
        sys.setprofile(None)
    return len(calls)


def asked_more_often():
    """The changes after which instances are asked more often, though a change was taken back."""
    found = []
    for name, change in CASES:
        cls, make, changes_of = KNOWN[name]
        root = [make(i) for i in range(20)]
        before = asked(root)
        changes = Changes()
        try:
            changes_of[change](changes, cls)
            for _ in range(2):
                outcome(dumped, oxipickle.Pickler, root, 4)
        finally:
            changes.take_back()
        if asked(root) > before:
            found.append((name, change))
    return found


def test_known_again():
    """In a process of its own: from 3.13 on a class that was changed a thousand times is not known again."""
    assert run(asked_more_often) == []


def unmade_uuid():
    return object.__new__(uuid.UUID)


def uuid_of(**attributes):
    obj = unmade_uuid()
    for name, value in attributes.items():
        object.__setattr__(obj, name, value)
    return obj


class OwnInt(int):
    pass


class OwnTuple(tuple):
    """Looks like a tuple with names, and makes something else of itself."""

    __slots__ = ()
    __getnewargs__ = Point.__getnewargs__

    def __iter__(self):
        return iter("abc")


def with_attributes(obj, **attributes):
    vars(obj).update(attributes)
    return obj


def ordered(change):
    """An OrderedDict to which something was done behind its back."""
    obj = collections.OrderedDict(a=1, b=2, c=3)
    change(obj)
    return obj


def moved():
    obj = collections.OrderedDict((name, i) for i, name in enumerate("abcdef"))
    obj.move_to_end("a")
    obj.move_to_end("f", last=False)
    del obj["c"]
    obj["c"] = "again"
    return obj


def holding_itself(obj):
    if isinstance(obj, dict):
        obj["itself"] = obj
    else:
        obj.append(obj)
    return obj


ODD = {
    "UUID without anything": unmade_uuid,
    "UUID without a number": lambda: uuid_of(is_safe=uuid.SafeUUID.unknown),
    "UUID that does not say whether it is safe": lambda: uuid_of(int=5),
    "UUID of a number of one's own": lambda: uuid_of(int=OwnInt(5), is_safe=uuid.SafeUUID.unknown),
    "UUID of a text": lambda: uuid_of(int="text", is_safe=uuid.SafeUUID.unknown),
    "UUID of True": lambda: uuid_of(int=True, is_safe=uuid.SafeUUID.unknown),
    "UUID of a negative number": lambda: uuid_of(int=-(2**100), is_safe=uuid.SafeUUID.unknown),
    "UUID of a large number": lambda: uuid_of(int=2**150, is_safe=uuid.SafeUUID.unknown),
    "UUID of an immense number": lambda: uuid_of(int=2**3000, is_safe=uuid.SafeUUID.unknown),
    "UUID that is as safe as anything": lambda: uuid_of(int=5, is_safe=types.SimpleNamespace(value=[1])),
    "named tuple of fewer items": lambda: tuple.__new__(Point, (1,)),
    "named tuple of none": lambda: tuple.__new__(Point),
    "named tuple of more": lambda: tuple.__new__(Point, range(300)),
    "tuple with another's __getnewargs__": lambda: OwnTuple("xy"),
    "Counter with its own __reduce__": lambda: with_attributes(
        collections.Counter(a=1), __reduce__=lambda: OWN
    ),
    "Counter with its own __reduce_ex__": lambda: with_attributes(
        collections.Counter(a=1), __reduce_ex__=lambda p: OWN
    ),
    "Counter with another attribute": lambda: with_attributes(collections.Counter(a=1), attribute=1),
    "Counter of itself": lambda: holding_itself(collections.Counter(a=1)),
    "defaultdict of itself": lambda: holding_itself(collections.defaultdict(list, a=1)),
    "defaultdict of a list of itself": lambda: (lambda obj: (obj["a"].append(obj), obj)[1])(
        collections.defaultdict(list)
    ),
    "deque of itself": lambda: holding_itself(collections.deque([1])),
    "OrderedDict of itself": lambda: holding_itself(collections.OrderedDict(a=1)),
    "OrderedDict with an entry that is not in order": lambda: ordered(
        lambda obj: dict.__setitem__(obj, "d", 4)
    ),
    "OrderedDict without an entry that is in order": lambda: ordered(lambda obj: dict.__delitem__(obj, "b")),
    "OrderedDict without its first entry": lambda: ordered(lambda obj: dict.__delitem__(obj, "a")),
    "OrderedDict without its last entry": lambda: ordered(lambda obj: dict.__delitem__(obj, "c")),
    "OrderedDict that was cleared": lambda: ordered(dict.clear),
    "OrderedDict with other entries": lambda: ordered(
        lambda obj: (dict.clear(obj), dict.update(obj, x=1, y=2, z=3))
    ),
    "OrderedDict in another order": moved,
    "OrderedDict with a key that is no text": lambda: ordered(lambda obj: obj.__setitem__(5, 6)),
    "OrderedDict that lost one": lambda: ordered(lambda obj: (obj.__setitem__(5, 6), obj.__delitem__(5))),
    "long OrderedDict": lambda: collections.OrderedDict((str(i), i) for i in range(40)),
    "node with its own __reduce__": lambda: with_attributes(node(1), __reduce__=lambda: OWN),
    "node with its own __reduce_ex__": lambda: with_attributes(node(1), __reduce_ex__=lambda protocol: OWN),
    "node with a number for a name": lambda: with_number(node(1)),
    "node of fields in a list": lambda: with_attributes(Listed.__new__(Listed), one=1, two=2),
    "node of fields in an own tuple": lambda: with_attributes(InOwnTuple.__new__(InOwnTuple), one=1, two=2),
    "node of fields with odd names": lambda: with_attributes(OddNames.__new__(OddNames), one=1, two=2),
    "node with its own fields": lambda: with_attributes(node(1), _fields=("kind",)),
    "node of odd attributes": lambda: with_attributes(ast.Pass(), **{"": 1, "é": [], "__class__": 2}),
    "node that holds itself": lambda: (lambda obj: with_attributes(obj, itself=obj))(ast.Pass()),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_instances(face, name, protocol):
    def attempt(pickler_class):
        ordinary = [uuid.UUID(int=2**90), uuid.UUID(int=2**91), Point(1, 2), Point(3, 4), node(1), ast.Pass()]
        ordinary += [OwnTuple("zz"), ast.Constant(2)]
        ordinary += [
            make() for make in (collections.Counter, collections.OrderedDict, collections.deque) for _ in "12"
        ]
        ordinary += [collections.defaultdict(list, a=i) for i in range(2)]
        return outcome(dumped, pickler_class, [*ordinary, ODD[name](), ODD[name](), *ordinary], protocol)

    both(face, attempt)


def test_decimals_of_a_thread_without_a_context(face, protocol):
    def attempt(pickler_class):
        root = [decimal.Decimal(i) / 3 for i in range(4)]
        return [
            dumped(pickler_class, root, protocol),
            contextvars.Context().run(dumped, pickler_class, root, protocol),
        ]

    both(face, attempt)


def persistent(pickler_class):
    class Asks(pickler_class):
        def persistent_id(self, obj):
            LOG.append((type(obj), obj if isinstance(obj, str | int | tuple) else None))

    return Asks


def overriding(pickler_class):
    class Overrides(pickler_class):
        def reducer_override(self, obj):
            LOG.append(type(obj))
            if isinstance(obj, datetime.date):
                return rebuilt, ("overridden",)
            return NotImplemented

    return Overrides


def with_table(pickler_class):
    class HasTable(pickler_class):
        dispatch_table = {uuid.UUID: lambda obj: OWN, Point: lambda obj: (rebuilt, (obj.x,))}

    return HasTable


@pytest.mark.parametrize("derive", [persistent, overriding, with_table])
def test_hooks(pickler_face, derive, protocol):
    def attempt(pickler_class, changes):
        root = [make(i) for _, make, _ in KNOWN.values() for i in range(3)]
        dumped(pickler_class, root, protocol)
        return dumped(derive(pickler_class), [root, datetime.datetime(2020, 1, 1), root[0]], protocol)

    in_turn(pickler_face, attempt)
