"""How globals are named and written: nested, private and non-ASCII names, old names, codes."""

import collections
import copyreg
import enum
import functools
import sys

import pytest
from faces import HOOKABLE, assert_same_bytes, assert_same_outcome, dumped


class Outer:
    class Inner:
        class Innermost:
            def method(self):
                pass

            @classmethod
            def class_method(cls):
                pass

            @staticmethod
            def static_method():
                pass

    class __Private:
        class __Deeper:
            pass

        deeper = __Deeper

    def __private_method(self):
        pass

    @staticmethod
    def __private_static():
        pass

    private = __Private
    private_static = __private_static


class _Underscored:
    class __Private:
        pass

    private = __Private


class __:
    class __Private:
        pass

    private = __Private


class Größe:
    class Länge:
        pass


class Colour(enum.Enum):
    RED = 1


class Flags(enum.Flag):
    A = 1
    B = 2


Pair = collections.namedtuple("Pair", "a b")

GLOBALS = {
    "class": Outer,
    "nested": Outer.Inner,
    "nested twice": Outer.Inner.Innermost,
    "function in class": Outer.Inner.Innermost.method,
    "bound method": Outer.Inner.Innermost().method,
    "class method": Outer.Inner.Innermost.class_method,
    "static method": Outer.Inner.Innermost.static_method,
    "private": Outer.private,
    "private in private": Outer.private.deeper,
    "private method": Outer._Outer__private_method,
    "private static method": Outer.private_static,
    "private of underscored": _Underscored.private,
    "private of underscores": __.private,
    "non-ASCII": Größe,
    "non-ASCII nested": Größe.Länge,
    "enum": Colour,
    "enum member": Colour.RED,
    "flags": Flags.A | Flags.B,
    "namedtuple": Pair,
    "builtin function": len,
    "builtin class": int,
    "builtin method": [].append,
    "unbound builtin method": list.append,
    "builtin class method": dict.fromkeys,
    "exception": ValueError,
    "wrapped": functools.partial(len, "x"),
    "function": dumped,
    "of another module": collections.OrderedDict,
    "singleton types": [type(None), type(...), type(NotImplemented)],
    "old name": [range, map, zip, filter, input, collections.UserDict, functools.reduce],
    "moved exceptions": [OSError, ImportError, ModuleNotFoundError, BlockingIOError],
    "generic": list[int],
    "union": int | str,
}


@pytest.mark.parametrize("name", GLOBALS)
def test_globals(face, name, protocol):
    obj = GLOBALS[name]
    assert_same_outcome(face, lambda: [obj, obj], protocol)


@pytest.mark.parametrize("protocol", range(3))
@pytest.mark.parametrize("name", ["old name", "moved exceptions", "builtin class", "builtin function"])
def test_without_old_names(face, name, protocol):
    assert_same_outcome(face, lambda: GLOBALS[name], protocol, fix_imports=False)


@pytest.mark.parametrize("protocol", range(4))
def test_nested_names_below_protocol_4(face, protocol):
    inner, innermost = Outer.Inner, Outer.Inner.Innermost
    written = assert_same_bytes(face, lambda: [innermost, inner, innermost, Outer], protocol)
    assert b"getattr" in written
    assert b"Outer.Inner" not in written


@pytest.mark.skipif(sys.version_info < (3, 15), reason="private names are mangled from 3.15 on")
def test_private_names_are_mangled(face):
    assert b"_Outer__Private" in dumped(face.ours, GLOBALS["private"], 4)


@pytest.fixture
def extension(request):
    module, name, code = request.param
    copyreg.add_extension(module, name, code)
    yield code
    copyreg.remove_extension(module, name, code)


CODES = [1, 0xFF, 0x100, 0xFFFF, 0x10000, 0x7FFFFFFF]


@pytest.mark.parametrize(
    "extension",
    [(__name__, name, code) for code in CODES for name in ("Outer", "Outer.Inner", "dumped")],
    indirect=True,
    ids=lambda value: f"{value[1]}-{value[2]:#x}",
)
def test_extension_codes(face, extension, protocol):
    assert_same_bytes(face, lambda: [Outer, Outer(), Outer.Inner, dumped, Outer, 1], protocol)


@pytest.mark.parametrize("code", [object(), None, -1, 0, 2**31, 2**70, -(2**70), "1", 1.5])
def test_bad_extension_codes(face, code, monkeypatch):
    monkeypatch.setitem(copyreg._extension_registry, (__name__, "Outer"), code)
    for protocol in range(2, 6):
        assert_same_outcome(face, lambda: Outer, protocol)


class Meta(type):
    def __reduce__(cls):
        return "OfMeta"


class OfMeta(metaclass=Meta):
    pass


class WithName:
    """An object that names itself as a function does."""

    __qualname__ = "WithName"

    def __reduce__(self):
        return "instance"


instance = WithName()


@pytest.mark.parametrize("obj", [OfMeta, OfMeta(), instance], ids=["class", "its instance", "instance"])
def test_objects_that_reduce_to_a_name(face, obj, protocol):
    assert_same_outcome(face, lambda: [obj, obj], protocol)


def function_named(**attributes):
    def function():
        pass

    for name, value in attributes.items():
        setattr(function, name, value)
    return function


@pytest.mark.parametrize(
    "attributes",
    [
        {"__module__": None},
        {"__module__": "__main__"},
        {"__module__": 5},
        {"__module__": "nonexisting"},
        {"__qualname__": "Outer.missing"},
        {"__qualname__": ""},
        {"__qualname__": "Outer."},
        {"__qualname__": "<locals>"},
    ],
    ids=repr,
)
def test_functions_with_unusual_names(face, attributes, protocol):
    function = function_named(**attributes)
    assert_same_outcome(face, lambda: function, protocol)


def test_a_function_without_module_is_searched(face, protocol, monkeypatch):
    function = function_named(__qualname__="searched", __module__=None)
    monkeypatch.setattr(sys.modules[__name__], "searched", function, raising=False)
    assert_same_outcome(face, lambda: function, protocol)


def test_the_interpreter_style_is_the_hookable_faces_own():
    assert HOOKABLE.ours.global_style == "interpreter"
