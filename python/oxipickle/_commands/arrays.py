"""joblib's arrays: raw bytes behind a wrapper's BUILD, in the middle of a pickle."""

import io
import math
import re
from typing import Any, NamedTuple

from oxipickle import genops
from oxipickle._commands.broken import Broken
from oxipickle._commands.symbols import Global, Machine, Made
from oxipickle._oxipickle import census

WRAPPER = Global("joblib.numpy_pickle", "NumpyArrayWrapper")
DTYPE = Global("numpy", "dtype")

# In a dtype's state: the size of an item, and a flag for items that are objects.
SIZE, FLAGS = 5, 7
HAS_OBJECTS = 1

# More items than any array has.
LARGEST = 1 << 63


class Raw(NamedTuple):
    """Bytes that are no part of the pickle around them."""

    begin: int
    end: int
    what: str
    is_pickle: bool = False


def _size_and_objects(dtype: Any) -> tuple[int, bool]:
    """The bytes of an item, and whether it is an object. Raises ValueError where that can't be told."""
    if not isinstance(dtype, Made) or dtype.called != DTYPE:
        raise ValueError("its dtype is unknown")
    code = dtype.arguments[0] if isinstance(dtype.arguments, tuple) and dtype.arguments else None
    found = re.fullmatch(r"[|<>=]?([a-zA-Z?])(\d*)", code) if isinstance(code, str) else None
    if found is None:
        raise ValueError("its dtype is unknown")
    state = dtype.state if isinstance(dtype.state, tuple) else ()
    flags = state[FLAGS] if len(state) > FLAGS else 0
    if found[1] == "O" or (isinstance(flags, int) and flags & HAS_OBJECTS):
        return 0, True
    size = state[SIZE] if len(state) > SIZE else -1
    if type(size) is int and 0 <= size < LARGEST:
        return size, False
    return int(found[2][:9] or "1"), False


def _array(data: bytes, at: int, state: Any) -> Raw:
    """What lies behind the BUILD of a wrapper. Raises ValueError where that can't be told."""
    shape = state.get("shape") if isinstance(state, dict) else None
    if not isinstance(shape, tuple) or not all(type(n) is int and 0 <= n < LARGEST for n in shape):
        raise ValueError("its shape is unknown")
    size, is_object = _size_and_objects(state.get("dtype"))
    if is_object:
        return Raw(at, census(data, at)[0], "an array of objects, in a pickle of its own", True)
    begin = at
    if state.get("numpy_array_alignment_bytes") is not None:
        begin += 1 + (data[at] if at < len(data) else 0)
    bytes_ = size * math.prod(shape)
    left = max(len(data) - begin, 0)
    if bytes_ > left:
        raise ValueError(f"it claims {bytes_} bytes, and {left} are left")
    shown = "x".join(map(str, shape)) or "no dimensions"
    padded = f", after {begin - at} bytes of padding" if begin > at else ""
    return Raw(at, begin + bytes_, f"an array of {shown} items of {size} bytes each{padded}")


def arrays_in(data: bytes) -> list[Raw]:
    """Where arrays lie in the pickles of `data`, in their order; up to where these can't be read on.

    Raises Broken where it can't be told how long an array is.
    """
    found: list[Raw] = []
    if WRAPPER.name.encode() not in data:
        return found
    file = io.BytesIO(data)
    while file.tell() < len(data):
        machine = Machine()
        try:
            for opcode, argument, position in genops(file):
                machine.follow(opcode.name, argument)
                top = machine.stack[-1] if machine.stack else None
                if opcode.name == "BUILD" and isinstance(top, Made) and top.called == WRAPPER:
                    try:
                        raw = _array(data, file.tell(), top.state)
                    except ValueError as error:
                        raise Broken(f"an array of joblib's begins here, but {error}", file.tell()) from None
                    found.append(raw)
                    file.seek(raw.end)
        except (ValueError, IndexError, KeyError, TypeError):
            break
    return found
