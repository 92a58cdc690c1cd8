"""Ctrl-C in the middle of ten million objects: KeyboardInterrupt, in time, in a process of its own."""

import faulthandler
import itertools
import os
import signal
import subprocess
import sys
import time

import oxipickle
import pytest
from faces import HOOKABLE, LEAN, dumped
from own_process import run

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs setitimer")

FACES = {face.name: face for face in (LEAN, HOOKABLE)}

TEN_MILLION = 10_000_000
GIBIBYTE = 2**30
# Seconds until the alarm, and within which a dump must have ended then.
AFTER, LATEST = 0.05, 5.0


class File:
    def write(self, data):
        pass


class Endless:
    """Its items never end, and no Python code makes them."""

    def __init__(self, kind):
        self.kind = kind

    def __reduce__(self):
        if self.kind == "list items":
            return list, (), None, map(list, itertools.repeat((1,)))
        return dict, (), None, None, zip(itertools.count(), map(list, itertools.repeat((1,))))


GRAPHS = {
    "endless list items": lambda: Endless("list items"),
    "endless dict items": lambda: Endless("dict items"),
    "ints": lambda: list(range(TEN_MILLION)),
    "ints in lists": lambda: [list(range(9)) for _ in range(TEN_MILLION // 10)],
    "floats in tuples": lambda: [(float(i),) for i in range(TEN_MILLION // 10)],
}


def interrupted(face, name):
    """Seconds from the alarm to the KeyboardInterrupt, or None if none came."""

    def interrupt(*_):
        raise KeyboardInterrupt

    obj = GRAPHS[name]()
    pickler = FACES[face].ours(File(), 4)
    # The watchman's timer, if there is one, ends first.
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, AFTER)
    started = time.monotonic()
    seconds = None
    try:
        # As often as it takes: how long one dump takes is no part of what is asked here.
        while time.monotonic() < started + LATEST:
            pickler.clear_memo()
            pickler.dump(obj)
    except KeyboardInterrupt:
        seconds = time.monotonic() - started - AFTER
    pickler.clear_memo()
    pickler.dump("usable")
    assert oxipickle.dumps("usable", 4) == dumped(LEAN.model, "usable", 4)
    return seconds


class Once:
    """Calls something when it is pickled."""

    def __init__(self, call):
        self.call = call

    def __reduce__(self):
        self.call()
        return list, ()


def set_timer():
    # As above.
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.setitimer(signal.ITIMER_REAL, AFTER)


def kill_soon():
    """Lets another process send a SIGINT to this one, in which no other signal has a handler."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    faulthandler.disable()
    code = f"import os, time; time.sleep(0.2); os.kill({os.getpid()}, {int(signal.SIGINT)})"
    return subprocess.Popen([sys.executable, "-S", "-c", code])


def interrupted_without_file(kind, by, while_pickling):
    """No Python code runs here, where handlers would get their turn anyway."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    started = []
    start = lambda: started.append({"timer": set_timer, "another process": kill_soon}[by]())  # noqa: E731
    if not while_pickling:
        start()
    try:
        oxipickle.dumps([Once(start) if while_pickling else None, Endless(kind)], 4)
    except KeyboardInterrupt:
        if started[0]:
            started[0].wait()
        return True


@pytest.mark.parametrize("while_pickling", [False, True], ids=["before", "while pickling"])
@pytest.mark.parametrize("by", ["timer", "another process"])
@pytest.mark.parametrize("kind", ["list items", "dict items"])
def test_without_a_file(kind, by, while_pickling):
    assert run(interrupted_without_file, kind, by, while_pickling, memory=GIBIBYTE, allocator=None)


@pytest.mark.parametrize("name", GRAPHS)
def test_by_a_timer(face, name):
    seconds = run(interrupted, face.name, name, memory=GIBIBYTE, allocator=None)
    assert seconds is not None
    assert seconds < LATEST


def killed_from_outside(face):
    """Ten million objects, and a SIGINT that another process sends while they are pickled."""
    obj = GRAPHS["ints"]()
    pickler = FACES[face].ours(File(), 4)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    child = kill_soon()
    try:
        while True:
            pickler.clear_memo()
            pickler.dump(obj)
    except KeyboardInterrupt:
        child.wait()
        return True


def test_from_another_process(face):
    assert run(killed_from_outside, face.name, allocator=None)
