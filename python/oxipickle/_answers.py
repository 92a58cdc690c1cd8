"""What the interpreter's own code is asked in the middle of a dump, so that its answer, or its error, is
the release's."""

from functools import partial
from pickle import _Stop  # type: ignore[attr-defined]
from struct import pack

from oxipickle._behaviour import raised, skips_none_in_tables
from oxipickle._pristine import Pickler


def bind_new(cls, args, kwargs):
    """What stands for NEWOBJ_EX below protocol 4. A call in Python raises what the release raises."""
    return partial(cls.__new__, cls, *args, **kwargs)


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


def refuses_bad_codes(obj, qualname):
    """Whether C's pickler raises PicklingError for an object whose extension code is no such code.

    It can be asked only where copyreg's registry holds such a code, so it is asked where one was met.
    """

    class Naming(Pickler):
        def reducer_override(self, _):
            return qualname

    error = raised(Naming, obj, 2)
    return error is not None and error.__name__ == "PicklingError"


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
