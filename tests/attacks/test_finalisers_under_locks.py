"""Attack: a finaliser, or another thread, gets its turn while our code holds a lock.

What is dropped, or allocated, under a lock may run Python code, which pickles: with the same lock,
on the same thread. A process that hangs fails its test.
"""

import collections
import decimal
import gc
import io
import json
import pickle
import sys
import threading
import time

import oxipickle
import pytest
from faces import HOOKABLE, LEAN, dumped
from own_process import run

# Each case is a process of its own.
pytestmark = pytest.mark.long

FACES = {face.name: face for face in (LEAN, HOOKABLE)}

SECONDS = 20


class Plain:
    def __init__(self):
        self.attribute = 1


class Planned:
    __slots__ = ()


class Bomb:
    """Calls a function when it dies."""

    def __init__(self, act):
        self.act = act

    def __del__(self):
        self.act()


def reduced_by(bomb):
    def __reduce__(self, bomb=bomb):
        return Planned, ()

    return __reduce__


def reduced(self):
    return Planned, ()


def pickle_new_plans(face):
    """Draws up plans for classes that nobody has met."""

    class Unmet:
        __slots__ = ()

        def __reduce__(self):
            return int, ()

    return len(dumped(FACES[face].ours, [Plain(), Plain(), Plain(), Unmet(), Unmet(), Unmet()], 4))


def replaced_plan(face, nested):
    """A plan is replaced by the next one, and with it goes the last reference to a function."""
    seen = []
    Planned.__reduce__ = reduced_by(Bomb(lambda: seen.append(pickle_new_plans(face))))
    dumped(FACES[face].ours, [Planned(), Planned(), Planned()], 4)
    if nested:
        Planned.__reduce__ = lambda self: (dumped(FACES[face].ours, [Plain()]), (Planned, ()))[1]
    else:
        Planned.__reduce__ = reduced
    dumped(FACES[face].ours, [Planned(), Planned()], 4)
    return len(seen)


@pytest.mark.parametrize("nested", [False, True])
def test_a_finaliser_of_a_replaced_plan_pickles(face, nested):
    assert run(replaced_plan, face.name, nested, seconds=SECONDS) == 1


def plans_of_dead_classes(face):
    """More classes than are remembered, whose methods have finalisers, come and go."""
    seen = []
    for _ in range(5000):
        cls = type("Passing", (), {"__slots__": (), "__reduce__": reduced_by(Bomb(lambda: seen.append(1)))})
        dumped(FACES[face].ours, [cls(), cls(), cls()], 4)
        del cls
        if len(seen) % 1000 == 999:
            pickle_new_plans(face)
    gc.collect()
    return len(seen)


@pytest.mark.long
def test_plans_of_classes_that_are_gone(face):
    assert run(plans_of_dead_classes, face.name, seconds=90) == 5000


def waiting_finaliser(face):
    """A finaliser of a replaced plan lets other threads run, which draw up plans."""
    began, stopped, made = threading.Event(), threading.Event(), []
    Planned.__reduce__ = reduced_by(Bomb(lambda: (began.set(), time.sleep(0.2))))
    dumped(FACES[face].ours, [Planned(), Planned(), Planned()], 4)
    Planned.__reduce__ = reduced

    def work():
        began.wait(SECONDS / 4)
        while not stopped.is_set():
            made.append(pickle_new_plans(face))

    thread = threading.Thread(target=work)
    thread.start()
    dumped(FACES[face].ours, [Planned(), Planned()], 4)
    stopped.set()
    thread.join()
    return began.is_set()


def test_another_thread_while_a_replaced_plan_dies(face):
    assert run(waiting_finaliser, face.name, seconds=SECONDS)


def used_pickler(face):
    pickler = FACES[face].ours(io.BytesIO(), 4)
    pickler.dump([collections.OrderedDict, json.JSONDecoder, decimal.Decimal, ["text"], Plain()])
    return pickler


def used_unpickler(face):
    kind = {"lean": oxipickle.Unpickler, "hookable": oxipickle.HookableUnpickler}[face]
    unpickler = kind(io.BytesIO(pickle.dumps([["text"], {1: (2, 3)}, Plain()], 4)))
    unpickler.load()
    return unpickler


def assign_memo(pickler):
    pickler.memo = {number: (number, [number]) for number in range(50)}


def assign_own_memo(pickler):
    pickler.memo = pickler.memo


# What is looked at or changed under a lock, and what a finaliser does with the same object then.
USES = {
    "global_references": (used_pickler, lambda pickler: pickler.global_references),
    "memo.copy": (used_pickler, lambda pickler: pickler.memo.copy()),
    "memo's repr": (used_pickler, lambda pickler: repr(pickler.memo)),
    "memo assigned": (used_pickler, assign_memo),
    "own memo assigned": (used_pickler, assign_own_memo),
    "clear_memo": (used_pickler, lambda pickler: pickler.clear_memo()),
    "dispatch_table": (used_pickler, lambda pickler: setattr(pickler, "dispatch_table", {})),
    "__init__": (used_pickler, lambda pickler: pickler.__init__(io.BytesIO(), 4)),
    "__sizeof__": (used_pickler, sys.getsizeof),
    "referents": (used_pickler, gc.get_referents),
    "unpickler's memo.copy": (used_unpickler, lambda unpickler: unpickler.memo.copy()),
    "unpickler's memo assigned": (used_unpickler, lambda unpickler: setattr(unpickler, "memo", {0: ["a"]})),
    "unpickler's __init__": (used_unpickler, lambda unpickler: unpickler.__init__(io.BytesIO(b"N."))),
    "unpickler's __sizeof__": (used_unpickler, sys.getsizeof),
}


def collected_during(face, use):
    """What finalisers met that the collector ran as often as it could while the object was used."""
    make, call = USES[use]
    obj = make(face)
    met, kept = set(), []

    def act():
        try:
            call(obj)
        except BaseException as error:
            met.add(type(error).__name__)

    gc.disable()
    gc.collect()
    threshold = gc.get_threshold()
    held = [tuple(range(size)) for size in range(1, 5) for _ in range(2100)]
    gc.set_threshold(1, 1, 1)
    gc.enable()
    for _ in range(300):
        garbage = Bomb(act)
        garbage.itself = garbage
        del garbage
        kept.append(call(obj))
        sys.getsizeof(obj)
    gc.disable()
    gc.set_threshold(*threshold)
    del held
    return met


@pytest.mark.parametrize("use", USES)
def test_the_collector_runs_under_a_lock(face, use):
    assert run(collected_during, face.name, use, seconds=SECONDS) == set()
