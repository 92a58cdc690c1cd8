"""A load that finds no more memory raises MemoryError: it neither aborts, nor spoils the unpickler's memo,
nor leaves the collector paused."""

import gc
import io
import pickle
import random
import sys

import oxipickle
import pytest
from own_process import limit_memory, run

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS and /proc"),
]

KIBIBYTE = 2**10
TIMES = 30


class Plain:
    pass


class Slotted:
    __slots__ = ("a", "b")


def instances(n):
    made = []
    for i in range(n):
        plain, slotted = Plain(), Slotted()
        plain.a, plain.b, plain.c = i, [i, f"text {i}"], str(i)
        slotted.a, slotted.b = i * 70_000, (i, plain)
        made.append(slotted)
    return made


def told(memo):
    return [
        (type(value).__name__, len(value) if isinstance(value, (dict, tuple, list)) else None)
        for value in memo.copy().values()
    ]


def exhausted(way):
    """How loads end under random limits."""
    data = pickle.dumps(instances(3000), 4)
    model = pickle.Unpickler(io.BytesIO(data))
    # What was loaded is kept, so that every load needs new memory.
    kept_alive = [model.load()]
    expected, threshold = told(model.memo), gc.get_threshold()
    choose = random.Random(7)
    ends = set()
    for _ in range(TIMES):
        unpickler, file = oxipickle.Unpickler(io.BytesIO(data)), io.BytesIO(data)
        calls = {
            "Unpickler": unpickler.load,
            "load": lambda file=file: oxipickle.load(file),
            "loads": lambda: oxipickle.loads(data),
            "memo": unpickler.memo.copy,
        }
        if way == "memo":
            unpickler.load()
        limit = choose.choice([choose.randrange(16, 600), choose.randrange(16, 6000)])
        limit_memory(limit * KIBIBYTE)
        try:
            kept_alive.append((calls[way](), unpickler))
            end = "ended well"
        except MemoryError:
            end = "MemoryError"
        finally:
            limit_memory(None)
        ends.add(end)
        assert gc.get_threshold() == threshold
        if way == "memo":
            assert told(unpickler.memo) == expected
        elif end == "MemoryError":
            kept = told(unpickler.memo)
            # The states of the last instances may not have been filled yet, and the list of all never is.
            differing = [index for index, pair in enumerate(zip(kept, expected)) if pair[0] != pair[1]]
            assert all(index == 0 or index > len(kept) - 20 for index in differing)
    return ends


@pytest.mark.parametrize("way", ["Unpickler", "load", "loads", "memo"])
def test_memory_ends(way):
    assert "MemoryError" in run(exhausted, way, allocator=None)
