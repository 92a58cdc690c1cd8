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


CHANGES = {
    "grows": lambda items: items.append("appended"),
    "shrinks": lambda items: items.pop(),
    "is cleared": lambda items: items.clear(),
    "stays as long": lambda items: items.reverse(),
}


class Changing(Growing):
    """Changes a list in some way when it is saved."""

    def __init__(self, items, change):
        super().__init__(items)
        self.change = change

    def __reduce__(self):
        CHANGES[self.change](self.items)
        return list, ()


@pytest.mark.parametrize("at", [0, 1, 2, 3])
@pytest.mark.parametrize("change", CHANGES)
def test_a_list_at_protocol_0(face, change, at):
    """There are no batches there, and on no release is the size looked at."""

    def changing_list():
        items = ["first", "second", "third", "fourth"]
        items[at] = Changing(items, change)
        return items

    ours, model = (outcome(dumped, c, changing_list(), 0) for c in face.both())
    assert ours == model
    assert ours[0] == "value"


@pytest.mark.parametrize("protocol", range(1, 6))
def test_the_hookable_face_does_not_see_it(protocol):
    ours, model = (outcome(dumped, c, growing_list(), protocol) for c in HOOKABLE.both())
    assert ours == model
    assert b"appended" not in ours[1]
