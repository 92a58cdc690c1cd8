"""A plugin for the whole suite (`make watch`): fails a test in which the watchman reports.

    python -m pytest -p watchman            # in a build with the feature `watch`
    python -m watchman SCRIPT ARGUMENTS     # a script instead of tests

`src/fast/watchman.rs` reports Python code, collections and deaths of objects while entries of a memo
own no reference. Here is what makes these likely: the collector runs as often as can be borne, a
signal handler runs every few milliseconds, and both meet garbage whose finalisers make more.
"""

import contextlib
import gc
import runpy
import signal
import sys
import threading

import pytest
from oxipickle import _oxipickle

# The collector looks at the youngest objects after so many new ones, and every so many times at
# older ones. What was there before the test is frozen.
THRESHOLDS = (5, 2, 2)

# Seconds between two signals.
INTERVAL = 0.003


class Garbage:
    """Can only be collected, and runs Python code at its end, which makes objects."""

    def __init__(self):
        self.itself = self

    def __del__(self):
        self.made = [[], {}]


def make_garbage(*_signal):
    Garbage()


def reports():
    return _oxipickle._watch_reports()


@contextlib.contextmanager
def watching(collects_often=True):
    """Watches, and makes it likely that there is something to see.

    A test that knows when the collector runs has its own thresholds, and no signals, whose handler would
    make objects.
    """
    signals = collects_often and threading.current_thread() is threading.main_thread()
    thresholds = gc.get_threshold()
    reports()
    threading.setprofile(_oxipickle._watch_thread_by_event)
    gc.callbacks.append(_oxipickle._watch_collection)
    _oxipickle._watch_begin()
    if signals:
        handler = signal.signal(signal.SIGALRM, make_garbage)
        signal.setitimer(signal.ITIMER_REAL, INTERVAL, INTERVAL)
    if collects_often:
        gc.set_threshold(*THRESHOLDS)
    make_garbage()
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        if signals:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)
        gc.callbacks.remove(_oxipickle._watch_collection)
        threading.setprofile(None)
        sys.setprofile(None)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    with watching(collects_often=pyfuncitem.get_closest_marker("collector") is None):
        try:
            result = yield
        except Exception as error:
            error.add_note("\n".join(["the watchman reports:", *reports()]))
            raise
    if seen := reports():
        pytest.fail("the watchman reports:\n" + "\n".join(seen), pytrace=False)
    return result


def main(script, *arguments):
    sys.argv = [script, *arguments]
    ended = None
    with watching():
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as end:
            ended = end.code
    if seen := reports():
        sys.exit("the watchman reports:\n" + "\n".join(seen))
    sys.exit(ended)


if __name__ == "__main__":
    main(*sys.argv[1:])
