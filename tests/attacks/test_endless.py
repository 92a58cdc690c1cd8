"""What never ends is stopped: a chain of objects that are made while they are pickled.

Each reduce value, state, item, argument or answer holds the next object. The interpreter's picklers
end such a chain by running out of stack; ours has no such limit, and keeps a count instead.
"""

import copyreg
import io

import pytest
from faces import HOOKABLE, LEAN
from own_process import run

pytestmark = pytest.mark.long

FACES = {face.name: face for face in (LEAN, HOOKABLE)}

GIBIBYTE = 2**30


def rebuilt(*args):
    return list(args)


class Sublist(list):
    pass


class Subdict(dict):
    pass


# What the next object lies in.
WRAPPINGS = {
    "bare": lambda next: next,
    "list": lambda next: [next],
    "second of a list": lambda next: [1, next],
    "tuple": lambda next: (next,),
    "dict value": lambda next: {"k": next},
    "dict key": lambda next: {next: 1},
    "set": lambda next: {next},
    "frozenset": lambda next: frozenset([next]),
    "list subclass": lambda next: Sublist([next]),
    "dict subclass": lambda next: Subdict(k=next),
    "list in tuple in dict": lambda next: {"k": ([next],)},
}


# Below protocol 4 sets, and below 2 subclasses, are reduced to a copy of what they hold, whose items
# then have two holders: such a chain ends with the memory only.
PROTOCOLS = {"bare": (0, 2, 4), "list": (0, 2, 4), "tuple": (1, 4)}


class Endless:
    """Never the same object twice: each is made when the one before is asked."""

    __slots__ = ("place", "wrapping")

    def __init__(self, place, wrapping):
        self.place = place
        self.wrapping = wrapping

    def next(self):
        return WRAPPINGS[self.wrapping](type(self)(self.place, self.wrapping))

    def __reduce_ex__(self, protocol):
        return PLACES[self.place](self)


class WeakEndless(Endless):
    """Takes weak references, through which anybody could hand it over again."""

    __slots__ = ("__weakref__",)


def generator(obj):
    yield obj.next()


def pair_generator(obj):
    yield 1, obj.next()


PLACES = {
    "argument": lambda obj: (rebuilt, (obj.next(),)),
    "second argument": lambda obj: (rebuilt, (1, obj.next())),
    "new argument": lambda obj: (copyreg.__newobj__, (type(obj), obj.next())),
    "keyword argument": lambda obj: (copyreg.__newobj_ex__, (type(obj), (), {"k": obj.next()})),
    "state": lambda obj: (rebuilt, (), obj.next()),
    "state with a setter": lambda obj: (rebuilt, (), obj.next(), None, None, rebuilt),
    "list item": lambda obj: (rebuilt, (), None, generator(obj)),
    "dict item": lambda obj: (rebuilt, (), None, None, pair_generator(obj)),
}


def pickled(pickler_class, obj, protocol):
    """The class of the exception with which the dump ends."""
    try:
        pickler_class(io.BytesIO(), protocol).dump([obj])
    except BaseException as error:
        return type(error).__name__


def chain(face, wrapping):
    """How the dump ends, wherever the next object lies."""
    ends = {}
    for place in PLACES:
        for protocol in PROTOCOLS.get(wrapping, (4,)):
            kind = (Endless, WeakEndless)[(len(place) + len(wrapping)) % 2]
            end = pickled(FACES[face].ours, kind(place, wrapping), protocol)
            ends.setdefault(end, []).append((place, kind.__name__, protocol))
    return ends


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_a_chain_of_reduce_values(face, wrapping):
    ends = run(chain, face.name, wrapping, memory=2 * GIBIBYTE, allocator=None)
    assert set(ends) == {"RecursionError"}, ends


class Getstate:
    def __getstate__(self):
        return {"next": Getstate()}


class GetstateOfSlots:
    __slots__ = ("x",)

    def __getstate__(self):
        return None, {"x": [GetstateOfSlots()]}


class GetNewArguments:
    def __getnewargs__(self):
        return (GetNewArguments(),)


class GetNewArgumentsEx:
    def __getnewargs_ex__(self):
        return (), {"k": GetNewArgumentsEx()}


class Registered:
    pass


copyreg.pickle(Registered, lambda obj: (rebuilt, ([Registered()],)))


class Asked:
    pass


def methods(face):
    """How a chain through methods and hooks ends."""
    ours = FACES[face].ours

    class Override(ours):
        def reducer_override(self, obj):
            return (rebuilt, ([Asked()],)) if isinstance(obj, Asked) else NotImplemented

    class Table(ours):
        dispatch_table = {Asked: lambda obj: (rebuilt, (), {"k": Asked()})}

    ends = {}
    for kind in (Getstate, GetstateOfSlots, GetNewArguments, GetNewArgumentsEx, Registered):
        for protocol in (2, 4):
            ends.setdefault(pickled(ours, kind(), protocol), []).append(kind.__name__)
    for kind in (Override, Table):
        for protocol in (1, 4):
            ends.setdefault(pickled(kind, Asked(), protocol), []).append(kind.__name__)
    return ends


def test_a_chain_through_methods_and_hooks(face):
    ends = run(methods, face.name, memory=2 * GIBIBYTE, allocator=None)
    assert set(ends) == {"RecursionError"}, ends


class Held(Endless):
    """Somebody holds every link, so that the chain is data, as far as a pickler can see."""

    __slots__ = ()
    everybody = []

    def next(self):
        obj = super().next()
        Held.everybody.append(obj)
        return obj


def held_by_others(face, place):
    ends = []
    for wrapping in ("bare", "list", "dict value"):
        ends.append(pickled(FACES[face].ours, Held(place, wrapping), 4))
        Held.everybody.clear()
    return ends


@pytest.mark.parametrize("place", ["argument", "state", "list item"])
def test_a_chain_that_others_hold_ends_with_the_memory(face, place):
    ends = run(held_by_others, face.name, place, memory=GIBIBYTE // 2, allocator=None)
    assert set(ends) <= {"MemoryError", "RecursionError"}


class Link:
    """A link of a chain that exists beforehand, through reduce arguments."""

    def __init__(self, next):
        self.next = next

    def __reduce__(self):
        return Link, (self.next,)


def existing(face):
    """How chains of so many links end: no limit on data is below a named one."""
    ends = []
    for length in (30_000, 200_000):
        obj = None
        for _ in range(length):
            obj = Link(obj)
        ends.append(pickled(FACES[face].ours, obj, 4))
        while obj is not None:
            obj = obj.next
    return ends


def test_reduce_arguments_none_of_which_is_in_the_memo(face):
    assert run(existing, face.name, allocator=None) == [None, "RecursionError"]


def test_long_chains_that_end_are_pickled(face):
    """Thousands of objects made on the way, one inside the other, are no reason to stop."""

    class Countdown:
        def __init__(self, left):
            self.left = left

        def __reduce__(self):
            return rebuilt, (), [Countdown(self.left - 1)] if self.left else None

    file = io.BytesIO()
    face.ours(file, 4).dump(Countdown(20_000))
    assert file.getvalue().count(b"R") >= 20_000
