"""Attack: what an attribute of a pickler or unpickler drops has a finaliser that uses the same object."""

import io
import pickle

import oxipickle
import pytest
from faces import HOOKABLE, LEAN
from own_process import run

FACES = {face.name: face for face in (LEAN, HOOKABLE)}

SECONDS = 20


class Bomb:
    """Calls a function when it dies."""

    def __init__(self, act):
        self.act = act

    def __del__(self):
        self.act()


def used_pickler(face):
    pickler = FACES[face].ours(io.BytesIO(), 4)
    pickler.dump([["text"], {1: (2, 3)}, len])
    return pickler


def used_unpickler(face):
    kind = {"lean": oxipickle.Unpickler, "hookable": oxipickle.HookableUnpickler}[face]
    unpickler = kind(io.BytesIO(pickle.dumps([["text"], {1: (2, 3)}], 4)))
    unpickler.load()
    return unpickler


def dropped_by_setter(face, what):
    """An attribute is replaced, and the finaliser of what it was uses the pickler."""
    met = []
    pickler = used_pickler(face)

    def act():
        try:
            pickler.memo.copy()
            pickler.clear_memo()
            pickler.dump([1])
            pickler.global_references
            met.append("used")
        except BaseException as error:
            met.append(repr(error))

    class File(Bomb):
        def write(self, data):
            pass

    if what == "dispatch_table":
        pickler.dispatch_table = {int: Bomb(act)}
        pickler.dispatch_table = {}
    elif what == "dispatch_table deleted":
        pickler.dispatch_table = {int: Bomb(act)}
        del pickler.dispatch_table
    elif what in ("memo", "clear_memo", "memo.clear"):
        # Kept by the memo alone.
        pickler.memo = {1: (0, Bomb(act))}
        {
            "memo": lambda: setattr(pickler, "memo", {}),
            "clear_memo": lambda: pickler.clear_memo(),
            "memo.clear": lambda: pickler.memo.clear(),
        }[what]()
    elif what == "file":
        pickler.__init__(File(act), 4)
        pickler.__init__(io.BytesIO(), 4)
    elif what == "buffer_callback":
        pickler.__init__(io.BytesIO(), 5, buffer_callback=Bomb(act).__eq__)
        pickler.__init__(io.BytesIO(), 5)
    elif what in ("bin", "fast"):
        setattr(pickler, what, Bomb(act))
        setattr(pickler, what, 1)
    return met


SETTERS = ["dispatch_table", "dispatch_table deleted", "memo", "clear_memo", "file", "buffer_callback"]


@pytest.mark.parametrize("what", SETTERS)
def test_what_a_setter_drops_uses_the_pickler(face, what):
    assert run(dropped_by_setter, face.name, what, seconds=SECONDS) == ["used"]


def test_what_the_memo_proxy_drops_uses_the_pickler():
    assert run(dropped_by_setter, "lean", "memo.clear", seconds=SECONDS) == ["used"]


@pytest.mark.parametrize("what", ["bin", "fast"])
def test_what_a_flag_drops_uses_the_pickler(what):
    """On the hookable face alone a flag may be anything."""
    assert run(dropped_by_setter, "hookable", what, seconds=SECONDS) == ["used"]


def dropped_by_unpickler(face, what):
    met = []
    unpickler = used_unpickler(face)

    def act():
        try:
            unpickler.memo.copy()
            met.append("used")
        except BaseException as error:
            met.append(repr(error))

    unpickler.memo = {0: Bomb(act)}
    {
        "memo": lambda: setattr(unpickler, "memo", {}),
        "memo.clear": lambda: unpickler.memo.clear(),
        "__init__": lambda: unpickler.__init__(io.BytesIO(b"N.")),
    }[what]()
    return met


@pytest.mark.parametrize("what", ["memo", "memo.clear", "__init__"])
def test_what_an_unpicklers_setter_drops_uses_it(face, what):
    assert run(dropped_by_unpickler, face.name, what, seconds=SECONDS) == ["used"]
