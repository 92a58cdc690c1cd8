"""Ctrl-C in the middle of a dump: KeyboardInterrupt, in time, and a pickler that is usable."""

import gc
import signal
import threading
import time

import oxipickle
import pytest
from faces import dumped

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread(),
    reason="needs setitimer, in the main thread",
)

# Seconds of work, whatever else the machine does.
LATEST = 1.0


@pytest.fixture
def alarm():
    """Raises KeyboardInterrupt after so many seconds of work (another timer is pytest-timeout's)."""

    def interrupt(signum, frame):
        # What a finaliser raises is thrown away: `make watch` makes many.
        if frame.f_code.co_name == "__del__":
            set_alarm(0.001)
        else:
            raise KeyboardInterrupt

    def set_alarm(seconds):
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)

    # What a callback of the collector raises (hypothesis leaves one) is thrown away, so none may be met.
    callbacks = gc.callbacks[:]
    gc.callbacks.clear()
    before = signal.signal(signal.SIGVTALRM, interrupt)
    yield set_alarm
    set_alarm(0)
    signal.signal(signal.SIGVTALRM, before)
    gc.callbacks.extend(callbacks)


class Null:
    """Keeps the latest few writes only."""

    def __init__(self):
        self.parts = []

    def write(self, data):
        self.parts = [*self.parts[-3:], bytes(data)]


def time_interrupted(alarm, dump):
    alarm(0.05)
    started = time.process_time()
    with pytest.raises(KeyboardInterrupt):
        for _ in range(100):
            dump()
    return time.process_time() - started


class Thing:
    pass


GRAPHS = {
    "ints": lambda: list(range(3_000_000)),
    "floats": lambda: [float(i) for i in range(2_000_000)],
    "texts": lambda: [str(i) for i in range(1_500_000)],
    "dict": lambda: {i: i for i in range(1_500_000)},
    "set": lambda: set(range(2_000_000)),
    "tuple": lambda: tuple(range(3_000_000)),
    "lists": lambda: [[] for _ in range(1_000_000)],
    "instances": lambda: [Thing() for _ in range(300_000)],
}


@pytest.mark.parametrize("kind", GRAPHS)
def test_long_containers(face, kind, alarm):
    obj = GRAPHS[kind]()
    file = Null()
    pickler = face.ours(file, 4)

    def dump():
        # What was memoized would be fetched in no time.
        pickler.clear_memo()
        pickler.dump([obj])

    assert time_interrupted(alarm, dump) < 0.05 + LATEST
    file.parts.clear()
    pickler.clear_memo()
    pickler.dump("usable")
    assert b"".join(file.parts) == dumped(face.model, "usable", 4)


def test_dumps(alarm):
    obj = GRAPHS["ints"]()
    assert time_interrupted(alarm, lambda: oxipickle.dumps(obj)) < 0.05 + LATEST


def test_an_iterator_that_never_ends(face, alarm):
    class Endless:
        def __reduce__(self):
            def forever():
                while True:
                    yield None

            return list, (), None, forever()

    assert time_interrupted(alarm, lambda: face.ours(Null(), 4).dump(Endless())) < 0.05 + LATEST
