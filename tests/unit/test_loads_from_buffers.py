"""Pickles in objects that are no bytes, whose buffers others may write to: they are copied in pieces."""

import array
import mmap
import pickle

import oxipickle
import pytest
from faces import PROTOCOLS, notes, raised

# Pieces have 256 KiB.
PIECE = 1 << 18


def in_a_map(data):
    area = mmap.mmap(-1, len(data))
    area[:] = data
    return area


KINDS = [bytearray, memoryview, lambda data: array.array("B", data), in_a_map, pickle.PickleBuffer]
VALUES = [
    list(range(200_000)),
    [f"text {i}" for i in range(40_000)],
    ["long " * PIECE, b"long " * PIECE, 7, bytearray(b"long " * PIECE), "\u1234" * PIECE, 10**4000],
    [b"x" * (PIECE - 5 + i) for i in range(10)],
]


@pytest.mark.parametrize("kind", KINDS, ids=["bytearray", "memoryview", "array", "mmap", "PickleBuffer"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_as_from_bytes(kind, protocol):
    for value in VALUES:
        data = pickle.dumps(value, protocol)
        assert oxipickle.loads(kind(data + b"behind")) == value


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_cut_off_as_bytes_are(protocol):
    data = pickle.dumps(VALUES, protocol)
    ends = [*range(PIECE - 3, PIECE + 3), *range(2, len(data), len(data) // 9), len(data) - 1]
    for end in ends:
        ours, expected = (raised(oxipickle.loads, kind(data[:end])) for kind in (bytearray, bytes))
        assert (type(ours), notes(ours)) == (type(expected), notes(expected)), end


def test_an_empty_buffer():
    assert type(raised(oxipickle.loads, bytearray())) is EOFError
    assert type(raised(oxipickle.loads, memoryview(b""))) is EOFError


def test_a_buffer_that_is_written_to_by_what_it_names(monkeypatch):
    """What was copied is carried out as it was, and what is copied later as it is by then."""
    data = bytearray(b"N0" * PIECE + b"N.")

    def wiped():
        data[:] = bytes(len(data))

    monkeypatch.setattr(oxipickle, "wiped", wiped, raising=False)
    data[:0] = b"coxipickle\nwiped\n)R0"
    error = raised(oxipickle.loads, data)
    assert type(error) is pickle.UnpicklingError and "invalid load key, '\\x00'" in str(error)


@pytest.mark.parametrize("size", [0, 10, PIECE * 3])
def test_the_buffer_is_released(size):
    data = bytearray(pickle.dumps(b"x" * size))
    oxipickle.loads(data)
    data.append(0)
    assert raised(oxipickle.loads, data[:-3])
    data.append(0)
