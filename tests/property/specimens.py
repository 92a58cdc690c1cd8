"""Classes for random graphs: one for each way in which an object can tell a pickler what it is.

Each name here is one that a pickle refers to, so nothing is defined inside a function. What a class
hands out depends on its attributes alone, so that two graphs built from one recipe are alike.
"""

import collections
import copyreg
import dataclasses
import enum
import typing


class Plain:
    """State in `__dict__`, everything else inherited from `object`."""


class Hashed:
    """May stand in a set or be a key: its hash is no address, so the order is that of insertion."""

    def __hash__(self):
        return 7


class Slotted:
    __slots__ = ("x", "y")


class SlottedWithDict:
    __slots__ = ("__dict__", "x", "y")


class SlottedThenDict(Slotted):
    """Inherits slots and has a `__dict__` of its own."""


class ShadowedSlot(Slotted):
    """A slot that hides the one of the base: the inner `x` is never read."""

    __slots__ = ("x",)


class PrivateSlot:
    __slots__ = ("__x", "y")

    def __init__(self, x, y):
        self.__x = x
        self.y = y


@dataclasses.dataclass
class Data:
    x: object = None
    y: object = None


@dataclasses.dataclass(frozen=True)
class FrozenData:
    x: object = None
    y: object = None


@dataclasses.dataclass(frozen=True, slots=True)
class FrozenSlotsData:
    """`dataclasses` gives it a `__getstate__` that returns a list."""

    x: object = None
    y: object = None


class Property:
    """Has a property where an attribute of the instance lies in `__dict__`."""

    @property
    def x(self):
        raise AssertionError("a pickler reads `__dict__`, not the attribute")


class DynamicAttributes:
    """Has no attribute that `__getattr__` does not know, but every special one."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return None


class ListSubclass(list):
    pass


class DictSubclass(dict):
    pass


class SetSubclass(set):
    pass


class FrozenSetSubclass(frozenset):
    pass


class TupleSubclass(tuple):
    pass


class SlottedTuple(tuple):
    __slots__ = ()


class IntSubclass(int):
    pass


class FloatSubclass(float):
    pass


class StrSubclass(str):
    pass


class BytesSubclass(bytes):
    pass


class ByteArraySubclass(bytearray):
    pass


class StateCopy:
    """The state is made for the pickler, and dies with it."""

    def __getstate__(self):
        return dict(self.__dict__)


class StateOwn:
    def __getstate__(self):
        return self.__dict__


class StateTuple:
    def __getstate__(self):
        return self.__dict__, "second"


class StateList:
    def __getstate__(self):
        return [*self.__dict__.values()]


class StateNone:
    def __getstate__(self):
        return None


class StateFalsy:
    def __getstate__(self):
        return {}


class StateZero:
    def __getstate__(self):
        return 0


class StateNested:
    """Temporaries inside temporaries."""

    def __getstate__(self):
        return {"inner": [(name, {"value": value}) for name, value in self.__dict__.items()]}


class StateTwice:
    """A temporary that is met twice."""

    def __getstate__(self):
        shared = [*self.__dict__.values()]
        return {"first": shared, "second": (shared, shared)}


class NewArguments(tuple):
    def __new__(cls, *args):
        return super().__new__(cls, args)

    def __getnewargs__(self):
        return tuple(self)


class NewArgumentsKept:
    """Returns one and the same tuple each time, which it holds."""

    def __new__(cls, *args):
        self = super().__new__(cls)
        self.args = args
        return self

    def __getnewargs__(self):
        return self.args


class NewArgumentsEx(tuple):
    def __new__(cls, *args, keyword=None):
        return super().__new__(cls, args)

    def __getnewargs_ex__(self):
        return tuple(self), {"keyword": [*self]}


class NewArgumentsExPositional(tuple):
    """Without keyword arguments the pickler writes the shorter form."""

    def __new__(cls, *args):
        return super().__new__(cls, args)

    def __getnewargs_ex__(self):
        return tuple(self), {}


class ReducedToName:
    def __reduce__(self):
        return "THE_ONE"


THE_ONE = ReducedToName()


class ReducedToDottedName:
    def __reduce__(self):
        return "Outer.MIDDLE"


class Outer:
    MIDDLE = ReducedToDottedName()

    class Inner:
        class Innermost:
            pass

        def method(self):
            raise AssertionError("a pickler names it and never calls it")

    class __Private:
        pass

    private = __Private

    @classmethod
    def class_method(cls):
        raise AssertionError("a pickler names it and never calls it")

    @staticmethod
    def static_method():
        raise AssertionError("a pickler names it and never calls it")


class Ünïcode:
    pass


def function():
    raise AssertionError("a pickler names it and never calls it")


def rebuild(*args):
    """What reduce values name: nothing is rebuilt when only bytes are compared."""
    return Plain()


def set_state(obj, state):
    obj.__dict__.update(state)


class Iterated:
    """An iterator written in Python, so that each step is a call into Python."""

    def __init__(self, items):
        self.items = iter(items)

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.items)


def ends_cycles(obj):
    """Whether a cycle through reduce arguments ends at this object: the pickler enters it into its
    memo before it looks inside, or nothing is inside."""
    if type(obj) is tuple:
        return all(type(part) in (str, int, bytes) for part in obj)
    return type(obj) in (list, dict, set, str, bytes, bytearray, int, float, Plain)


ITERATORS = (iter, Iterated, lambda items: (item for item in items))


class Reduced:
    """A reduce value of any length, with its optional parts there or None, fresh or held."""

    def __init__(self, size, iterator, children):
        self.size = size
        self.iterator = iterator
        self.children = children

    def __reduce__(self):
        children = self.children
        state = {"state": children[:1]}
        items = ITERATORS[self.iterator](children)
        pairs = ITERATORS[self.iterator]([(i, child) for i, child in enumerate(children)])
        value = (rebuild, tuple(filter(ends_cycles, children)), state, items, pairs, set_state)
        return value[: self.size]


class ReducedSparsely(Reduced):
    """The same with None in place of the state and of the list items."""

    def __reduce__(self):
        value = super().__reduce__()
        return tuple(None if i in (2, 3) else part for i, part in enumerate(value))


class ReducedHeld:
    """Returns the same reduce value each time, and somebody else than the pickler holds it."""

    def __init__(self, children):
        self.value = (rebuild, (children, [*children]), {"state": children})

    def __reduce__(self):
        return self.value


class ReducedEx:
    def __init__(self, children):
        self.children = children

    def __reduce_ex__(self, protocol):
        return rebuild, (protocol, self.children)


class HandsOut:
    """Hands out what other objects hold, which was perhaps pickled before."""

    def __init__(self, children):
        self.children = children

    def __reduce__(self):
        pieces = [piece for child in self.children for piece in pieces_of(child)]
        return rebuild, tuple(filter(ends_cycles, pieces)), list(filter(ends_cycles, pieces))


def pieces_of(obj):
    """The innards of an object: its `__dict__`, or what it contains."""
    if "__dict__" in dir(type(obj)) and not isinstance(obj, type) and not callable(obj):
        return [obj.__dict__, *obj.__dict__, *obj.__dict__.values()]
    if type(obj) in (list, tuple):
        return [*obj]
    if type(obj) is dict:
        return [*obj, *obj.values()]
    return [obj]


class Trigger:
    """Does something to the pickler in the middle of its dump."""

    act = None

    def __reduce__(self):
        if Trigger.act is not None:
            act, Trigger.act = Trigger.act, None
            act()
        return int, (5,)


class OnceThroughArguments:
    """Its arguments hold the object itself; asked while they are being saved, it has none."""

    def __init__(self):
        self.entered = False

    def __reduce__(self):
        self.entered = not self.entered
        if not self.entered:
            return OnceThroughArguments, ()
        return OnceThroughArguments, ([self],), {"state": 1}, iter([2]), iter([(3, 4)])


class Registered:
    """Has an entry in `copyreg`'s table."""


