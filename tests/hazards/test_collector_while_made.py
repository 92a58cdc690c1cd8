"""Hazard: an object of ours has a dict, whose making may run the collector before the rest is there."""

import gc
import io

import oxipickle
import pytest
from own_process import run

CLASSES = ["Pickler", "Unpickler", "HookablePickler", "HookableUnpickler"]


def made_while_collecting(name):
    """How many were made and used, with a collection at every chance."""
    cls = getattr(oxipickle, name)
    gc.freeze()
    gc.set_threshold(1)
    # The interpreter keeps some dicts that died, and makes the first ones of these.
    dicts = [{} for _ in range(200)]
    made = [cls(io.BytesIO()) for _ in range(200)]
    return len(made) + len(dicts)


@pytest.mark.parametrize("name", CLASSES)
def test_each_class(name):
    assert run(made_while_collecting, name) == 400
