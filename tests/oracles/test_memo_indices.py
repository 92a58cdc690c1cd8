"""Pickles whose PUT and MEMOIZE name the same places of the memo, or places far apart.

MEMOIZE takes the number of entries for its index; how entries are counted that PUT made far past the
others, or that MEMOIZE meets, is the running release's business.
"""

import io
import pickle
import struct

import oxipickle
import pytest
from faces import UNPICKLERS, outcome


def loads_with(unpickler_class):
    return lambda data: unpickler_class(io.BytesIO(data)).load()


LOADS = {
    "loads": (oxipickle.loads, pickle.loads),
    **{face.name: tuple(map(loads_with, face.both())) for face in UNPICKLERS},
}


def long_binput(index):
    return b"r" + struct.pack("<I", index)


def long_binget(index):
    return b"j" + struct.pack("<I", index)


def memoized(values):
    """Small ints, each memoized by MEMOIZE and dropped."""
    return b"".join(b"K%c\x940" % value for value in values)


def assert_same(load, data):
    """Ours and the model's outcome for the pickle."""
    ours, model = (outcome(function, data) for function in LOADS[load])
    assert ours[0] == model[0]
    # Bad data is any error for the Python class, and the C class's error for ours.
    if ours[0] == "value" or load != "hookable":
        assert ours == model


SPARSE = [1, 2, 5, 63, 64, 99, 100, 127, 128, 129, 200, 255, 256, 257, 300, 1000, 1023, 1025, 5000, 100_000]


@pytest.mark.parametrize("fetched", [0, 1, 2, 3])
@pytest.mark.parametrize("at", SPARSE)
@pytest.mark.parametrize("load", LOADS)
def test_memoize_after_a_put_far_away(load, at, fetched):
    data = b"\x80\x04N" + long_binput(at) + b"0" + memoized([7, 8])
    assert_same(load, data + long_binget(fetched) + b".")
    assert_same(load, data + long_binget(at) + b".")


@pytest.mark.parametrize("before", [1, 60, 100, 200])
@pytest.mark.parametrize("at", SPARSE)
@pytest.mark.parametrize("load", LOADS)
def test_a_put_far_away_after_some(load, before, at):
    data = b"\x80\x04" + memoized(range(before)) + b"K\xff" + long_binput(at) + b"0" + memoized([7, 8, 9])
    for fetched in {0, before - 1, before, before + 1, before + 2, before + 3, at, at + 1}:
        assert_same(load, data + long_binget(fetched) + b".")


@pytest.mark.parametrize("protocol_4", [True, False])
@pytest.mark.parametrize("spread", [(0, 500, 1), (300, 10, 200), (2, 1, 0), (1000, 2000, 3000)])
@pytest.mark.parametrize("load", LOADS)
def test_puts_in_any_order(load, spread, protocol_4):
    puts = b"".join(b"K%c" % number + long_binput(index) + b"0" for number, index in enumerate(spread))
    data = (b"\x80\x04" if protocol_4 else b"") + puts + memoized([77])
    for fetched in {*spread, *(index + 1 for index in spread), len(spread)}:
        assert_same(load, data + long_binget(fetched) + b".")


# From so many entries on our loader looks ahead for what is fetched.
AHEAD = 256


@pytest.mark.parametrize("fetched", [1, 255, 256, 257, 299, 300, 301, 310, 330, 350, 356])
@pytest.mark.parametrize("after", [10, 43, 44, 45, 100])
@pytest.mark.parametrize("at", [300, 256, 299])
@pytest.mark.parametrize("load", LOADS)
def test_memoize_meets_an_entry_of_put(load, at, after, fetched):
    data = b"\x80\x04N" + long_binput(at) + b"0" + b"N\x940" * (AHEAD - 1) + memoized(range(after))
    assert_same(load, data + long_binget(fetched) + b".")


@pytest.mark.parametrize("fetched", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("at", [0, 1, 2, 3])
@pytest.mark.parametrize("load", LOADS)
def test_memoize_meets_an_entry_of_put_in_a_short_pickle(load, at, fetched):
    data = b"\x80\x04" + memoized([100]) + b"N" + long_binput(at) + b"0" + memoized(range(4))
    assert_same(load, data + long_binget(fetched) + b".")
