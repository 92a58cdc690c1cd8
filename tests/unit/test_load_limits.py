"""Loads that are deep, long or large: they end, and can be ended."""

import gc
import io
import signal
import sys
import threading

import oxipickle
import pytest
from faces import notes, raised

MILLION = 1_000_000


def test_deep_lists_are_loaded_and_freed():
    value = oxipickle.loads(b"]" * MILLION + b"a" * (MILLION - 1) + b".")
    depth = 0
    inner = value
    while inner:
        inner, depth = inner[0], depth + 1
    assert depth == MILLION - 1
    del value, inner
    gc.collect()


def test_a_long_chain_of_instances():
    class Node:
        pass

    class Loading(oxipickle.Unpickler):
        def find_class(self, module, name):
            return Node

    link = b"h\0)\x81}X\4\0\0\0next"
    data = b"\x80\x04cm\nn\nq\x000" + link * 100_000 + b"N" + b"sb" * 100_000 + b"."
    node = Loading(io.BytesIO(data)).load()
    length = 0
    while node is not None:
        node, length = node.next, length + 1
    assert length == 100_000


@pytest.mark.parametrize("opcodes", [b"}%bNs.", b"}(%bNu.", b"(%bNd.", b"\x8f(%b\x90.", b"(%b\x91."])
def test_keys_nested_deep(opcodes):
    assert oxipickle.loads(opcodes % (b")" + b"\x85" * 1_000))
    if sys.version_info < (3, 14):
        error = raised(oxipickle.loads, opcodes % (b")" + b"\x85" * 10_000))
        assert type(error) is RecursionError and notes(error)


def test_a_thread_with_a_small_stack():
    ends = []

    def load():
        data = b"}" + b")" + b"\x85" * 100_000 + b"Ns."
        ends.append(type(raised(oxipickle.loads, data)))

    before = threading.stack_size(1 << 20)
    try:
        thread = threading.Thread(target=load)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert ends == [RecursionError]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an interval timer")
def test_a_signal_ends_a_long_load():
    class Interrupted(Exception):
        pass

    def interrupt(signum, frame):
        raise Interrupted

    data = b"N0" * 30_000_000 + b"N."
    # The watchman's timer, if there is one, ends first.
    signal.setitimer(signal.ITIMER_REAL, 0)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        error = raised(oxipickle.loads, data)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    # It has a note, so it was raised in the load and not after it.
    assert type(error) is Interrupted and notes(error)
