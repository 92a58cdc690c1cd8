"""Rows on what cannot be pickled: exception classes by face, the newest interpreter's words."""

import copyreg
import pickle
import sys
import types

import pytest
from faces import HOOKABLE, LEAN, SPEAKS_NEWEST_WORDS, assert_words, dumped, notes, raised


def local():
    def inner():
        pass

    return inner


def local_class():
    class Inner:
        pass

    return Inner


class Reduced:
    """Reduces to the value it was given."""

    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return self.value

    def __repr__(self):
        return "<reduced>"


MODULE = __name__
OBJECT = f"when serializing {MODULE}.Reduced object"


@pytest.mark.parametrize("make", [local, local_class, lambda: local], ids=["function", "class", "nested"])
def test_local_objects(face, make, protocol):
    obj = make()
    if obj is local:
        obj = local()
    assert_words(face, lambda: obj, protocol, f"Can't pickle local object {obj!r}")


def test_the_class_of_the_error_for_local_objects_differs_by_face_up_to_3_13():
    classes = [type(raised(dumped, face.ours, local())) for face in (LEAN, HOOKABLE)]
    before = [AttributeError, pickle.PicklingError]
    assert classes == (before if sys.version_info < (3, 14) else [pickle.PicklingError] * 2)


def test_lambda(face, protocol):
    obj = lambda: None  # noqa: E731
    obj.__qualname__ = "<lambda>"
    assert_words(face, lambda: obj, protocol, f"Can't pickle {obj!r}: it's not found as {MODULE}.<lambda>")


WORDS = {
    "a list": ([print, ()], "__reduce__ must return a string or tuple, not list"),
    "None": (None, "__reduce__ must return a string or tuple, not NoneType"),
    "one item": ((print,), "tuple returned by __reduce__ must contain 2 through 6 elements"),
    "seven items": (
        (print, (), None, None, None, None, None),
        "tuple returned by __reduce__ must contain 2 through 6 elements",
    ),
    "callable an int": (
        (42, ()),
        "first item of the tuple returned by __reduce__ must be callable, not int",
    ),
    "arguments a list": (
        (print, []),
        "second item of the tuple returned by __reduce__ must be a tuple, not list",
    ),
}


@pytest.mark.parametrize("name", WORDS)
def test_reduce_values(face, name, protocol):
    value, words = WORDS[name]
    model = raised(dumped, face.model, Reduced(value), protocol)
    assert isinstance(model, pickle.PicklingError)
    error = raised(dumped, face.ours, Reduced(value), protocol)
    assert type(error) is type(model)
    assert str(error) == words or sys.version_info[:2] == (3, 13)
    assert notes(error) == [OBJECT]
    if SPEAKS_NEWEST_WORDS:
        assert (str(model), notes(model)) == (words, [OBJECT])


ITEMS = {
    "list items": (print, (), None, 5),
    "list items a list": (print, (), None, [1]),
    "dict items": (print, (), None, None, 5),
    "dict items a dict": (print, (), None, None, {}),
    "pair a list": (print, (), None, None, iter([[1, 2]])),
    "setter": (print, (), {"s": 1}, None, None, 5),
    "newobj without class": (copyreg.__newobj__, ()),
    "newobj of no class": (copyreg.__newobj__, (5,)),
    "newobj of another class": (copyreg.__newobj__, (dict,)),
    "newobj_ex of two": (copyreg.__newobj_ex__, (Reduced, ())),
    "newobj_ex with a list": (copyreg.__newobj_ex__, (Reduced, [], {})),
    "newobj_ex with pairs": (copyreg.__newobj_ex__, (Reduced, (), [])),
    "newobj_ex of no class": (copyreg.__newobj_ex__, (5, (), {})),
    "newobj_ex of another class": (copyreg.__newobj_ex__, (dict, (), {})),
}


def fresh(name):
    if name == "pair a list":
        return (print, (), None, None, iter([[1, 2]]))
    return ITEMS[name]


