"""What the interpreter's own code in Python is asked in a dump, or does in the middle of a load."""

from __future__ import annotations

from struct import pack

from oxipickle._hookable_behaviour import skips_none_in_tables
from oxipickle._pristine import SHARED

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Not imported at run time, where it takes as long as all else here.
    from typing import Any

_Stop = SHARED["_Stop"]


def extension_opcode(code: Any) -> Any:
    """The bytes for a code that `copyreg.add_extension` would refuse, or None where it counts as
    none. The errors are those of packing it."""
    if skips_none_in_tables():
        if not code:
            return None
        assert code > 0
    if code <= 0xFF:
        packed = pack("<B", code)
        if packed == b"\0":
            raise RuntimeError("extension code 0 is out of range")
        return b"\x82" + packed
    if code <= 0xFFFF:
        return b"\x83" + pack("<H", code)
    return b"\x84" + pack("<i", code)


def go_on_loading(unpickler: Any, read: Any, dispatch: Any) -> Any:
    """The loop of `_Unpickler.load`, from the middle of a pickle on."""
    try:
        while True:
            key = read(1)
            if not key:
                raise EOFError
            assert isinstance(key, (bytes, bytearray))
            dispatch[key[0]](unpickler)
    except _Stop as stop:
        return stop.value
