"""For any bytes, ours loads what the interpreter's C class loads, and fails as it fails."""

import oxipickle
import pytest
from closed import closed
from hypothesis import given
from hypothesis import strategies as st
from oracle import Oracle, differ, outcome
from pickles import mutated, random_opcodes, valid


@pytest.fixture(scope="module")
def oracle():
    oracle = Oracle()
    yield oracle
    oracle.close()


OURS = closed(oxipickle.Unpickler)


def compare(oracle, data):
    expected, ours = oracle.ask(data), outcome(OURS, data)
    assert not differ(expected, ours, data), data


@given(data=valid())
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
