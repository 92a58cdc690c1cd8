"""`dis`: the text, the checks and the errors of `pickletools.dis`."""

import io
import pickle
import pickletools
import sys

import oxipickle
import pytest
from hypothesis import given
from hypothesis import strategies as st
from looked_at import ALL, WithoutPosition, ended, mutated, shown
from pickles import mutated as randomly_mutated
from pickles import random_opcodes, valid
from profiles import examples

OPTIONS = [{}, {"annotate": 1}, {"annotate": 40}, {"indentlevel": 0}, {"indentlevel": -3, "annotate": 60}]


def assert_same(data, **options):
    expected = shown(pickletools.dis, data, **options)
    assert shown(oxipickle.dis, data, **options) == expected
    assert shown(oxipickle.dis, io.BytesIO(data), **options) == expected
    expected = shown(pickletools.dis, WithoutPosition(data), **options)
    assert shown(oxipickle.dis, WithoutPosition(data), **options) == expected


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("data", ALL, ids=range(len(ALL)))
def test_specimens(data, options):
    assert_same(data, **options)


@examples(300)
@given(valid() | randomly_mutated() | random_opcodes(), st.sampled_from(OPTIONS))
def test_random_pickles(data, options):
    assert_same(data, **options)


@pytest.mark.parametrize("seed", range(2))
def test_mutated_pickles(seed):
    for data in mutated(300, seed):
        assert_same(data)


@pytest.mark.long
def test_ten_thousand_mutated_pickles():
    for number, data in enumerate(mutated(10_000, "many")):
        assert_same(data, **OPTIONS[number % len(OPTIONS)])


def test_one_memo_for_all_pickles_of_a_pickler():
    file = io.BytesIO()
    pickler = pickle.Pickler(file, 2)
    for _ in range(3):
        pickler.dump(["a", ("b",)])
    memos = []
    for dis in (oxipickle.dis, pickletools.dis):
        file.seek(0)
        memo = {}
        texts = [shown(dis, file, memo=memo) for _ in range(3)]
        memos.append((texts, memo))
    assert memos[0] == memos[1]


def test_a_memo_may_be_anything():
    for memo in ({5: pickletools.pylist}, {5: "mine"}, {0: pickletools.markobject}):
        expected = shown(pickletools.dis, b"h\x05\x94.", memo=dict(memo))
        assert shown(oxipickle.dis, b"h\x05\x94.", memo=dict(memo)) == expected


def test_stdout(capsys, monkeypatch):
    assert oxipickle.dis(b"N.") is None
    ours = capsys.readouterr().out
    pickletools.dis(b"N.")
    assert ours == capsys.readouterr().out
    monkeypatch.setattr(sys, "stdout", None)
    oxipickle.dis(b"N.")


def test_what_a_file_raises_is_raised():
    class Full:
        def write(self, text):
            raise OSError("full")

    for dis in (oxipickle.dis, pickletools.dis):
        assert ended(dis, b"N.", Full())[0] == (OSError, "full")


def test_a_note_tells_the_place():
    with pytest.raises(ValueError, match="has never been stored") as raised:
        oxipickle.dis(b"Nh\x05.", io.StringIO())
    assert raised.value.__notes__ == ["at byte 1, carrying out BINGET"]


def test_a_long_text_is_written_in_pieces():
    class Pieces:
        def __init__(self):
            self.sizes = []

        def write(self, text):
            self.sizes.append(len(text))

    data = pickle.dumps([[i, str(i)] for i in range(20_000)] + ["x" * 300_000], 2)
    out = Pieces()
    oxipickle.dis(data, out)
    assert sum(out.sizes) == len(shown(pickletools.dis, data)[0])
    assert sorted(out.sizes)[-2] <= 1 << 16
