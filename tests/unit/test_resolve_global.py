"""`resolve_global`: finds the name under which an object is saved as a global."""

import collections
import io
import pickle
import sys

import pytest
from faces import assert_same_bytes, dumped, raised


class Outer:
    class Inner:
        def method(self):
            pass


def function():
    pass


class Named:
    def __init__(self, name):
        self.name = name

    def __reduce__(self):
        return self.name


instance = Named("instance")


@pytest.mark.parametrize(
    ("obj", "name", "expected"),
    [
        (Outer, None, (__name__, "Outer")),
        (Outer.Inner, None, (__name__, "Outer.Inner")),
        (Outer.Inner.method, None, (__name__, "Outer.Inner.method")),
        (function, None, (__name__, "function")),
        (len, None, ("builtins", "len")),
        (int, None, ("builtins", "int")),
        (collections.OrderedDict, None, ("collections", "OrderedDict")),
        (instance, "instance", (__name__, "instance")),
    ],
    ids=["class", "nested", "method", "function", "builtin", "type", "other module", "named"],
)
def test_its_own_answer(face, obj, name, expected):
    pickler = face.ours(io.BytesIO())
    found = pickler.resolve_global(obj, name)
    assert found == expected
    assert type(found) is tuple
    if name is None:
        assert pickler.resolve_global(obj) == expected


def test_it_checks_what_the_interpreter_checks(face):
    pickler = face.ours(io.BytesIO())
    for obj, name in ((instance, "missing"), (instance, "Outer"), (lambda: 0, None)):
        error = raised(pickler.resolve_global, obj, name)
        assert isinstance(error, (pickle.PicklingError, AttributeError))


def test_an_override_names_what_is_written(face, protocol):
    asked = []

    class Renaming(face.ours):
        def resolve_global(self, obj, name=None):
            asked.append((obj, name))
            if obj is function:
                return "elsewhere", "renamed"
            return super().resolve_global(obj, name)

    written = dumped(Renaming, [function, Outer, instance, function], protocol)
    assert asked == [(function, None), (Outer, None), (instance, "instance")]
    assert (b"elsewhere" in written) and (b"renamed" in written) and (b"function" not in written)


def test_an_override_that_changes_nothing(face, protocol):
    class Asking(face.ours):
        def resolve_global(self, obj, name=None):
            return super().resolve_global(obj, name)

    for obj in (Outer, Outer.Inner, Outer(), {1: {2}}, b"bytes", len, Outer.Inner().method, instance, 1j):
        assert dumped(Asking, obj, protocol) == dumped(face.model, obj, protocol)


def test_it_may_be_set_on_an_instance(face, protocol):
    file = io.BytesIO()
    pickler = face.ours(file, protocol)
    pickler.resolve_global = lambda obj, name=None: ("elsewhere", "renamed")
    pickler.dump(function)
    assert b"elsewhere" in file.getvalue()


def test_what_is_named_need_not_exist(face, protocol):
    def local():
        pass

    class Trusting(face.ours):
        def resolve_global(self, obj, name=None):
            return "no_such_module", "Name"

    assert b"no_such_module" in dumped(Trusting, [local], protocol)
    assert "no_such_module" not in sys.modules


@pytest.mark.parametrize(
    "answer", [None, "module", (), ("module",), (1, 2), ("module", None), (None, "name"), 5]
)
def test_answers_refused(face, answer, protocol):
    class Wrong(face.ours):
        def resolve_global(self, obj, name=None):
            return answer

    assert isinstance(raised(dumped, Wrong, [len], protocol), (TypeError, ValueError, pickle.PicklingError))


def test_old_names_are_mapped_after_it(face):
    class Renaming(face.ours):
        def resolve_global(self, obj, name=None):
            return "builtins", "range"

    assert dumped(Renaming, function, 2) == dumped(face.model, range, 2)


def test_extension_codes_are_looked_up_by_the_name_it_gives(face, protocol, monkeypatch):
    import copyreg

    monkeypatch.setitem(copyreg._extension_registry, ("elsewhere", "renamed"), 7)

    class Renaming(face.ours):
        def resolve_global(self, obj, name=None):
            return "elsewhere", "renamed"

    written = dumped(Renaming, function, protocol)
    assert (b"\x82\x07" in written) == (protocol >= 2)


def test_errors_of_an_override_come_through(face, protocol):
    class Failing(face.ours):
        def resolve_global(self, obj, name=None):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        dumped(Failing, [Outer()], protocol)


def test_globals_without_override(face, protocol):
    assert_same_bytes(face, lambda: [Outer, Outer.Inner, function, len, instance], protocol)
