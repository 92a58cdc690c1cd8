"""While a load waits for its file, the cyclic collector is as the user left it."""

import gc
import os
import pickle
import threading
import time
import weakref

import oxipickle
import pytest
from faces import UNPICKLERS

pytestmark = pytest.mark.collector

LISTS = [[number] for number in range(3000)]
# Long enough that a load of it pauses the collector.
DATA = pickle.dumps(LISTS, 2)
TAIL = 50
CHUNKS = 5


class Waiting:
    """A file that lets another thread go on while it is asked for the last bytes."""

    def __init__(self, data):
        self.data = data
        self.at = 0
        self.waits, self.goes_on = threading.Event(), threading.Event()

    def take(self, size):
        if self.at + size > len(self.data) - TAIL and not self.waits.is_set():
            self.waits.set()
            self.goes_on.wait(10)
        self.at += size
        return self.data[self.at - size : self.at]

    def read(self, size):
        return self.take(min(size, len(self.data) - self.at))

    def readline(self):
        return self.take(self.data.index(b"\n", self.at) + 1 - self.at)


class WaitingForMore(Waiting):
    def readinto(self, buffer):
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def peek(self, size):
        return b""


LOADS = {
    "load": oxipickle.load,
    **{face.name: lambda file, c=face.ours: c(file).load() for face in UNPICKLERS},
}


@pytest.fixture(autouse=True)
def threshold():
    before = gc.get_threshold(), gc.isenabled()
    gc.set_threshold(321, 10, 10)
    gc.enable()
    yield
    gc.set_threshold(*before[0])
    (gc.enable if before[1] else gc.disable)()


def seen_while_waiting(load, file, look):
    """What is seen by another thread while the load waits, and what it loads."""
    loaded = []
    thread = threading.Thread(target=lambda: loaded.append(load(file)))
    thread.start()
    assert file.waits.wait(10)
    try:
        seen = look()
    finally:
        file.goes_on.set()
        thread.join()
    assert loaded == [LISTS]
    return seen


def collected():
    """Whether garbage is collected without being asked for."""

    class Garbage:
        pass

    seen = []
    for number in range(20_000):
        garbage = Garbage()
        garbage.itself = garbage
        if number % 1000 == 0:
            seen.append(weakref.ref(garbage))
    return sum(ref() is None for ref in seen) > len(seen) / 2


@pytest.mark.parametrize("file", [Waiting, WaitingForMore])
@pytest.mark.parametrize("load", LOADS)
def test_garbage_is_collected(load, file):
    assert seen_while_waiting(LOADS[load], file(DATA), collected)


@pytest.mark.parametrize("file", [Waiting, WaitingForMore])
@pytest.mark.parametrize("load", LOADS)
def test_the_threshold_is_the_users(load, file):
    assert seen_while_waiting(LOADS[load], file(DATA), gc.get_threshold)[0] == 321
    assert gc.get_threshold()[0] == 321


@pytest.mark.parametrize("load", LOADS)
def test_a_threshold_set_meanwhile_stands(load):
    seen_while_waiting(LOADS[load], Waiting(DATA), lambda: gc.set_threshold(99))
    assert gc.get_threshold()[0] == 99


@pytest.mark.skipif(not hasattr(os, "pipe"), reason="the system has no pipes")
@pytest.mark.parametrize("buffering", [0, -1], ids=["raw", "buffered"])
@pytest.mark.parametrize("load", LOADS)
def test_a_pipe(load, buffering):
    read, write = os.pipe()
    loaded = []
    with os.fdopen(read, "rb", buffering) as file, os.fdopen(write, "wb", 0) as other:
        thread = threading.Thread(target=lambda: loaded.append(LOADS[load](file)))
        thread.start()
        other.write(DATA[:-TAIL])
        # The load can't have ended; it waits, or will soon.
        for _ in range(100):
            if collected():
                break
        else:
            raise AssertionError("nothing was collected")
        other.write(DATA[-TAIL:])
        thread.join()
    assert loaded == [LISTS]


@pytest.mark.skipif(not hasattr(os, "pipe"), reason="the system has no pipes")
@pytest.mark.parametrize("load", LOADS)
def test_a_pipe_that_is_slow(load):
    """The threshold is the user's each time that the load waits."""
    read, write = os.pipe()
    settings, loaded = [], []
    with os.fdopen(read, "rb") as file, os.fdopen(write, "wb", 0) as other:
        thread = threading.Thread(target=lambda: loaded.append(LOADS[load](file)))
        thread.start()
        size = len(DATA) // CHUNKS + 1
        for start in range(0, len(DATA), size):
            settings.append(settled_threshold())
            other.write(DATA[start : start + size])
        thread.join()
    assert loaded == [LISTS]
    assert set(settings) == {321}


def settled_threshold():
    """The threshold, once the load has come to wait again, or what it is after a while."""
    latest = time.monotonic() + 1
    while gc.get_threshold()[0] != 321 and time.monotonic() < latest:
        time.sleep(0.001)
    return gc.get_threshold()[0]
