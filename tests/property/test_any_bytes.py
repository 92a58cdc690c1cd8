"""For any bytes, ours loads what the interpreter's class loads, on both faces, and fails where it fails:
the lean face as the C class fails, the hookable one by C's classes of exceptions too."""

import pickle

import oxipickle
import pytest
from closed import closed
from hypothesis import given
from hypothesis import strategies as st
from oracle import Oracle, differ, differ_from_python, outcome
from pickles import long, mutated, random_opcodes, valid

FACES = {
    "lean": (oxipickle.Unpickler, pickle.Unpickler, differ),
    "hookable": (oxipickle.HookableUnpickler, pickle._Unpickler, differ_from_python),
}


@pytest.fixture(scope="module", params=FACES)
def compare(request):
    """Holds ours against the model, for some bytes."""
    ours, model, differs = FACES[request.param]
    ours, oracle = closed(ours), Oracle(model)

    def compare(data):
        assert not differs(oracle.ask(data), outcome(ours, data), data), data

    yield compare
    oracle.close()


@given(data=valid() | long())
def test_valid(compare, data):
    compare(data)


@given(data=mutated())
def test_mutated(compare, data):
    compare(data)


@given(data=random_opcodes())
def test_random_opcodes(compare, data):
    compare(data)


@given(data=st.binary(max_size=60))
def test_random_bytes(compare, data):
    compare(data)
