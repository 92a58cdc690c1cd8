"""What the interpreter's own code in Python is asked in the middle of a dump, or does in the middle of a load."""

from struct import pack

from oxipickle._hookable_behaviour import skips_none_in_tables
from oxipickle._pristine import SHARED

_Stop = SHARED["_Stop"]


def extension_opcode(code):
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


def go_on_loading(unpickler, read, dispatch):
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
