"""Pickles that no pickler writes: ours and the interpreter's classes take or refuse them alike."""

import io
import pickle

import oxipickle
import pytest
from faces import outcome
from odd_pickles import ALLOCATES_FIRST, LISTED


class OnlyReading:
    """A file that can't be looked ahead in."""

    def __init__(self, data):
        self.file = io.BytesIO(data)
        self.read, self.readline = self.file.read, self.file.readline


# A frame that ends within an argument: up to 3.13 the C class drops what it read of it from a file.
CUT_FRAMES = {name for name in LISTED if name.startswith("frame cut")}

SOURCES = {
    "bytes": lambda module, data: module.loads(data),
    "bytearray": lambda module, data: module.loads(bytearray(data)),
    "memory": lambda module, data: module.load(io.BytesIO(data)),
    "plain": lambda module, data: module.load(OnlyReading(data)),
    "buffered": lambda module, data: module.load(io.BufferedReader(io.BytesIO(data))),
}


def _comparable(result):
    kind, value = result
    if kind == "value" and type(value) is object:
        return kind, "an object"
    if kind == "value" and value != value:
        return kind, "not a number"
    return kind, type(value), value


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", LISTED)
def test_same_outcome(name, source):
    minds_frames = outcome(pickle.loads, LISTED["frame in a frame"])[0] == "error"
    if name in CUT_FRAMES and source in ("memory", "plain") and not minds_frames:
        pytest.skip("this release's C class drops part of a frame")
    load = SOURCES[source]
    ours = outcome(load, oxipickle, LISTED[name])
    model = outcome(load, pickle, LISTED[name])
    assert _comparable(ours) == _comparable(model)


# What the Python class takes, and ours refuses as the C class does: a place in the memo that no
# index names, and a frame that the file ends within.
REFUSED_AS_THE_C_CLASS_DOES = {"PUT at an index of 67 bits", "frame of 2**63-1"}


@pytest.mark.parametrize("name", LISTED)
def test_the_hookable_face_takes_what_its_model_takes(name):
    def load(unpickler_class):
        return unpickler_class(io.BytesIO(LISTED[name])).load()

    ours, model = outcome(load, oxipickle.HookableUnpickler), outcome(load, pickle._Unpickler)
    if name in REFUSED_AS_THE_C_CLASS_DOES:
        assert ours[0] == "error"
    elif model[0] == "value":
        assert _comparable(ours) == _comparable(model)
    else:
        assert ours[0] == "error"


@pytest.mark.newest_words
@pytest.mark.parametrize("name", LISTED)
def test_same_words(name):
    words = []
    for module in (oxipickle, pickle):
        try:
            module.loads(LISTED[name])
        except Exception as error:
            words.append(str(error))
    assert words[1:] == words[:1]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", ALLOCATES_FIRST)
def test_nothing_is_allocated_first(name, source):
    result = outcome(SOURCES[source], oxipickle, ALLOCATES_FIRST[name])
    expected = ("value", None) if name.startswith("index") else ("error", pickle.UnpicklingError)
    assert result == expected
