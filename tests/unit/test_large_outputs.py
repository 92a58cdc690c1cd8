"""Pickles of many sizes in a row: one that is large gets at once the room that those before it came to."""

import io
import pickle
import random
import tracemalloc

import oxipickle
import pytest
from faces import LEAN

# Where outputs are large, in bytes, and beyond which nothing larger is expected.
LARGE, MOST = 1 << 16, 32 << 20


def texts(size):
    """Objects whose pickle is about so many bytes long, and none of them long by itself."""
    return [f"{i:091}" for i in range(size // 100)]


def test_sizes_up_and_down():
    sizes = [LARGE << i for i in (0, 1, 4, 0, 1, 5, 2, 1, 0)]
    rng = random.Random(1)
    sizes += [rng.randrange(LARGE // 2, 30 * LARGE) for _ in range(30)]
    for size in sizes:
        obj = texts(size)
        assert oxipickle.dumps(obj) == pickle.dumps(obj)
        assert oxipickle.dumps(None) == pickle.dumps(None)


def test_more_than_is_expected():
    for size in (MOST + LARGE, LARGE * 2, MOST + 2 * LARGE):
        obj = texts(size)
        assert oxipickle.dumps(obj) == pickle.dumps(obj)


@pytest.mark.parametrize("framed", [3, 4], ids=lambda protocol: f"protocol{protocol}")
def test_one_pickler(framed):
    ours, theirs = (io.BytesIO() for _ in range(2))
    picklers = [cls(file, framed) for cls, file in zip(LEAN.both(), (ours, theirs), strict=True)]
    for size in (LARGE, 20 * LARGE, LARGE // 2, 10 * LARGE):
        for pickler in picklers:
            pickler.dump(texts(size))
        oxipickle.dumps(texts(2 * size))
    assert ours.getvalue() == theirs.getvalue()


PAYLOADS = {
    "one": lambda: bytes(9 * MOST // 32),
    "behind texts": lambda: [*texts(LARGE), b"x" * (MOST // 4)],
    "in a row": lambda: [bytes([i]) * (MOST // 6) for i in range(3)],
    "each larger": lambda: [b"x" * (MOST // 64 << i) for i in range(6)],
    "text": lambda: "x" * (MOST // 5),
    "bytearray": lambda: bytearray(MOST // 7),
    "of pages": lambda: [b"x" * (1 << 22), b"y" * ((1 << 22) - 1), b"z" * ((1 << 22) + 1)],
}


@pytest.mark.parametrize("make", PAYLOADS.values(), ids=PAYLOADS)
def test_payloads(make, protocol):
    obj = make()
    data = pickle.dumps(obj, protocol)
    assert oxipickle.dumps(obj, protocol) == data
    for given in (data, bytearray(data)):
        assert oxipickle.loads(given) == obj
    assert oxipickle.Unpickler(io.BytesIO(data)).load() == obj


def test_no_room_is_left_behind():
    """The object that is returned takes no more than its bytes."""
    obj = texts(40 * LARGE)
    oxipickle.dumps(obj)
    small = texts(2 * LARGE)
    tracemalloc.start()
    try:
        data = oxipickle.dumps(small)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < len(data) + LARGE
