"""Row "container changed while it is being saved", where a release decides: lists on the lean face.

Up to 3.13 C sees a list live, from 3.14 a list that changed its size is a RuntimeError; a dict that
changed its size is one on every release.
"""

import sys

import pytest
from faces import HOOKABLE, LEAN, dumped, outcome


class Growing:
    """Appends to a list when it is saved."""

    def __init__(self, items):
        self.items = items

    def __reduce__(self):
        self.items.append("appended")
        return list, ()


def growing_list():
    items = ["first"]
    items[:] = [Growing(items), "second", "third"]
    return items


@pytest.mark.parametrize("protocol", range(1, 6))
def test_a_list_that_grows(protocol):
    ours, model = (outcome(dumped, c, growing_list(), protocol) for c in LEAN.both())
    if sys.version_info >= (3, 14):
        assert model == ("error", RuntimeError)
        assert ours == model
    else:
        assert b"appended" in model[1]
        assert ours == model or ours[0] == "error"


def list_of_one():
    items = []
    items.append(Growing(items))
    return items


@pytest.mark.parametrize("protocol", range(6))
def test_a_list_of_one_that_grows(protocol):
    ours, model = (outcome(dumped, c, list_of_one(), protocol) for c in LEAN.both())
    assert ours == model or (ours[0] == "error" and sys.version_info >= (3, 14))


@pytest.mark.parametrize("protocol", range(1, 6))
def test_the_hookable_face_does_not_see_it(protocol):
    ours, model = (outcome(dumped, c, growing_list(), protocol) for c in HOOKABLE.both())
    assert ours == model
    assert b"appended" not in ours[1]
