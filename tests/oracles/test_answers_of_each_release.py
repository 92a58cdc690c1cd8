"""Rows whose answer depends on the release, held against what the row says, not the model alone."""

import io
import pickle
import sys

import pytest
from faces import HOOKABLE, LEAN, dumped, outcome, raised

UP_TO_3_12 = sys.version_info < (3, 13)
UP_TO_3_13 = sys.version_info < (3, 14)


def both(face, make, protocol):
    ours = outcome(dumped, face.ours, make(), protocol)
    assert ours == outcome(dumped, face.model, make(), protocol)
    return ours[1]


def shared_buffer():
    buffer = pickle.PickleBuffer(b"content")
    return [buffer, buffer]


def test_a_shared_buffer_is_written_once_by_the_lean_face():
    assert both(LEAN, shared_buffer, 5).count(b"content") == 1


def test_a_shared_buffer_is_written_twice_by_the_hookable_face_up_to_3_13():
    assert both(HOOKABLE, shared_buffer, 5).count(b"content") == (2 if UP_TO_3_13 else 1)


def test_two_empty_buffers():
    def make():
        return [pickle.PickleBuffer(b""), pickle.PickleBuffer(b"")]

    assert both(LEAN, make, 5).count(pickle.MEMOIZE) == 3
    if UP_TO_3_12:
        assert both(HOOKABLE, make, 5) is AssertionError
    else:
        assert both(HOOKABLE, make, 5).count(pickle.MEMOIZE) == (2 if UP_TO_3_13 else 3)


def test_an_escaped_text_is_found_again_from_3_13():
    text = "two\nlines"
    assert both(LEAN, lambda: [text, text], 0).count(b"V") == 1
    assert both(HOOKABLE, lambda: [text, text], 0).count(b"V") == (2 if UP_TO_3_12 else 1)


def test_tails_of_batches():
    old = sys.version_info < (3, 15)
    for make, tail in (
        (lambda: list(range(1001)), b"(M\xe8\x03e." if old else b"M\xe8\x03a."),
        (lambda: dict.fromkeys(range(1001)), b"(M\xe8\x03Nu." if old else b"M\xe8\x03Ns."),
    ):
        assert both(LEAN, make, 2).endswith(tail)
        assert both(HOOKABLE, make, 2).endswith((b"M\xe8\x03a.", b"M\xe8\x03Ns."))


@pytest.mark.parametrize("size", [1000, 2000])
def test_an_empty_batch_after_full_ones(size):
    extra = sys.version_info < (3, 15)
    assert both(LEAN, lambda: dict.fromkeys(range(size)), 2).endswith(b"(u.") is extra
    assert both(LEAN, lambda: set(range(size)), 4).endswith(b"(\x90.") is extra
    assert not both(HOOKABLE, lambda: dict.fromkeys(range(size)), 2).endswith(b"(u.")
    assert not both(HOOKABLE, lambda: set(range(size)), 4).endswith(b"(\x90.")


class Arguments:
    """Met again while its arguments are saved."""

    def __init__(self, *_):
        self.entered = False

    def __reduce__(self):
        if self.entered:
            return Arguments, (), {"only": "once"}
        self.entered = True
        return Arguments, ([self],), {"state": "again"}


def test_what_is_written_after_the_inner_one():
    assert both(LEAN, Arguments, 2).count(b"state") == 0
    assert both(HOOKABLE, Arguments, 2).count(b"state") == 1


def test_the_memo_of_either_face():
    lean, hookable = LEAN.ours(io.BytesIO()), HOOKABLE.ours(io.BytesIO())
    assert type(lean.memo).__name__ == type(LEAN.model(io.BytesIO()).memo).__name__
    assert type(hookable.memo) is dict


def test_classes_of_errors():
    def strided():
        return pickle.PickleBuffer(memoryview(b"content")[::2])

    assert both(LEAN, strided, 5) is pickle.PicklingError
    assert both(HOOKABLE, strided, 5) is BufferError

    def local():
        pass

    assert type(raised(dumped, LEAN.ours, local)) is (AttributeError if UP_TO_3_13 else pickle.PicklingError)
    assert type(raised(dumped, HOOKABLE.ours, local)) is pickle.PicklingError
