"""How the running interpreter's own picklers behave, found out by asking them.

Releases differ, and distributions carry patches back, so version numbers do not tell. The answers are
those of pristine copies, and are taken while oxipickle is imported. Asking raises no audit event
`pickle.find_class`, imports nothing but the encoding of protocol 0, and leaves copyreg's tables alone.
"""

import io
import pickle
import sys

from oxipickle._pristine import (
    PickleBuffer,
    Pickler,
    PythonPickler,
    PythonUnpickler,
    Unpickler,
)


def _name(cls):
    """Each copy of the modules has errors of its own, told by their names."""
    return getattr(cls, "__name__", None)


def _as_caught(error):
    """The class under which a program catches this error."""
    return pickle.PicklingError if _name(error) == "PicklingError" else error


def _dumped(pickler_class, obj, protocol):
    buffer = io.BytesIO()
    pickler_class(buffer, protocol).dump(obj)
    return buffer.getvalue()


def _memoized(pickler_class, obj, protocol):
    pickler = pickler_class(io.BytesIO(), protocol)
    pickler.dump(obj)
    return any(entry[1] is obj for entry in pickler.memo.copy().values())


def raised(pickler_class, obj, protocol=4):
    try:
        _dumped(pickler_class, obj, protocol)
    except Exception as error:
        return type(error)
    return None


class Outer:
    class Inner:
        pass

    class __Hidden:
        pass

    hidden = __Hidden


def _asks_again_for_persistent_ids():
    asked = []

    class Asking(PythonPickler):
        def persistent_id(self, obj):
            asked.append(obj)
            return "pid" if obj == 1 else None

    _dumped(Asking, 1, 2)
    return asked != [1]


def _empty_buffer_fails():
    buffers = [PickleBuffer(b""), PickleBuffer(b"")]
    return raised(PythonPickler, buffers, 5) is AssertionError


def _notices_list_growth():
    items = []

    class Growing:
        def __reduce__(self):
            items.append(None)
            return (int, ())

    items += [Growing(), Growing()]
    return raised(Pickler, items) is RuntimeError


def _local():
    def local():
        pass

    return local


def _local_without_module():
    local = _local()
    local.__module__ = 0
    return local


class _Counting:
    """An iterator of one item that counts how often it is asked."""

    asked = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.asked += 1
        if self.asked == 1:
            return None
        raise StopIteration


def _asks_past_the_end():
    items = _Counting()

    class Holder:
        def __reduce__(self):
            return (list, (), None, items)

    _dumped(PythonPickler, Holder(), 2)
    return items.asked > 2


def skips_none_in_tables():
    pickler = PythonPickler(io.BytesIO())
    pickler.dispatch_table = {range: None}
    try:
        pickler.dump(range(1))
    except TypeError:
        return False
    return True


class _Itself:
    """Names itself by a path that leads through its own module."""

    def __reduce__(self):
        return "this_module.itself"


itself = _Itself()
this_module = sys.modules[__name__]


class _Unencodable:
    """Names itself by what has no UTF-8."""

    def __reduce__(self):
        return "unencodable\ud800"


unencodable = _Unencodable()
setattr(this_module, "unencodable\ud800", unencodable)


def _shortens_paths(pickler_class):
    return b"this_module" not in _dumped(pickler_class, itself, 4)


def _memo_objects(pickler_class, obj):
    pickler = pickler_class(io.BytesIO(), 2)
    pickler.dump(obj)
    return [entry[1] for entry in pickler.memo.copy().values()]


def saving():
    """The facts about picklers, by the name of the field of `behaviour.rs` that keeps each."""
    return {
        "lean_marks_last_of_batch": _dumped(Pickler, [None] * 1001, 2).endswith(b"(Ne."),
        "lean_notices_list_growth": _notices_list_growth(),
        "lean_local_error": _as_caught(raised(Pickler, _local())),
        "hookable_local_error": _as_caught(raised(PythonPickler, _local())),
        "hookable_memoizes_escaped_text": _memoized(PythonPickler, "a\nb" * 2, 0),
        "hookable_memoizes_buffers": _memoized(PythonPickler, PickleBuffer(bytearray(b"oxipickle")), 5),
        "hookable_empty_buffer_fails": _empty_buffer_fails(),
        "hookable_asks_again_for_persistent_ids": _asks_again_for_persistent_ids(),
        "lean_chains_attributes": Outer not in _memo_objects(Pickler, Outer.Inner),
        "hookable_chains_attributes": Outer not in _memo_objects(PythonPickler, Outer.Inner),
        "hookable_skips_none": skips_none_in_tables(),
        "lean_shortens_paths": _shortens_paths(Pickler),
        "hookable_shortens_paths": _shortens_paths(PythonPickler),
        "hookable_raises_unicode_errors": raised(PythonPickler, unencodable, 3) is UnicodeEncodeError,
        "hookable_imports_first": raised(PythonPickler, _local_without_module()) is TypeError,
        "hookable_asks_past_the_end": _asks_past_the_end(),
        # Whether `_batch_appends` and `_batch_setitems` get the object beside its items.
        "hookable_names_items": PythonPickler._batch_appends.__code__.co_argcount > 2,
        "mangles_private_names": raised(PythonPickler, Outer.hidden) is None,
    }


class Unstated:
    """Says that it has no `__setstate__`."""

    __setstate__ = None


def _loaded(unpickler_class, data):
    """What the class makes of a pickle: the object, or the class of the error."""

    class Closed(unpickler_class):
        # An overridden `find_class` tells no audit hook what is looked up.
        def find_class(self, module_name, name):
            return Unstated

    try:
        return Closed(io.BytesIO(data)).load()
    except Exception as error:
        return type(error)


def loading():
    """The facts about unpicklers, by the name of the field of `behaviour.rs` that keeps each."""
    unstated = b"cmodule\nUnstated\n)\x81}K\1K\2sb."
    nested_frames = b"\x95\x0a\0\0\0\0\0\0\0\x95\1\0\0\0\0\0\0\0N."
    far_put = b"Nr\x40\0\0\x000K\7\x940j\1\0\0\0."
    return {
        "lean_text_is_decimal": _loaded(Unpickler, b"I010\n.") == 10,
        "lean_long_is_decimal": _loaded(Unpickler, b"L010L\n.") == 10,
        "lean_signed_bools": _loaded(Unpickler, b"I+1\n.") is True,
        "lean_minds_frames": _name(_loaded(Unpickler, nested_frames)) == "UnpicklingError",
        "lean_asks_for_empty_batches": _loaded(Unpickler, b"N(e.") is AttributeError,
        # Whether PUT far past the other entries moves the index that MEMOIZE gives next.
        "lean_counts_far_entries": _loaded(Unpickler, far_put) == 7,
        "hookable_text_is_decimal": _loaded(PythonUnpickler, b"L010L\n.") == 10,
        "hookable_skips_none_as_setstate": _loaded(PythonUnpickler, unstated) is not TypeError,
        # Asking would end a process in which the answer is yes. From 3.14 a tuple keeps its hash, and
        # a tuple nested too deep is a RecursionError.
        "hash_recurses": sys.version_info < (3, 14),
    }
