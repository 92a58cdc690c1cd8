"""Hazard: memory is used after its end where Python code frees what the memo has no reference to yet.

One small case of each kind, which a memory checker can run in some seconds: a handler of a signal, a
collection, and the end of a function that a plan knew. Each frees texts that were written just before.
"""

import gc
import pickle
import signal
import sys

import oxipickle
import pytest
from own_process import run

TEXTS = 200


class Makes:
    """Its reduce method makes texts, where those lay that were freed."""

    made = []

    def __reduce__(self):
        self.made.append([f"new {i}" * 3 for i in range(5 * TEXTS)])
        return int, ()


def wrong_after(items, protocol, start=0):
    """How many texts are not what they were made as, once `items` were pickled; the old ones begin at
    `start`."""
    Makes.made.clear()
    loaded = pickle.loads(oxipickle.dumps(items, protocol))
    wrong = [text for text, i in zip(loaded[start:], range(TEXTS)) if text not in (f"old {i}" * 3, i)]
    wrong += [text for texts in Makes.made for i, text in enumerate(texts) if text != f"new {i}" * 3]
    return len(wrong)


def texts():
    return [f"old {i}" * 3 for i in range(TEXTS)]


def replace(items, start=0):
    items[start : start + TEXTS] = range(TEXTS)


def signal_in_repr():
    """A large int is written by `repr`, which asks for signals."""
    sys.set_int_max_str_digits(0)
    large = 10**40_000
    items = []
    signal.signal(signal.SIGALRM, lambda *_: replace(items))
    wrong = 0
    for delay in (0.0001, 0.001, 0.004, 0.016):
        items[:] = [*texts(), large, Makes()]
        signal.setitimer(signal.ITIMER_REAL, delay)
        wrong += wrong_after(items, 1)
        signal.setitimer(signal.ITIMER_REAL, 0)
    return wrong


class Cycle:
    """Can only be collected, and frees texts at its end."""

    def __init__(self, items):
        self.items, self.itself = items, self

    def __del__(self):
        replace(self.items)


def collector_at_arguments():
    """None's type is written as a call, whose arguments are a tuple: up to 3.11 that may collect."""
    oxipickle.dumps([type(None)])
    wrong = 0
    for _ in range(3):
        # Free tuples are made again without asking the collector.
        held = [tuple(range(size)) for size in (1, 2) for _ in range(5_000)]
        gc.disable()
        items = [*texts(), type(None), Makes()]
        Cycle(items)
        gc.set_threshold(1)
        gc.enable()
        wrong += wrong_after(items, 4)
        gc.set_threshold(0)
        del held
    return wrong


class Planned:
    """Its reduce method is exchanged while objects are pickled."""

    __slots__ = ()


class Bomb:
    """A default of the first reduce method, and so dies with it."""

    items = []

    def __del__(self):
        if Bomb.items:
            replace(Bomb.items, start=4)


class Exchanges:
    """Has another reduce method take the place of the first, and another dump look at the class."""

    def __reduce__(self):
        Planned.__reduce__ = lambda self: (Planned, ())
        oxipickle.dumps([Planned(), Planned()])
        return int, ()


def plan_dropped():
    """The dump under way is the last to know the first reduce method, until it meets the class again."""

    def first(self, bomb=Bomb()):
        return Planned, ()

    Planned.__reduce__ = first
    del first
    items = Bomb.items = [Planned(), Planned(), Planned(), Exchanges(), *texts()]
    items += [Planned(), Planned(), Makes()]
    return wrong_after(items, 4, start=4)


KINDS = [signal_in_repr, collector_at_arguments, plan_dropped]


@pytest.mark.freed
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_texts_freed(kind):
    assert run(kind) == 0
