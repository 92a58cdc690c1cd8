"""`genops`: the instructions that `pickletools.genops` gives, and its errors."""

import gc
import io
import pickle
import pickletools
import sys
import weakref

import oxipickle
import pytest
from hypothesis import given
from looked_at import ALL, WithoutPosition, instructions, mutated
from pickles import mutated as randomly_mutated
from pickles import random_opcodes, valid
from profiles import examples


def assert_same(data):
    expected = instructions(pickletools.genops, data)
    for other in (data, bytearray(data)):
        assert instructions(oxipickle.genops, other)[:2] == expected[:2]
    ours, theirs = io.BytesIO(data), io.BytesIO(data)
    found, end, position = instructions(oxipickle.genops, ours)
    assert (found, end) == expected[:2]
    assert instructions(pickletools.genops, theirs)[:2] == (found, end)
    if not end[0]:
        assert position == theirs.tell()
    assert instructions(oxipickle.genops, WithoutPosition(data)) == instructions(
        pickletools.genops, WithoutPosition(data)
    )


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


def test_opcodes_are_those_of_pickletools():
    for opcode, _, _ in oxipickle.genops(pickle.dumps([1, "a"])):
        assert opcode is pickletools.code2op[opcode.code]


def test_a_tuple_that_is_kept_stays_as_it_is():
    data = pickle.dumps(["a", 1.5, b"c"] * 3, 4)
    kept = list(oxipickle.genops(data))
    assert len({id(each) for each in kept}) == len(kept)
    hashes = {hash(each) for each in oxipickle.genops(data)}
    assert hashes == {hash(each) for each in kept}


def test_a_tuple_that_is_forgotten_leaks_nothing():
    data = pickle.dumps([i * 1.25 for i in range(5000)], 4)

    def run():
        for _ in oxipickle.genops(data):
            pass

    run()
    before = sys.getallocatedblocks()
    run()
    assert sys.getallocatedblocks() - before < 100


def test_a_file_is_read_no_further_than_the_instruction():
    file = io.BytesIO(pickle.dumps([1, "ab"], 2) + b"rest")
    for _, _, position in oxipickle.genops(file):
        assert position < file.tell()
    assert file.read() == b"rest"


def test_nothing_is_read_before_it_is_asked_for():
    class File:
        def __getattr__(self, name):
            raise LookupError(name)

    iterator = oxipickle.genops(File())
    with pytest.raises(LookupError, match="tell"):
        next(iterator)
    assert list(iterator) == []


@pytest.mark.parametrize("wrong", [None, 5, "N.", memoryview(b"N.")], ids=type)
def test_what_is_no_pickle(wrong):
    with pytest.raises(AttributeError) as theirs:
        list(pickletools.genops(wrong))
    with pytest.raises(AttributeError) as ours:
        list(oxipickle.genops(wrong))
    assert str(ours.value) == str(theirs.value)


def test_an_iterator_that_is_asked_by_its_own_file():
    class File(io.BytesIO):
        def read(self, n):
            with pytest.raises(ValueError, match="already executing"):
                next(iterator)
            return super().read(n)

    iterator = oxipickle.genops(File(b"K\x01."))
    assert [argument for _, argument, _ in iterator] == [1, None]


def test_after_an_error_there_is_nothing():
    for pickled in (b"N\xff", io.BytesIO(b"N\xff")):
        iterator = oxipickle.genops(pickled)
        next(iterator)
        with pytest.raises(ValueError, match="unknown"):
            next(iterator)
        assert list(iterator) == []


def test_notes_tell_the_place():
    for data, note in [
        (b"N\xff", "at byte 1, reading an opcode"),
        (b"NX\x05\0\0\0a", "at byte 1, reading the argument of BINUNICODE"),
    ]:
        with pytest.raises(ValueError) as raised:
            list(oxipickle.genops(data))
        assert raised.value.__notes__ == [note]
    with pytest.raises(ValueError) as raised:
        list(oxipickle.genops(WithoutPosition(b"K")))
    assert raised.value.__notes__ == ["reading the argument of BININT1"]


def test_memory_follows_what_arrives():
    class File(io.BytesIO):
        largest = 0

        def read(self, n):
            self.largest = max(self.largest, n)
            return super().read(n)

    file = File(b"\x8e" + (2**60).to_bytes(8, "little") + b"ab")
    with pytest.raises(ValueError, match=f"expected {2**60} bytes in a bytes8, but only 2 remain"):
        list(oxipickle.genops(file))
    assert file.largest <= 1 << 20
    large = b"B" + (3 << 20).to_bytes(4, "little") + b"x" * (3 << 20) + b"."
    assert [a for _, a, _ in oxipickle.genops(File(large))] == [b"x" * (3 << 20), None]


def test_a_circle_through_the_file_is_collected():
    class File(io.BytesIO):
        pass

    file = File(b"NN.")
    file.own = oxipickle.genops(file)
    next(file.own)
    watched = weakref.ref(file)
    del file
    gc.collect()
    assert watched() is None
