"""Errors for malformed pickles that are upstream's too.

Where C's unpickler says UnpicklingError of a pickle that is malformed, upstream's Python one raises whatever
its code runs into: IndexError, KeyError, ValueError, struct.error. Code that was written for it may catch
these, as joblib does, and other code C's class; so the hookable face raises what is an instance of both.
"""

from __future__ import annotations

import functools
import io
import sys

from oxipickle._pristine import SHARED
from oxipickle._pristine_python import PythonUnframer, PythonUnpickler

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from typing import Any

UnpicklingError = SHARED["UnpicklingError"]

# By how C's words begin: what upstream runs into while an opcode is carried out, or read.
RUNS_INTO = {
    "unpickling stack underflow": IndexError,
    "unexpected MARK found": IndexError,
    "could not find MARK": IndexError,
    "odd number of items for": IndexError,
    "state is not a dictionary": AttributeError,
    "slot state is not a dictionary": AttributeError,
    "NEWOBJ": TypeError,
    "invalid load key": KeyError,
}

# Lines that name something: what upstream does with half a name is not tried.
GLOBAL, INST, PERSID, FRAME, BYTEARRAY8 = b"ciP\x95\x96"
NAMES = {GLOBAL: "utf-8", INST: "ascii", PERSID: "ascii"}


def as_upstreams(error: Any, opcode: Any, taken: Any, rest: Any) -> Any:
    """The error, as one that is C's and upstream's, where they raise different ones; else the very error.

    `opcode` is None where none was read. `taken` is None where it was carried out, and else how many bytes
    of its argument were read before what is missing or wrong, of which `rest` was there.
    """
    cls = type(error)
    if cls not in (UnpicklingError, OverflowError):
        return error
    words = str(error)
    if taken is None:
        known = (cls for start, cls in RUNS_INTO.items() if words.startswith(start))
        upstreams = next((cls() for cls in known), None)
    elif cls is OverflowError:
        upstreams = ValueError() if opcode == FRAME else UnpicklingError()
    elif words.startswith("pickle exhausted"):
        upstreams = None
    else:
        upstreams = cut_short(opcode, taken, rest)
    if upstreams is None:
        return error
    # Its class and its arguments are what counts. By its traceback it would keep what was read, and itself.
    upstreams.__traceback__ = upstreams.__context__ = None
    if isinstance(error, type(upstreams)):
        return error
    return both(cls, type(upstreams))(words, upstreams)  # type: ignore[arg-type]


def cut_short(opcode: Any, taken: Any, rest: Any) -> Any:
    """What upstream raises for an argument of which `rest` is there, behind `taken` bytes of its size."""
    if opcode in NAMES:
        try:
            rest[:-1].decode(NAMES[opcode])
        except UnicodeDecodeError as error:
            return error
        return EOFError() if opcode == PERSID else None
    if opcode == FRAME and taken:
        return cut_short_in_frame(rest)
    # Any size will do that is larger than what is left.
    size = b"\xff" * (taken - 1) + (b"\xff" if taken == 1 else b"\x7f") if taken else b""
    return of_argument(opcode, size + rest)


def cut_short_in_frame(rest: Any) -> Any:
    """What upstream raises where the file ends within a frame. Some releases carry out what there is."""
    from pickletools import code2op  # type: ignore[attr-defined]

    file = io.BytesIO(rest)
    try:
        PythonUnframer(file.read, file.readline).load_frame(len(rest) + 1)
    except EOFError as error:
        return error
    file.seek(0)
    while code := file.read(1):
        if code == b".":
            return None
        if code.decode("latin1") not in code2op:
            return KeyError()
        argument = code2op[code.decode("latin1")].arg
        begin = file.tell()
        try:
            if argument is not None:
                argument.reader(file)
        except ValueError:
            return None if code[0] in NAMES else of_argument(code[0], rest[begin:], in_frame=True)
    return EOFError()


def of_argument(opcode: Any, data: Any, in_frame: Any = False) -> Any:
    """What upstream's own method raises when the data is all there is for its argument."""
    if opcode == BYTEARRAY8 and len(data) >= 8:
        data = with_small_size(data)
    file = io.BytesIO(data)
    unpickler = PythonUnpickler(file)
    unframer = unpickler._unframer = PythonUnframer(file.read, file.readline)
    unpickler.read, unpickler.readline = unframer.read, unframer.readline
    unpickler.readinto = unframer.readinto
    unpickler.metastack, unpickler.stack, unpickler.memo = [], [None], AnyMemo()
    unpickler.append = unpickler.stack.append
    if in_frame:
        unframer.load_frame(len(data))
    try:
        PythonUnpickler.dispatch[opcode](unpickler)
    except MemoryError:
        pass
    except Exception as error:
        return error
    # It takes what is there, and finds nothing where the next opcode should be.
    return EOFError()


def with_small_size(data: Any) -> Any:
    """The size and the bytes of a bytearray, of which some are missing: a size that is a little too large.

    Upstream makes a bytearray of any size, up to the largest, before it reads the bytes.
    """
    left, size = len(data) - 8, int.from_bytes(data[:8], "little")
    if left < size <= sys.maxsize:
        return (left + 1).to_bytes(8, "little") + data[8:]
    return data


class AnyMemo(dict):  # type: ignore[type-arg]
    """Has everything."""

    def __missing__(self, index: Any) -> Any:
        return None


@functools.cache
def both(cls: Any, upstreams: Any) -> Any:
    """A class of errors that is one of C's classes and one of upstream's.

    It goes by the name of the first, which is what is pickled and copied of it too.
    """

    class Both(cls, upstreams):  # type: ignore[misc]
        def __init__(self, words: Any, error: Any) -> None:
            upstreams.__init__(self, *error.args)
            self.args = (words,)

        def __str__(self) -> Any:
            return Exception.__str__(self)

        def __reduce__(self) -> Any:
            return (cls, self.args, vars(self)) if vars(self) else (cls, self.args)

    Both.__name__, Both.__qualname__, Both.__module__ = cls.__name__, cls.__qualname__, cls.__module__
    return Both