def reduce_registered(obj):
    return rebuild, ("registered",), obj.__dict__


copyreg.pickle(Registered, reduce_registered)


class Tabled:
    """For dispatch tables of picklers: without one it is pickled like any instance."""


def reduce_tabled(obj):
    return rebuild, ("tabled", obj.__dict__)


class Overridden:
    """For `reducer_override`."""


class Identified:
    """For `persistent_id`."""


class Metaclass(type):
    pass


class WithMetaclass(metaclass=Metaclass):
    pass


class RegisteredMetaclass(type):
    """Classes of it go through `copyreg`'s table, though they are classes."""


def reduce_class(cls):
    return rebuild, (cls.__name__, cls.__bases__)


copyreg.pickle(RegisteredMetaclass, reduce_class)


class WithRegisteredMetaclass(metaclass=RegisteredMetaclass):
    pass


class Color(enum.Enum):
    RED = 1
    GREEN = "green"


class Number(enum.IntEnum):
    ONE = 1


class Permission(enum.Flag):
    READ = 1
    WRITE = 2


Pair = collections.namedtuple("Pair", "left right")


class TypedPair(typing.NamedTuple):
    left: object
    right: object


class Extension1:
    pass


class Extension2:
    pass


class Extension4:
    pass


for _class, _code in ((Extension1, 0xE7), (Extension2, 0xE7E7), (Extension4, 0xE7E7E7)):
    copyreg.add_extension(__name__, _class.__name__, _code)


def shadow_reduce_ex(protocol):
    return Plain, ()


def shadow_reduce():
    raise AssertionError("`object.__reduce_ex__` finds `__reduce__` on the class alone")


def shadow_getstate():
    return {"shadow": True}


def shadow_getnewargs():
    return ("shadow",)


def shadow_getnewargs_ex():
    return ("shadow",), {"keyword": 1}


SHADOWS = {
    "__reduce_ex__": shadow_reduce_ex,
    "__reduce__": shadow_reduce,
    "__getstate__": shadow_getstate,
    "__getnewargs__": shadow_getnewargs,
    "__getnewargs_ex__": shadow_getnewargs_ex,
}
