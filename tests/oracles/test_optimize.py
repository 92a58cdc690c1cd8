"""`optimize`: the bytes and the errors of `pickletools.optimize`."""

import io
import pickle
import pickletools

import oxipickle
import pytest
from hypothesis import given
from looked_at import ALL, SOUND, ended, mutated
from pickles import mutated as randomly_mutated
from pickles import random_opcodes, valid
from profiles import examples


def assert_same(data):
    expected = ended(pickletools.optimize, data)
    ours = ended(oxipickle.optimize, data)
    # A warning about what is read is given as often as it is read.
    assert (ours[0], set(ours[1])) == (expected[0], set(expected[1]))
    assert ended(oxipickle.optimize, bytearray(data))[0] == expected[0]


@pytest.mark.parametrize("data", ALL, ids=range(len(ALL)))
def test_specimens(data):
    assert_same(data)


@examples(300)
@given(valid() | randomly_mutated() | random_opcodes())
def test_random_pickles(data):
    assert_same(data)


@pytest.mark.parametrize("seed", range(2))
def test_mutated_pickles(seed):
    for data in mutated(500, seed):
        assert_same(data)


@pytest.mark.long
def test_ten_thousand_mutated_pickles():
    for data in mutated(10_000, "many"):
        assert_same(data)


def test_frames_of_large_pickles():
    strings = [f"string number {i}" for i in range(30_000)]
    for protocol in range(6):
        assert_same(pickle.dumps([strings, b"x" * 65_536, strings[::7], b"y" * 65_537, "z"], protocol))


def test_the_result_loads_as_the_same():
    for data in SOUND[6:24]:
        assert repr(pickle.loads(oxipickle.optimize(data))) == repr(pickle.loads(data))


@pytest.mark.parametrize("wrong", [None, "N.", io.BytesIO(b"N."), memoryview(b"N.")], ids=type)
def test_what_is_no_bytes(wrong):
    with pytest.raises(TypeError):
        oxipickle.optimize(wrong)
