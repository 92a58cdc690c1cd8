"""Errors of loading say where: the offset, the opcode, and what was being done."""

import io
import pickle

import oxipickle
import pytest
from faces import notes, raised

NO_BYTE = "the byte that was to follow is not there"
CUT = "of the {} bytes that were to follow, {} are there"

CASES = [
    (b"", EOFError, "at byte 0, reading an opcode", "there are no bytes"),
    (b"NN", EOFError, "at byte 2, reading an opcode"),
    (b"N\xff", pickle.UnpicklingError, "at byte 1, reading an opcode"),
    (
        b"NX\5\0\0\0ab",
        pickle.UnpicklingError,
        "at byte 1, reading the argument of BINUNICODE",
        CUT.format(5, 2),
    ),
    (b"X\1\0\0\0\xff.", UnicodeDecodeError, "at byte 0, reading the argument of BINUNICODE"),
    (b"Ix\n.", ValueError, "at byte 0, reading the argument of INT"),
    (b"Nq", pickle.UnpicklingError, "at byte 1, reading the argument of BINPUT", NO_BYTE),
    (b"Na.", pickle.UnpicklingError, "at byte 1, carrying out APPEND"),
    (
        b"\x80\x04cos\nnosuch\n.",
        AttributeError,
        "looking for the global os.nosuch",
        "at byte 2, carrying out GLOBAL",
    ),
    (b"N)R.", TypeError, "at byte 2, carrying out REDUCE"),
    (b"\x80\x63.", ValueError, "at byte 0, reading the argument of PROTO"),
    (b"N(.", pickle.UnpicklingError, "at byte 2, carrying out STOP"),
]


@pytest.mark.parametrize("case", CASES, ids=[repr(case[0]) for case in CASES])
def test_place(case):
    data, expected, *told = case
    error = raised(oxipickle.loads, data)
    assert type(error) is expected and notes(error) == told
    # A file has no place of its own: offsets count from the pickle's first byte.
    in_file = notes(raised(oxipickle.load, io.BytesIO(data)))
    assert in_file == told if data else in_file[:-1] == told[:-1]


def test_offsets_count_over_frames(tmp_path):
    data = pickle.dumps(["x" * 100_000, list(range(50_000))], 4)[:-1] + b"\xff"
    path = tmp_path / "pickle"
    path.write_bytes(data)
    with open(path, "rb") as buffered, open(path, "rb", buffering=0) as unbuffered:
        for error in (
            raised(oxipickle.loads, data),
            raised(oxipickle.load, buffered),
            raised(oxipickle.load, unbuffered),
        ):
            assert notes(error) == [f"at byte {len(data) - 1}, reading an opcode"]


def test_no_note_replaces_an_error():
    class Unnotable(Exception):
        def add_note(self, note):
            raise ZeroDivisionError

    class Raising(oxipickle.Unpickler):
        def find_class(self, module, name):
            raise Unnotable

    assert type(raised(Raising(io.BytesIO(b"cm\nn\n.")).load)) is Unnotable
