"""For any bytes, ours loads what the interpreter's C class loads, and fails as it fails."""

import oxipickle
import pytest
from closed import closed
from hypothesis import given
from hypothesis import strategies as st
from oracle import UNDECIDED, Oracle, may_count_otherwise, outcome
from pickles import mutated, random_opcodes, valid

# Where ours differs on purpose: what the model says, and what ours may say instead.
ON_PURPOSE = {
    # Up to 3.14 the C class makes an object of the claimed length before it looks for the bytes.
    ("error OverflowError", "error UnpicklingError"): "byte string is too large",
}


@pytest.fixture(scope="module")
def oracle():
    oracle = Oracle()
    yield oracle
    oracle.close()


OURS = closed(oxipickle.Unpickler)


def compare(oracle, data):
    expected = oracle.ask(data)
    ours = outcome(OURS, data)
    if expected != UNDECIDED and (expected, ours) not in ON_PURPOSE:
        assert ours == expected or may_count_otherwise(data), data


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
