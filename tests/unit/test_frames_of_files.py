"""Frames that end in the middle of containers and instances, where a full one has to go to the file first."""

import io
import pickle

import oxipickle
import pytest
from faces import LEAN


class Node:
    def __init__(self, number, parent):
        self.number, self.parent = number, parent


class File:
    """A file that is none of the interpreter's own."""

    def __init__(self):
        self.parts = []

    def write(self, data):
        self.parts.append(bytes(data))

    def getvalue(self):
        return b"".join(self.parts)


def records():
    return [{"id": i, "tags": [f"tag {i % 7}", "all"], "in": {"x": i, "y": [1, 2]}} for i in range(4_000)]


def nodes():
    root = Node(0, None)
    found = [root]
    for i in range(1, 4_000):
        found.append(Node(i, found[i // 2]))
    return found


def tuples():
    name = "a name"
    return [((i, name), (name, [name, (i,)])) for i in range(8_000)]


@pytest.mark.parametrize("make", [records, nodes, tuples])
@pytest.mark.parametrize("file", [io.BytesIO, File])
@pytest.mark.parametrize("first", range(0, 12, 3))
def test_a_frame_ends_anywhere(make, file, first):
    """What comes before moves the ends of frames to other places."""
    data = ["x" * first, make()]
    written = []
    for pickler in (LEAN.ours, LEAN.model):
        target = file()
        pickler(target, 4).dump(data)
        written.append(target.getvalue())
    assert written[0] == written[1]


@pytest.mark.parametrize("make", [records, nodes, tuples])
@pytest.mark.parametrize("first", range(0, 12, 3))
def test_a_frame_ends_anywhere_in_memory(make, first):
    data = ["x" * first, make()]
    assert oxipickle.dumps(data, 4) == pickle.dumps(data, 4)
