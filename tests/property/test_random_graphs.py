"""Random graphs, no hooks: the bytes of both faces and of `dumps`, and what the memo remembers."""

import pickle

import oxipickle
import pytest
from faces import HOOKABLE, LEAN, PROTOCOLS, outcome
from hypothesis import given
from hypothesis import strategies as st
from recipes import build
from recording import assert_same_session
from strategies import graphs


@pytest.mark.parametrize("face", [LEAN, HOOKABLE], ids=repr)
@given(recipe=graphs(), peeks=st.booleans())
def test_sessions(face, recipe, peeks):
    for protocol in PROTOCOLS:
        assert_same_session(face, lambda: build(recipe), protocol, peeks=peeks)


@given(recipe=graphs())
def test_dumps(recipe):
    for protocol in PROTOCOLS:
        ours = outcome(oxipickle.dumps, build(recipe), protocol)
        model = outcome(pickle.dumps, build(recipe), protocol)
        if model != ("error", RecursionError):
            assert ours == model
