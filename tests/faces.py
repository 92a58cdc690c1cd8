"""Our two picklers beside the interpreter's two, which they stand in for, and how to compare them.

Tests ask the interpreter's class in the same process what is right, and write an expectation down
only where ours differs on purpose.
"""

import dataclasses
import io
import operator
import pickle
import sys
from collections.abc import Callable
from typing import Any

import oxipickle

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)

# The release whose words and notes ours speak everywhere; there the model is asked for them too.
SPEAKS_NEWEST_WORDS = sys.version_info >= (3, 15)


@dataclasses.dataclass(frozen=True)
class Face:
    """A pickler or unpickler of ours and its model."""

    name: str
    ours: type
    model: type

    def __repr__(self):
        return self.name

    def both(self):
        """Our class and the model, in the order in which tests compare them."""
        return self.ours, self.model


class Dumps:
    """`oxipickle.dumps`, or `dump` for a file that is none of the interpreter's, in a pickler's shape.

    Their memo ends with the dump, so that it holds only what Python code might free.
    """

    def __init__(self, file, protocol=None, **options):
        self.file, self.protocol, self.options = file, protocol, options

    def dump(self, obj):
        if type(self.file) is io.BytesIO:
            self.file.write(oxipickle.dumps(obj, self.protocol, **self.options))
        else:
            oxipickle.dump(obj, self.file, self.protocol, **self.options)


LEAN = Face("lean", oxipickle.Pickler, pickle.Pickler)
DUMPS = Face("dumps", Dumps, pickle.Pickler)
HOOKABLE = Face("hookable", oxipickle.HookablePickler, pickle._Pickler)
UNPICKLERS = [
    Face("lean", oxipickle.Unpickler, pickle.Unpickler),
    Face("hookable", oxipickle.HookableUnpickler, pickle._Unpickler),
]


def dumped(pickler_class: type, obj: Any, protocol: int | None = None, **options: Any) -> bytes:
    """The pickle that a fresh pickler of this class writes."""
    file = io.BytesIO()
    pickler_class(file, protocol, **options).dump(obj)
    return file.getvalue()


def in_a_row(*calls: Callable[[], Any]) -> list[Any]:
    """What the calls return, one after the other.

    No bytecode runs between them, so that neither a signal handler nor a profile function allocates there.
    """
    return list(map(operator.call, calls))


def raised(call: Callable[..., Any], *args: Any, **options: Any) -> BaseException:
    """The exception that the call ends with; an AssertionError if it ends well."""
    try:
        value = call(*args, **options)
    except Exception as error:
        return error
    raise AssertionError(f"nothing was raised, and {value!r} returned")


def outcome(call: Callable[..., Any], *args: Any, **options: Any) -> tuple[str, Any]:
    """What the call comes to: its value, or the class of its exception."""
    try:
        return "value", call(*args, **options)
    except Exception as error:
        return "error", type(error)


def notes(error: BaseException) -> list[str]:
    """The notes of an exception, which has no such attribute before the first one."""
    return list(getattr(error, "__notes__", ()))


def assert_same_bytes(face: Face, make: Callable[[], Any], protocol: int, **options: Any) -> bytes:
    """Pickles two objects that `make` builds afresh, ours first, and once more each.

    A first dump takes other paths than a second one of the same object (an instance may not even
    have its `__dict__` yet), so all four pickles must agree.
    """
    for_ours, for_model = make(), make()
    ours = dumped(face.ours, for_ours, protocol, **options)
    model = dumped(face.model, for_model, protocol, **options)
    assert ours == model
    assert dumped(face.ours, for_model, protocol, **options) == model
    assert dumped(face.ours, for_ours, protocol, **options) == model
    return ours


def assert_same_outcome(face: Face, make: Callable[[], Any], protocol: int, **options: Any):
    """The same bytes as the model, or an exception of the same class."""
    ours = outcome(dumped, face.ours, make(), protocol, **options)
    model = outcome(dumped, face.model, make(), protocol, **options)
    assert ours == model
    return ours


def assert_words(face: Face, make, protocol: int, words: str, path: list[str] = ()):
    """Our exception has the model's class, the newest interpreter's words, and its notes."""
    ours = raised(dumped, face.ours, make(), protocol)
    model = raised(dumped, face.model, make(), protocol)
    assert type(ours) is type(model)
    assert str(ours) == words
    assert notes(ours) == list(path)
    if SPEAKS_NEWEST_WORDS:
        assert (str(model), notes(model)) == (words, list(path))
    return ours
