"""For any bytes, the hookable face loads what the interpreter's Python class loads.

Where that fails, ours fails; of which class the exceptions are is the lean face's business, since
the Python class raises whatever comes of it.
"""

import pickle

import oxipickle
import pytest
from closed import closed
from hypothesis import given
from hypothesis import strategies as st
from oracle import Oracle, differ_from_python, outcome
from pickles import long, mutated, random_opcodes, valid


@pytest.fixture(scope="module")
def oracle():
    oracle = Oracle(pickle._Unpickler)
    yield oracle
    oracle.close()


OURS = closed(oxipickle.HookableUnpickler)


def compare(oracle, data):
    expected, ours = oracle.ask(data), outcome(OURS, data)
    assert not differ_from_python(expected, ours, data), data


@given(data=valid() | long())
def test_valid(oracle, data):
    compare(oracle, data)


@given(data=mutated())
def test_mutated(oracle, data):
    compare(oracle, data)


@given(data=random_opcodes())
def test_random_opcodes(oracle, data):
    compare(oracle, data)


@given(data=st.binary(max_size=60))
def test_random_bytes(oracle, data):
    compare(oracle, data)
