"""How the running interpreter's own picklers in Python behave, found out by asking pristine copies of them
when somebody first needs the hookable classes."""

from __future__ import annotations

import io

from oxipickle._behaviour import (
    Outer,
    as_caught,
    dumped,
    loaded,
    local_function,
    memo_objects,
    raised,
    shortens_paths,
    this_module,
)
from oxipickle._pristine import PickleBuffer
from oxipickle._pristine_python import PythonPickler, PythonUnpickler

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from typing import Any


def _memoized(obj: Any, protocol: Any) -> Any:
    return any(entry is obj for entry in memo_objects(PythonPickler, obj, protocol))


def _asks_again_for_persistent_ids() -> Any:
    asked = []

    class Asking(PythonPickler):  # type: ignore[misc]
        def persistent_id(self, obj: Any) -> Any:
            asked.append(obj)
            return "pid" if obj == 1 else None

    dumped(Asking, 1, 2)
    return asked != [1]


def _empty_buffer_fails() -> Any:
    buffers = [PickleBuffer(b""), PickleBuffer(b"")]
    return raised(PythonPickler, buffers, 5) is AssertionError


def _local_without_module() -> Any:
    local = local_function()
    local.__module__ = 0
    return local


class _Counting:
    """An iterator of one item that counts how often it is asked."""

    asked = 0

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        self.asked += 1
        if self.asked == 1:
            return None
        raise StopIteration


def _asks_past_the_end() -> Any:
    items = _Counting()

    class Holder:
        def __reduce__(self) -> Any:
            return (list, (), None, items)

    dumped(PythonPickler, Holder(), 2)
    return items.asked > 2


def skips_none_in_tables() -> Any:
    pickler = PythonPickler(io.BytesIO())
    pickler.dispatch_table = {range: None}
    try:
        pickler.dump(range(1))
    except TypeError:
        return False
    return True


class _Unencodable:
    """Names itself by what has no UTF-8."""

    __module__ = this_module.__name__

    def __reduce__(self) -> Any:
        return "unencodable\ud800"


unencodable = _Unencodable()
setattr(this_module, "unencodable\ud800", unencodable)


def facts() -> Any:
    """What is so, by the name of the field of `behaviour.rs` that keeps each fact."""
    unstated = b"cmodule\nUnstated\n)\x81}K\1K\2sb."
    return {
        "local_error": as_caught(raised(PythonPickler, local_function())),
        "memoizes_escaped_text": _memoized("a\nb" * 2, 0),
        "memoizes_buffers": _memoized(PickleBuffer(bytearray(b"oxipickle")), 5),
        "empty_buffer_fails": _empty_buffer_fails(),
        "asks_again_for_persistent_ids": _asks_again_for_persistent_ids(),
        "chains_attributes": Outer not in memo_objects(PythonPickler, Outer.Inner),
        "skips_none": skips_none_in_tables(),
        "shortens_paths": shortens_paths(PythonPickler),
        "raises_unicode_errors": raised(PythonPickler, unencodable, 3) is UnicodeEncodeError,
        "imports_first": raised(PythonPickler, _local_without_module()) is TypeError,
        "asks_past_the_end": _asks_past_the_end(),
        # Whether `_batch_appends` and `_batch_setitems` get the object beside its items.
        "names_items": PythonPickler._batch_appends.__code__.co_argcount > 2,
        "text_is_decimal": loaded(PythonUnpickler, b"L010L\n.") == 10,
        "skips_none_as_setstate": loaded(PythonUnpickler, unstated) is not TypeError,
    }
