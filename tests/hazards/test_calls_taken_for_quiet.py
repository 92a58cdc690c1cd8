"""Hazard: a call of the interpreter's C API that seems to run no Python code, and does.

`repr` of an int looks for signals, whose handlers then run, and from 3.12 on for a collection that
is due. On 3.11 whatever makes an object that the collector tracks may collect: a tuple of arguments,
an exception, its traceback. Handlers and finalisers free texts that were written just before.
"""

import copyreg
import io
import pickle
import sys

import oxipickle
import pytest
from faces import PROTOCOLS
from fresh_texts import DUMPS, struck
from own_process import run


class Plain:
    def __init__(self):
        self.value = 1


class Slotted:
    __slots__ = ("value",)

    def __init__(self):
        self.value = 1


class Newer:
    def __getnewargs_ex__(self):
        return (), {}


class Outer:
    class Inner:
        pass

    def method(self):
        pass


class Coded:
    pass


copyreg.add_extension(__name__, "Coded", 77)
Ünlaut = type("Ünlaut", (), {"__module__": __name__})


def function():
    pass


QUIET = {
    "nothing": lambda: 0,
    "int of 32 bits": lambda: 1 << 31,
    "int of 70 bits": lambda: -(1 << 70),
    "int of 3000 bits": lambda: 1 << 3000,
    "int of 20 000 digits": lambda: 10**20_000,
    "float": lambda: 1.5,
    "infinite float": lambda: float("inf"),
    "text with a surrogate": lambda: "\ud800" + "text",
    "text with a line's end": lambda: "two\nlines\\",
    "text beyond Latin-1": lambda: "ü\u20ac\U0001f600" * 9,
    "bytes": lambda: b"".join([b"a", b"\xff"]),
    "empty bytes": lambda: b"",
    "bytearray": lambda: bytearray(b"ab"),
    "empty bytearray": lambda: bytearray(),
    "large bytes": lambda: b"x" * 70_000,
    "set": lambda: {1, 2},
    "empty set": lambda: set(),
    "frozenset": lambda: frozenset([1, 2]),
    "None's type": lambda: type(None),
    "NotImplemented's type": lambda: type(NotImplemented),
    "Ellipsis' type": lambda: type(...),
    "NotImplemented": lambda: NotImplemented,
    "Ellipsis": lambda: ...,
    "class": lambda: Plain,
    "class of a class": lambda: Outer.Inner,
    "function": lambda: function,
    "method": lambda: Outer().method,
    "class with an extension code": lambda: Coded,
    "class whose name is not ASCII": lambda: Ünlaut,
    "class that Python 2 names otherwise": lambda: range,
    "error that Python 2 names otherwise": lambda: ModuleNotFoundError,
    "instance": Plain,
    "instance with slots": Slotted,
    "instance with keywords for __new__": Newer,
    "complex": lambda: 1j,
    "slice": lambda: range(3),
    "list": lambda: [1, [2], {3: (4,)}],
    "dict": lambda: {1: 2, "a": {"b": 1.5}},
}


# The first protocol that takes such an object, where it is not 0.
FIRST_PROTOCOL = {"instance with slots": 2, "class whose name is not ASCII": 3}

# One for each call that is known to run Python code on some release; the others take long together.
QUICK = {"int of 70 bits", "float", "text with a surrogate", "bytearray", "None's type", "class"}


def struck_by(quiet, face):
    """What went wrong around such an object, at every protocol."""
    sys.set_int_max_str_digits(0)
    wrong = []
    for protocol in PROTOCOLS[FIRST_PROTOCOL.get(quiet, 0) :]:
        # What is learned at the first time allocates, and names what is imported.
        DUMPS[face]([QUIET[quiet](), QUIET[quiet](), int, list], protocol)
        wrong += struck(DUMPS[face], QUIET[quiet], protocol)
    return wrong


@pytest.mark.parametrize("face", ["dumps", "hookable"])
@pytest.mark.parametrize(
    "quiet", [quiet if quiet in QUICK else pytest.param(quiet, marks=pytest.mark.long) for quiet in QUIET]
)
def test_texts_freed_around(quiet, face):
    assert run(struck_by, quiet, face) == []


def buffers(face, out_of_band):
    """What goes wrong around a buffer, which the pickle holds or which a callback takes."""
    kept = []
    callback = (lambda buffer: kept.append(buffer)) if out_of_band else None
    pickler_class = {"dumps": oxipickle.Pickler, "hookable": oxipickle.HookablePickler}[face]

    def dump(obj, protocol):
        file = io.BytesIO()
        pickler_class(file, protocol, buffer_callback=callback).dump(obj)
        return file.getvalue()

    return [
        wrong
        for make in (lambda: b"constant", lambda: bytearray(b"may change"))
        for wrong in struck(dump, lambda: pickle.PickleBuffer(make()), 5)
    ]


@pytest.mark.parametrize("out_of_band", [False, True], ids=["in band", "out of band"])
@pytest.mark.parametrize("face", ["dumps", "hookable"])
def test_texts_freed_around_a_buffer(face, out_of_band):
    assert run(buffers, face, out_of_band) == []


IDS = {"text": "id", "line's end": "two\nlines", "not ASCII": "ü", "int": 1 << 70, "tuple": ("a", 1)}


def persistent(name, face):
    """What goes wrong where the quiet object is saved by its persistent id."""
    base = {"dumps": oxipickle.Pickler, "hookable": oxipickle.HookablePickler}[face]

    class Sub(base):
        def persistent_id(self, obj):
            return IDS[name] if obj == 1.5 else None

    class Loads(pickle.Unpickler):
        def persistent_load(self, identity):
            return identity

    def dump(obj, protocol):
        file = io.BytesIO()
        Sub(file, protocol).dump(obj)
        return pickle.dumps(Loads(io.BytesIO(file.getvalue())).load(), 4)

    protocols = range(1 if name in ("line's end", "not ASCII") else 0, 6)
    return [wrong for protocol in protocols for wrong in struck(dump, lambda: 1.5, protocol)]


@pytest.mark.parametrize("face", ["dumps", "hookable"])
@pytest.mark.parametrize("name", IDS)
def test_texts_freed_around_a_persistent_id(name, face):
    assert run(persistent, name, face) == []
