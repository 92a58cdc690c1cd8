"""Pickles that fuzzing led to, the seeds of its target: ours loads them as the interpreter's two classes
do, in whichever way."""

import pickle
from pathlib import Path

import pytest

pytest.importorskip("resource")

import ways  # noqa: E402 - the oracle needs `resource`
from oracle import Oracle, differ, differ_from_python, outcome  # noqa: E402

SEEDS = Path(__file__).parents[2] / "fuzz" / "seeds" / "loader"
FOUND = sorted(path.name for path in SEEDS.iterdir())


@pytest.fixture(scope="module")
def lean_model():
    oracle = Oracle()
    yield oracle
    oracle.close()


@pytest.fixture(scope="module")
def hookable_model():
    oracle = Oracle(pickle._Unpickler)
    yield oracle
    oracle.close()


def test_there_are_some():
    assert len(FOUND) > 100


@pytest.mark.parametrize("name", FOUND)
def test_lean_face(lean_model, name):
    data = (SEEDS / name).read_bytes()
    expected, ours = lean_model.ask(data), outcome(ways.LEAN, data)
    assert not differ(expected, ours, data), (expected, ours)


@pytest.mark.parametrize("name", FOUND)
def test_hookable_face(hookable_model, name):
    data = (SEEDS / name).read_bytes()
    expected, ours = hookable_model.ask(data), outcome(ways.HOOKABLE, data)
    assert not differ_from_python(expected, ours, data), (expected, ours)


@pytest.mark.parametrize("name", FOUND)
def test_every_way(name):
    ways.check((SEEDS / name).read_bytes())


@pytest.mark.parametrize("name", FOUND)
def test_nothing_is_kept(name):
    ways.check_kept((SEEDS / name).read_bytes())