@pytest.mark.newest_words
@pytest.mark.parametrize("name", ITEMS)
def test_words_of_the_newest_interpreter(face, name, protocol):
    try:
        dumped(face.model, Reduced(fresh(name)), protocol)
    except Exception as error:
        expected = type(error), str(error), notes(error)
        error = raised(dumped, face.ours, Reduced(fresh(name)), protocol)
        assert (type(error), str(error), notes(error)) == expected
    else:
        dumped(face.ours, Reduced(fresh(name)), protocol)


def named(name, module=MODULE):
    obj = Reduced(name)
    obj.__module__ = module
    return obj


LOOK_UPS = {
    "missing": (named("spam"), f"it's not found as {MODULE}.spam"),
    "missing module": (named("spam", "nonexisting"), "No module named 'nonexisting'"),
    "nested missing": (named("Reduced.A.B"), f"it's not found as {MODULE}.Reduced.A.B"),
    "another object": (named("Reduced"), f"it's not the same object as {MODULE}.Reduced"),
}


@pytest.mark.parametrize("name", LOOK_UPS)
def test_names_that_lead_elsewhere(face, name, protocol):
    obj, words = LOOK_UPS[name]
    error = raised(dumped, face.ours, obj, protocol)
    assert type(error) is type(raised(dumped, face.model, obj, protocol))
    assert isinstance(error, pickle.PicklingError)
    assert str(error) == f"Can't pickle {obj!r}: {words}" or sys.version_info < (3, 14)
    assert str(error).startswith("Can't pickle <reduced>: ")


@pytest.mark.parametrize("protocol", range(4))
@pytest.mark.parametrize("place", ["name", "module"])
def test_names_that_cannot_be_encoded(face, place, protocol, monkeypatch):
    name = "nonascii\xff" if protocol < 3 else "nonencodable\udbff"
    obj = Reduced(name if place == "name" else "test")
    obj.__module__ = MODULE if place == "name" else name
    if place == "name":
        monkeypatch.setitem(globals(), name, obj)
    else:
        monkeypatch.setitem(sys.modules, name, types.SimpleNamespace(test=obj))
    kind = "global" if place == "name" else "module"
    words = f"can't pickle {kind} identifier {name!r} using pickle protocol {protocol}"
    error = raised(dumped, face.ours, obj, protocol)
    assert type(error) is type(raised(dumped, face.model, obj, protocol))
    assert str(error) == words or sys.version_info < (3, 14)
    if SPEAKS_NEWEST_WORDS:
        assert str(raised(dumped, face.model, obj, protocol)) == words


UNPICKLABLE = {
    "generator": lambda: (i for i in ()),
    "module": lambda: pickle,
    "lock": lambda: __import__("threading").Lock(),
    "frame": sys._getframe,
    "memoryview": lambda: memoryview(b""),
    "file": lambda: open(__file__),
    "code": lambda: local.__code__,
}


@pytest.mark.parametrize("kind", UNPICKLABLE)
def test_types_that_refuse(face, kind, protocol):
    obj = UNPICKLABLE[kind]()
    error = raised(dumped, face.ours, obj, protocol)
    model = raised(dumped, face.model, obj, protocol)
    assert type(error) is type(model)
    assert not SPEAKS_NEWEST_WORDS or str(error) == str(model)


class NoReduce:
    def __getattribute__(self, name):
        if name in ("__reduce__", "__reduce_ex__"):
            raise AttributeError(name)
        return super().__getattribute__(name)


def test_an_object_without_reduce_methods(face, protocol):
    error = raised(dumped, face.ours, NoReduce(), protocol)
    assert type(error) is type(raised(dumped, face.model, NoReduce(), protocol))
    assert isinstance(error, pickle.PicklingError)


def test_non_contiguous_buffers_differ_by_face_up_to_3_13():
    def make():
        return pickle.PickleBuffer(memoryview(b"content")[::2])

    for face in (LEAN, HOOKABLE):
        assert type(raised(dumped, face.ours, make(), 5)) is type(raised(dumped, face.model, make(), 5))
    assert type(raised(dumped, LEAN.ours, make(), 5)) is pickle.PicklingError


@pytest.mark.parametrize("protocol", range(5))
def test_buffers_need_protocol_5(face, protocol):
    words = "PickleBuffer can only be pickled with protocol >= 5"
    assert_words(face, lambda: pickle.PickleBuffer(b""), protocol, words)
