"""How the running interpreter's own picklers behave, found out by asking them.

Releases differ, and distributions carry patches back, so version numbers do not tell.
"""

import copyreg
import io
import pickle
import sys
from functools import partial
from struct import pack


def bind_new(cls, args, kwargs):
    """What stands for NEWOBJ_EX below protocol 4. A call in Python raises what the release raises."""
    return partial(cls.__new__, cls, *args, **kwargs)


def extension_opcode(code):
    """The bytes for a code that `copyreg.add_extension` would refuse, or None where it counts as
    none. The errors are those of packing it."""
    if _skips_none_in_tables():
        if not code:
            return None
        assert code > 0
    if code <= 0xFF:
        packed = pack("<B", code)
        if packed == b"\0":
            raise RuntimeError("extension code 0 is out of range")
        return pickle.EXT1 + packed
    if code <= 0xFFFF:
        return pickle.EXT2 + pack("<H", code)
    return pickle.EXT4 + pack("<i", code)


def _dumped(pickler_class, obj, protocol):
    buffer = io.BytesIO()
    pickler_class(buffer, protocol).dump(obj)
    return buffer.getvalue()


def _memoized(pickler_class, obj, protocol):
    pickler = pickler_class(io.BytesIO(), protocol)
    pickler.dump(obj)
    return any(entry[1] is obj for entry in pickler.memo.copy().values())


def _raised(pickler_class, obj, protocol=4):
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

    class Asking(pickle._Pickler):
        def persistent_id(self, obj):
            asked.append(obj)
            return "pid" if obj == 1 else None

    _dumped(Asking, 1, 2)
    return asked != [1]


def _empty_buffer_fails():
    buffers = [pickle.PickleBuffer(b""), pickle.PickleBuffer(b"")]
    return _raised(pickle._Pickler, buffers, 5) is AssertionError


def _notices_list_growth():
    items = []

    class Growing:
        def __reduce__(self):
            items.append(None)
            return (int, ())

    items += [Growing(), Growing()]
    return _raised(pickle.Pickler, items) is RuntimeError


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

    _dumped(pickle._Pickler, Holder(), 2)
    return items.asked > 2


def _skips_none_in_tables():
    pickler = pickle._Pickler(io.BytesIO())
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


def _refuses_bad_codes():
    """Whether an extension code that is no integer is a PicklingError, not a TypeError."""
    key = (Outer.__module__, Outer.__qualname__)
    copyreg._extension_registry[key] = object()
    try:
        return _raised(pickle.Pickler, Outer) is pickle.PicklingError
    finally:
        del copyreg._extension_registry[key]


def _memo_objects(pickler_class, obj):
    pickler = pickler_class(io.BytesIO(), 2)
    pickler.dump(obj)
    return [entry[1] for entry in pickler.memo.copy().values()]


def observe():
    """The facts, by the name of the field that keeps each."""
    return {
        "lean_marks_last_of_batch": _dumped(pickle.Pickler, [None] * 1001, 2).endswith(b"(Ne."),
        "lean_notices_list_growth": _notices_list_growth(),
        "lean_local_error": _raised(pickle.Pickler, _local()),
        "hookable_local_error": _raised(pickle._Pickler, _local()),
        "hookable_memoizes_escaped_text": _memoized(pickle._Pickler, "a\nb" * 2, 0),
        "hookable_memoizes_buffers": _memoized(
            pickle._Pickler, pickle.PickleBuffer(bytearray(b"oxipickle")), 5
        ),
        "hookable_empty_buffer_fails": _empty_buffer_fails(),
        "hookable_asks_again_for_persistent_ids": _asks_again_for_persistent_ids(),
        "lean_chains_attributes": Outer not in _memo_objects(pickle.Pickler, Outer.Inner),
        "hookable_chains_attributes": Outer not in _memo_objects(pickle._Pickler, Outer.Inner),
        "hookable_skips_none": _skips_none_in_tables(),
        "lean_shortens_paths": _shortens_paths(pickle.Pickler),
        "hookable_shortens_paths": _shortens_paths(pickle._Pickler),
        "lean_refuses_bad_codes": _refuses_bad_codes(),
        "hookable_raises_unicode_errors": _raised(pickle._Pickler, unencodable, 3) is UnicodeEncodeError,
        "hookable_imports_first": _raised(pickle._Pickler, _local_without_module()) is TypeError,
        "hookable_asks_past_the_end": _asks_past_the_end(),
        "mangles_private_names": _raised(pickle._Pickler, Outer.hidden) is None,
    }


def _loaded(unpickler_class, data):
    """What the class makes of a pickle: the object, or the class of the error."""
    try:
        return unpickler_class(io.BytesIO(data)).load()
    except Exception as error:
        return type(error)


class Unstated:
    """Says that it has no `__setstate__`."""

    __setstate__ = None


def observe_loading():
    """The facts about unpicklers, by the name of the field that keeps each."""
    unstated = f"c{__name__}\nUnstated\n)\x81}}K\1K\2sb.".encode("latin1")
    nested_frames = b"\x95\x0a\0\0\0\0\0\0\0\x95\1\0\0\0\0\0\0\0N."
    far_put = b"Nr\x40\0\0\x000K\7\x940j\1\0\0\0."
    return {
        "lean_text_is_decimal": _loaded(pickle.Unpickler, b"I010\n.") == 10,
        "lean_long_is_decimal": _loaded(pickle.Unpickler, b"L010L\n.") == 10,
        "lean_signed_bools": _loaded(pickle.Unpickler, b"I+1\n.") is True,
        "lean_minds_frames": _loaded(pickle.Unpickler, nested_frames) is pickle.UnpicklingError,
        "lean_asks_for_empty_batches": _loaded(pickle.Unpickler, b"N(e.") is AttributeError,
        # Whether PUT far past the other entries moves the index that MEMOIZE gives next.
        "lean_counts_far_entries": _loaded(pickle.Unpickler, far_put) == 7,
        "hookable_text_is_decimal": _loaded(pickle._Unpickler, b"L010L\n.") == 10,
        "hookable_skips_none_as_setstate": _loaded(pickle._Unpickler, unstated) is not TypeError,
        # Asking would end a process in which the answer is yes. From 3.14 a tuple keeps its hash, and
        # a tuple nested too deep is a RecursionError.
        "hash_recurses": sys.version_info < (3, 14),
    }
