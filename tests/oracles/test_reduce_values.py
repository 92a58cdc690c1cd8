"""Rows on reduce values: every item of every shape, looked ahead as the model does."""

import copyreg
import sys

import pytest
from faces import assert_same_outcome, dumped, outcome


class Rebuilt:
    """Reduces to whatever it was given."""

    def __init__(self, make):
        self.make = make

    def __reduce__(self):
        return self.make()


class Chosen:
    def __init__(self, *args, **kwargs):
        pass


class NoNew:
    def __getattribute__(self, name):
        raise AttributeError(name)


def rebuild(*args):
    return args


def setter(obj, state):
    pass


class Subtuple(tuple):
    pass


class Substr(str):
    pass


SHAPES = {
    "string": lambda: "rebuild",
    "string subclass": lambda: Substr("rebuild"),
    "missing name": lambda: "no such name",
    "two items": lambda: (rebuild, (1,)),
    "tuple subclass": lambda: Subtuple((rebuild, (1,))),
    "argument tuple subclass": lambda: (rebuild, Subtuple((1,))),
    "state": lambda: (rebuild, (), {"s": 1}),
    "falsy state": lambda: (rebuild, (), 0),
    "tuple state": lambda: (rebuild, (), ({"a": 1}, {"b": 2})),
    "all None": lambda: (rebuild, (), None, None, None, None),
    "list items": lambda: (rebuild, (), None, iter([1, 2, 3])),
    "one list item": lambda: (rebuild, (), None, iter([1])),
    "no list items": lambda: (rebuild, (), None, iter([])),
    "1000 list items": lambda: (rebuild, (), None, iter(range(1000))),
    "1001 list items": lambda: (rebuild, (), None, iter(range(1001))),
    "2001 list items": lambda: (rebuild, (), None, iter(range(2001))),
    "list as list items": lambda: (rebuild, (), None, [1, 2]),
    "int as list items": lambda: (rebuild, (), None, 5),
    "dict items": lambda: (rebuild, (), None, None, iter([(1, 2), (3, 4)])),
    "one dict item": lambda: (rebuild, (), None, None, iter([(1, 2)])),
    "no dict items": lambda: (rebuild, (), None, None, iter([])),
    "1000 dict items": lambda: (rebuild, (), None, None, iter(dict.fromkeys(range(1000)).items())),
    "1001 dict items": lambda: (rebuild, (), None, None, iter(dict.fromkeys(range(1001)).items())),
    "2001 dict items": lambda: (rebuild, (), None, None, iter(dict.fromkeys(range(2001)).items())),
    "items view": lambda: (rebuild, (), None, None, {1: 2}.items()),
    "dict as dict items": lambda: (rebuild, (), None, None, {(1, 2): 3}),
    "pairs that are lists": lambda: (rebuild, (), None, None, iter([[1, 2], [3, 4]])),
    "pair that is a subclass": lambda: (rebuild, (), None, None, iter([Subtuple((1, 2))])),
    "pairs that are texts": lambda: (rebuild, (), None, None, iter(["ab", "cd"])),
    "pairs of three": lambda: (rebuild, (), None, None, iter([(1, 2, 3), (1, 2, 3)])),
    "pair of one": lambda: (rebuild, (), None, None, iter([(1,)])),
    "pair that is an int": lambda: (rebuild, (), None, None, iter([1])),
    "second pair of one": lambda: (rebuild, (), None, None, iter([(1, 2), (1,)])),
    "int as dict items": lambda: (rebuild, (), None, None, 5),
    "state setter": lambda: (rebuild, (), {"s": 1}, None, None, setter),
    "setter without state": lambda: (rebuild, (), None, None, None, setter),
    "setter not callable": lambda: (rebuild, (), {"s": 1}, None, None, 5),
    "setter a text": lambda: (rebuild, (), {"s": 1}, None, None, "setter"),
    "setter not callable without state": lambda: (rebuild, (), None, None, None, 5),
    "everything": lambda: (rebuild, (1,), {"s": 1}, iter([1, 2]), iter([(1, 2)]), setter),
    "callable an int": lambda: (5, ()),
    "callable None": lambda: (None, ()),
    "arguments a list": lambda: (rebuild, [1]),
    "arguments None": lambda: (rebuild, None),
    "one item": lambda: (rebuild,),
    "no items": lambda: (),
    "seven items": lambda: (rebuild, (), None, None, None, None, None),
    "a list": lambda: [rebuild, ()],
    "None": lambda: None,
    "an int": lambda: 5,
    "newobj": lambda: (copyreg.__newobj__, (Rebuilt, 1)),
    "newobj subclass of arguments": lambda: (copyreg.__newobj__, Subtuple((Rebuilt, 1))),
    "newobj of another class": lambda: (copyreg.__newobj__, (Chosen, 1)),
    "newobj without class": lambda: (copyreg.__newobj__, ()),
    "newobj of no class": lambda: (copyreg.__newobj__, (5,)),
    "newobj without __new__": lambda: (copyreg.__newobj__, (NoNew(),)),
    "newobj_ex": lambda: (copyreg.__newobj_ex__, (Rebuilt, (1,), {"make": 2})),
    "newobj_ex without keywords": lambda: (copyreg.__newobj_ex__, (Rebuilt, (1,), {})),
    "newobj_ex of another class": lambda: (copyreg.__newobj_ex__, (Chosen, (1,), {"a": 2})),
    "newobj_ex with list": lambda: (copyreg.__newobj_ex__, (Rebuilt, [1], {"a": 2})),
    "newobj_ex with pairs": lambda: (copyreg.__newobj_ex__, (Rebuilt, (1,), [("a", 2)])),
    "newobj_ex with None": lambda: (copyreg.__newobj_ex__, (Rebuilt, (1,), None)),
    "newobj_ex of two": lambda: (copyreg.__newobj_ex__, (Rebuilt, (1,))),
    "newobj_ex of four": lambda: (copyreg.__newobj_ex__, (Rebuilt, (1,), {}, None)),
    "newobj_ex of none": lambda: (copyreg.__newobj_ex__, ()),
    "newobj_ex of no class": lambda: (copyreg.__newobj_ex__, (5, (1,), {})),
    "newobj_ex without __new__": lambda: (copyreg.__newobj_ex__, (NoNew(), (1,), {})),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape(face, shape, protocol):
    assert_same_outcome(face, lambda: Rebuilt(SHAPES[shape]), protocol)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_between_others(face, shape, protocol):
    def make():
        obj = Rebuilt(SHAPES[shape])
        return [1, obj, obj, "end"]

    assert_same_outcome(face, make, protocol)


class Named:
    """A callable that calls itself as copyreg's do."""

    def __init__(self, name):
        self.__name__ = name

    def __call__(self, *args):
        return args

    def __reduce__(self):
        return "rebuild"


@pytest.mark.parametrize("name", ["__newobj__", "__newobj_ex__", "other", 5, None])
def test_the_callable_is_known_by_its_name(face, name, protocol):
    def make():
        return Rebuilt(lambda: (Named(name), (Rebuilt, (1,), {"a": 2})))

    assert_same_outcome(face, make, protocol)


class LoggedIterator:
    """Logs each step, and yields objects that log when they are saved."""

    def __init__(self, log, size, make):
        self.log, self.left, self.make = log, size, make

    def __iter__(self):
        return self

    def __next__(self):
        if not self.left:
            self.log.append("end")
            raise StopIteration
        self.left -= 1
        self.log.append("next")
        return self.make()


class Item:
    log: list

    def __reduce__(self):
        self.log.append("save")
        return Item, ()


@pytest.mark.parametrize("size", [0, 1, 2, 3, 999, 1000, 1001, 1002, 2001])
@pytest.mark.parametrize("place", [3, 4])
def test_how_far_iterators_are_asked_ahead(face, place, size, protocol):
    def attempt(base):
        Item.log = log = []

        def make():
            value = [rebuild, (), None, None, None]
            value[place] = LoggedIterator(log, size, Item if place == 3 else lambda: (Item(), Item()))
            return tuple(value)

        return dumped(base, Rebuilt(make), protocol), log

    ours = attempt(face.ours)
    assert ours == attempt(face.model)
    assert ours[1].count("next") == size


@pytest.mark.parametrize("fails_at", [0, 1, 2, 1000])
@pytest.mark.parametrize("place", [3, 4])
def test_an_iterator_that_raises(face, place, fails_at, protocol):
    class Failure(Exception):
        pass

    def failing():
        for i in range(fails_at):
            yield i if place == 3 else (i, i)
        raise Failure

    def make():
        value = [rebuild, (), None, None, None]
        value[place] = failing()
        return Rebuilt(lambda: tuple(value))

    with pytest.raises(Failure):
        dumped(face.ours, make(), protocol)
    with pytest.raises(Failure):
        dumped(face.model, make(), protocol)


class NoReduceEx:
    __reduce_ex__ = None

    def __reduce__(self):
        return rebuild, ()


class OnInstance:
    pass


def with_attribute(name, value):
    def make():
        obj = OnInstance()
        vars(obj)[name] = value
        return obj

    return make


ON_INSTANCE = {
    "__reduce_ex__": lambda protocol: (rebuild, (protocol,)),
    "__reduce__": lambda: (rebuild, ()),
    "__getstate__": lambda: {"replaced": 1},
    "__getnewargs__": lambda: (1,),
    "__getnewargs_ex__": lambda: ((1,), {"a": 2}),
    "__class__": 5,
}


@pytest.mark.parametrize("name", ON_INSTANCE)
def test_methods_that_are_attributes_of_the_instance(face, name, protocol):
    # The key that is built here is another object than the interned name.
    for key in (name, "".join(list(name))):
        assert_same_outcome(face, with_attribute(key, ON_INSTANCE[name]), protocol)


def test_reduce_ex_of_none(face, protocol):
    assert_same_outcome(face, NoReduceEx, protocol)


class Unusual:
    """Stands where the class of the test is found by its name."""


def unusual(**methods):
    return type("Unusual", (), {"__module__": __name__, **methods})


@pytest.mark.parametrize("state", [None, False, 0, "", (), [], {}, {"a": 1}, ({}, {}), (None, {"a": 1}), 5])
def test_what_getstate_returns(face, state, protocol, monkeypatch):
    class_of = unusual(__getstate__=lambda self: state)
    monkeypatch.setitem(globals(), "Unusual", class_of)
    assert_same_outcome(face, class_of, protocol)


@pytest.mark.parametrize("arguments", [(), (1,), [1], None, 5, Subtuple((1,)), ((1,), {"a": 2}), ((), {})])
@pytest.mark.parametrize("method", ["__getnewargs__", "__getnewargs_ex__"])
def test_what_getnewargs_returns(face, method, arguments, protocol, monkeypatch):
    class_of = unusual(**{method: lambda self: arguments})
    monkeypatch.setitem(globals(), "Unusual", class_of)
    assert_same_outcome(face, class_of, protocol)


class Slotted:
    __slots__ = ("__private", "__weakref__", "a", "b")

    def __init__(self):
        self.a = 1
        self.__private = 2


class SlottedWithDict(Slotted):
    def __init__(self):
        super().__init__()
        self.c = 3


class Variable(tuple):
    def __init__(self, items=()):
        self.attribute = 1


@pytest.mark.parametrize("kind", [Slotted, SlottedWithDict, Variable, OnInstance])
def test_instances_with_slots(face, kind, protocol):
    assert_same_outcome(face, kind, protocol)


def test_slotnames_are_left_on_the_class(face):
    class_of = type("Slotless", (), {"__module__": __name__})
    outcome(dumped, face.ours, class_of(), 2)
    assert class_of.__dict__["__slotnames__"] == []


@pytest.mark.skipif(sys.version_info < (3, 15), reason="frozendict is a builtin from 3.15 on")
def test_frozendict_goes_the_way_of_reduce(face, protocol):
    assert_same_outcome(face, lambda: [frozendict(a=1), frozendict()], protocol)  # noqa: F821
