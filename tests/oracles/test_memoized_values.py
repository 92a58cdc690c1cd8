"""Rows on what is memoized: recursion through arguments, buffers, escaped text."""

import pickle

import pytest
from faces import HOOKABLE, assert_same_bytes, assert_same_outcome, dumped, outcome


class OnceThroughArguments:
    """Found again while its arguments are saved, as the first look through it ends there."""

    def __init__(self, with_items):
        self.with_items = with_items
        self.entered = False

    def __reduce__(self):
        if self.entered:
            return OnceThroughArguments, (False,)
        self.entered = True
        arguments = (self.with_items, [self])
        if self.with_items:
            return OnceThroughArguments, arguments, {"s": 1}, iter([1, 2]), iter([("k", "v")])
        return OnceThroughArguments, arguments, {"s": 1}


class NewArguments:
    def __init__(self):
        self.entered = False

    def __getnewargs__(self):
        if self.entered:
            return ()
        self.entered = True
        return ([self],)

    def __getstate__(self):
        return {"state": 1}


class NewArgumentsEx(NewArguments):
    def __getnewargs_ex__(self):
        return self.__getnewargs__(), {"keyword": self}


@pytest.mark.parametrize("with_items", [False, True])
def test_an_object_met_again_while_its_arguments_are_saved(face, with_items, protocol):
    # Both objects must be fresh: the first look at one decides what it gives.
    ours = dumped(face.ours, OnceThroughArguments(with_items), protocol)
    assert ours == dumped(face.model, OnceThroughArguments(with_items), protocol)
    assert b"0" in ours


@pytest.mark.parametrize("kind", [NewArguments, NewArgumentsEx])
def test_an_object_met_again_while_its_new_arguments_are_saved(face, kind, protocol):
    ours = outcome(dumped, face.ours, kind(), protocol)
    assert ours == outcome(dumped, face.model, kind(), protocol)


BUFFERS = {
    "bytes": lambda: [pickle.PickleBuffer(b"content")],
    "shared": lambda: [pickle.PickleBuffer(b"content")] * 2,
    "writable": lambda: [pickle.PickleBuffer(bytearray(b"content"))] * 2,
    "empty": lambda: [pickle.PickleBuffer(b"")],
    "two empty ones": lambda: [pickle.PickleBuffer(b""), pickle.PickleBuffer(b"")],
    "two empty writable ones": lambda: [pickle.PickleBuffer(bytearray()) for _ in range(2)],
    "large": lambda: [pickle.PickleBuffer(bytes(70_000))] * 2,
    "array": lambda: [pickle.PickleBuffer(memoryview(b"12345678").cast("i"))],
    "with its bytes": lambda: (lambda b: [b, pickle.PickleBuffer(b), b])(b"content"),
    "not contiguous": lambda: [pickle.PickleBuffer(memoryview(b"12345678")[::2])],
}


@pytest.mark.parametrize("kind", BUFFERS)
def test_in_band_buffers(face, kind):
    assert_same_outcome(face, BUFFERS[kind], 5)


@pytest.mark.parametrize("protocol", range(5))
def test_buffers_below_protocol_5(face, protocol):
    assert_same_outcome(face, BUFFERS["bytes"], protocol)


@pytest.mark.parametrize("answer", [None, False, True, 0, 1, "yes"])
@pytest.mark.parametrize("kind", BUFFERS)
def test_out_of_band_buffers(face, kind, answer):
    def callback(buffer):
        return answer

    assert_same_outcome(face, BUFFERS[kind], 5, buffer_callback=callback)


TEXTS = ["plain", "new\nline", "back\\slash", "\0", "\r", "\x1a", "é", "é\n", "\U0001f600", "\ud800", ""]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_texts_met_twice(face, text, protocol):
    assert_same_bytes(face, lambda: [text, text, "other", text], protocol)


def test_the_hookable_face_counts_the_escaped_copy():
    text = "a\nb" * 3
    pickle_of_two = assert_same_bytes(HOOKABLE, lambda: [text, text], 0)
    found_again = b"g1\n" in pickle_of_two
    assert found_again is (pickle._dumps([text, text], 0).count(b"V") == 1)
