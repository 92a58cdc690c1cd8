"""How the running interpreter's own picklers in C behave, found out by asking them.

Releases differ, and distributions carry patches back, so version numbers do not tell. The answers are
those of pristine copies, and are taken while oxipickle is imported; what is to be known of the picklers in
Python is asked when somebody first needs it (`_hookable_behaviour.py`). Asking raises no audit event
`pickle.find_class`, imports nothing but the encoding of protocol 0, and leaves copyreg's tables alone.
"""

import io
import sys

from oxipickle._pristine import SHARED, Pickler, Unpickler, c_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from typing import Any

# Errors that are answers. Anything else, such as what a handler of signals raises, is told by whoever asked.
_ANSWERS = (
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    SHARED["PickleError"],
    # Up to 3.11 this class is not among those that are made again.
    getattr(c_module, "PickleError", SHARED["PickleError"]),
)
# So is what a release raises where memory, or the stack, is not enough for the question.
_NO_ANSWERS = (MemoryError, RecursionError)


def _asked(call: "Any") -> "Any":
    """The result of a call, or the class of the error that is its answer."""
    try:
        return call()
    except _NO_ANSWERS:
        raise
    except _ANSWERS as error:
        return type(error)


def name_of(cls: "Any") -> "Any":
    """Each copy of the modules has errors of its own, told by their names."""
    return getattr(cls, "__name__", None)


def as_caught(error: "Any") -> "Any":
    """The class under which a program catches this error."""
    return SHARED["PicklingError"] if name_of(error) == "PicklingError" else error


def dumped(pickler_class: "Any", obj: "Any", protocol: "Any") -> "Any":
    buffer = io.BytesIO()
    pickler_class(buffer, protocol).dump(obj)
    return buffer.getvalue()


def raised(pickler_class: "Any", obj: "Any", protocol: "Any" = 4) -> "Any":
    """The class of the error that pickling raises, or None."""
    answer = _asked(lambda: dumped(pickler_class, obj, protocol))
    return answer if isinstance(answer, type) else None


class Outer:
    class Inner:
        pass

    class __Hidden:
        pass

    hidden = __Hidden


def _notices_list_growth() -> "Any":
    items: list[Any] = []

    class Growing:
        def __reduce__(self) -> "Any":
            items.append(None)
            return (int, ())

    items += [Growing(), Growing()]
    return raised(Pickler, items) is RuntimeError


def local_function() -> "Any":
    def local() -> None:
        pass

    return local


class _Itself:
    """Names itself by a path that leads through its own module."""

    def __reduce__(self) -> "Any":
        return "this_module.itself"


itself = _Itself()
this_module = sys.modules[__name__]


def shortens_paths(pickler_class: "Any") -> "Any":
    return b"this_module" not in dumped(pickler_class, itself, 4)


def memo_objects(pickler_class: "Any", obj: "Any", protocol: "Any" = 2) -> "Any":
    pickler = pickler_class(io.BytesIO(), protocol)
    pickler.dump(obj)
    return [entry[1] for entry in pickler.memo.copy().values()]


class Unstated:
    """Says that it has no `__setstate__`."""

    __setstate__ = None


def loaded(unpickler_class: "Any", data: "Any") -> "Any":
    """What the class makes of a pickle: the object, or the class of the error."""

    class Closed(unpickler_class):  # type: ignore[misc]
        # An overridden `find_class` tells no audit hook what is looked up.
        def find_class(self, module_name: "Any", name: "Any") -> "Any":
            return Unstated

    return _asked(lambda: Closed(io.BytesIO(data)).load())


def facts() -> "Any":
    """What is so, by the name of the field of `behaviour.rs` that keeps each fact."""
    nested_frames = b"\x95\x0a\0\0\0\0\0\0\0\x95\1\0\0\0\0\0\0\0N."
    far_put = b"Nr\x40\0\0\x000K\7\x940j\1\0\0\0."
    return {
        "marks_last_of_batch": dumped(Pickler, [None] * 1001, 2).endswith(b"(Ne."),
        "notices_list_growth": _notices_list_growth(),
        "local_error": as_caught(raised(Pickler, local_function())),
        "chains_attributes": Outer not in memo_objects(Pickler, Outer.Inner),
        "shortens_paths": shortens_paths(Pickler),
        # The classes in Python do as C's.
        "mangles_private_names": raised(Pickler, Outer.hidden) is None,
        "text_is_decimal": loaded(Unpickler, b"I010\n.") == 10,
        "long_is_decimal": loaded(Unpickler, b"L010L\n.") == 10,
        "signed_bools": loaded(Unpickler, b"I+1\n.") is True,
        "minds_frames": name_of(loaded(Unpickler, nested_frames)) == "UnpicklingError",
        "asks_for_empty_batches": loaded(Unpickler, b"N(e.") is AttributeError,
        # Whether PUT far past the other entries moves the index that MEMOIZE gives next.
        "counts_far_entries": loaded(Unpickler, far_put) == 7,
        # Asking would end a process in which the answer is yes. From 3.14 a tuple keeps its hash, and
        # a tuple nested too deep is a RecursionError.
        "hash_recurses": sys.version_info < (3, 14),
    }
