"""Attack: a hook that calls `save` nests natively, under a recursion limit that a user has raised."""

import io
import sys

import pytest
from faces import HOOKABLE
from own_process import run


class Node:
    def __init__(self, child):
        self.child = child


def saving(base, hook):
    """A pickler whose hook saves the child of each node by itself."""

    def reducer_override(self, obj):
        if type(obj) is Node:
            self.save(obj.child)
            return int, ()
        return NotImplemented

    def persistent_id(self, obj):
        if type(obj) is Node:
            self.save(obj.child)
        return None

    hooks = {"reducer_override": reducer_override, "persistent_id": persistent_id}
    return type("Saving", (base,), {hook: hooks[hook]})


def nested(hook, depth, limit):
    """The length of the pickle of either, or the class of the exception."""
    sys.setrecursionlimit(limit)
    ends = []
    for base in HOOKABLE.both():
        obj = 1
        for _ in range(depth):
            obj = Node(obj)
        file = io.BytesIO()
        try:
            saving(base, hook)(file, 4).dump(obj)
            ends.append(len(file.getvalue()))
        except RecursionError:
            ends.append("RecursionError")
        while obj != 1:
            obj = obj.child
    return ends


@pytest.mark.optimised
@pytest.mark.parametrize("depth", [100, 1000, 3000])
def test_as_deep_as_the_model(depth):
    """The limit is the user's to raise; where the native stack ends before, ours says so."""
    ours, model = run(nested, "reducer_override", depth, 1_000_000, allocator=None)
    # 3.12 has a limit of its own for calls that C and Python make in turn, which nobody can raise.
    deep = 100 if sys.version_info[:2] == (3, 12) else 1000
    assert ours == model or (ours == "RecursionError" and depth > deep)


@pytest.mark.parametrize("hook", ["reducer_override", "persistent_id"])
def test_far_too_deep_for_the_stack(hook):
    """The model may end in any way here; ours ends in an exception, if it has not come through."""
    ours = run(alone, hook, 100_000, 1_000_000, allocator=None)
    assert ours == "RecursionError" or ours > 0


def alone(hook, depth, limit):
    sys.setrecursionlimit(limit)
    obj = 1
    for _ in range(depth):
        obj = Node(obj)
    file = io.BytesIO()
    try:
        saving(HOOKABLE.ours, hook)(file, 4).dump(obj)
        return len(file.getvalue())
    except RecursionError:
        return "RecursionError"
    finally:
        while obj != 1:
            obj = obj.child


@pytest.mark.parametrize("limit", [1000, 5000])
def test_the_limit_counts(limit):
    ours, _ = run(nested, "reducer_override", 20_000, limit, allocator=None)
    assert ours == "RecursionError"
