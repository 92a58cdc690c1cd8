"""Malformed pickles: the hookable face raises what is an error of C's class, and of upstream's too."""

import copy
import io
import pickle
import traceback

import oxipickle
import pytest
from closed import closed
from faces import raised
from hypothesis import given
from hypothesis import strategies as st
from oracle import Oracle
from pickles import mutated, random_opcodes, valid
from profiles import examples

MALFORMED = {
    "nothing": b"",
    "no opcode": b"garbage",
    "unknown opcode": b"\xff",
    "a number that is none": b"Ix\n.",
    "a line that does not end": b"I12",
    "a number without digits": b"g\n.",
    "an index that does not end": b"g12",
    "a float that does not end": b"F1.",
    "a string that does not end": b"S'a'",
    "a string without quotes": b"Sa\n.",
    "text that does not end": b"Va",
    "a name that is no text": b"cm\xff\xff",
    "an id that does not end": b"Pa",
    "no byte": b"K",
    "one byte of two": b"M\1",
    "three bytes of four": b"J\1\2\3",
    "seven bytes of eight": b"G1234567",
    "no size": b"\x8c",
    "half a size": b"X\1\0",
    "less text than its size": b"X\3\0\0\0ab",
    "half a character": b"\x8c\4a\xc3",
    "fewer bytes than their size": b"C\3ab",
    "less of a bytearray than its size": b"\x96\3\0\0\0\0\0\0\0ab",
    "less of a long than its size": b"\x8a\3ab",
    "an impossible size": b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff",
    "a negative size": b"\x8b\xff\xff\xff\xff",
    "an impossible frame": b"\x80\4\x95\xff\xff\xff\xff\xff\xff\xff\xff",
    "half a frame": pickle.dumps([list(range(300)), "text"], 4)[:-20],
    "a frame without its end": pickle.dumps({"a": "text"}, 4)[:-1],
    "half a character of a frame": pickle.dumps("\u20ac" * 9, 4)[:-4],
    "an empty stack": b".",
    "nothing to append": b"]a.",
    "nothing to append to": b"Na.",
    "no pair": b"N\x86.",
    "a mark in place of a value": b"N(\x85.",
    "no mark": b"Nt.",
    "an item too few": b"(NNNd.",
    "an item too few to set": b"}(NNNu.",
    "nothing to memoize": b"\x94.",
    "nothing in the memo": b"h\7.",
    "an index too large": b"g99999999999999999999\n.",
    "nothing to reduce": b"NR.",
    "no class": b"NN)\x81.",
    "no class, with keywords": b"N)}\x92.",
    "a state that is no dict": b"(ibuiltins\nobject\n](Neb.",
    "no state": b"b.",
    "no extension": b"\x82\x99.",
    "a name on the stack that is no text": b"NN\x93.",
    "no buffers": b"\x97.",
    "an unsupported protocol": b"\x80\x63.",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_the_error_is_that_of_both(name):
    data = MALFORMED[name]
    error = raised(oxipickle.HookableUnpickler(io.BytesIO(data)).load)
    for model in (pickle._Unpickler, pickle.Unpickler):
        expected = type(raised(model(io.BytesIO(data)).load))
        assert isinstance(error, expected), (model, error)


def test_it_goes_by_the_name_of_cs():
    error = raised(oxipickle.HookableUnpickler(io.BytesIO(b"garbage")).load)
    assert isinstance(error, pickle.UnpicklingError) and isinstance(error, ValueError)
    named = traceback.format_exception_only(pickle.UnpicklingError("pickle data was truncated"))[0]
    assert traceback.format_exception_only(error)[0] == named
    assert error.args == ("pickle data was truncated",)
    assert error.__notes__ == ["at byte 0, reading the argument of GET"]
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is pickle.UnpicklingError
        assert (again.args, again.__notes__) == (error.args, error.__notes__)


def test_an_error_of_python_code_is_its_own():
    mine = pickle.UnpicklingError("unpickling stack underflow")

    class Raising(oxipickle.HookableUnpickler):
        def find_class(self, module, name):
            raise mine

    assert raised(Raising(io.BytesIO(b"cm\nn\n.")).load) is mine


@pytest.mark.parametrize("name", MALFORMED)
def test_the_lean_face_raises_what_c_raises(name):
    data = MALFORMED[name]
    ours, model = (raised(cls(io.BytesIO(data)).load) for cls in (oxipickle.Unpickler, pickle.Unpickler))
    assert type(ours) is type(model)


@pytest.fixture(scope="module")
def oracles():
    oracles = [Oracle(model) for model in (pickle._Unpickler, pickle.Unpickler)]
    yield oracles
    for oracle in oracles:
        oracle.close()


@st.composite
def cut(draw):
    """A pickle that the interpreter made, of which the end is missing."""
    data = draw(valid())
    return data[: draw(st.integers(0, len(data)))]


# In a frame that the file ends within upstream may run into anything, but for the newest releases. Ours looks
# for an object to memoize before it reads the index, at the number of items before it sets the first, and at
# the state before the instance; upstream fails at the name of what is not callable.
OTHERWISE = "FRAME", "PUT", "SETITEMS", "BUILD", "OBJ"
# Ours reads these as upstream does, and C otherwise.
NUMBERS = b"FILgp"


@examples(400)
@given(data=mutated() | random_opcodes() | cut() | st.binary(max_size=60))
def test_any_bytes(oracles, data):
    try:
        closed(oxipickle.HookableUnpickler)(io.BytesIO(data)).load()
    except Exception as error:
        names = {cls.__name__ for cls in type(error).__mro__}
        note = next(note for note in error.__notes__ if note.startswith("at byte"))
    else:
        return
    upstreams, cs = (oracle.ask(data) for oracle in oracles)
    if upstreams.startswith("error") and not note.endswith(OTHERWISE):
        assert upstreams.removeprefix("error ") in names, (upstreams, data)
    if cs.startswith("error") and not any(code in data for code in NUMBERS):
        assert cs.removeprefix("error ") in names, (cs, data)
