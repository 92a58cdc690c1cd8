"""A list of texts that nobody else holds, something to be written after them, and a reduce method
that makes new texts.

The memo's entries for such texts are deferred. Where Python code frees the texts before the memo
has taken its references, the new texts lie where the old ones were, and the memo takes references
to the new ones, or gives up references to them that it never took: a text that is still held is
freed, and holds something else from then on. Or the new texts are found in the memo under the
addresses of the old ones, and are saved as these.

Freed memory is written over by the debugging allocator, so all this belongs in a process of its own.
"""

import gc
import pickle
import signal
import sys
from contextlib import contextmanager

import oxipickle
from faces import dumped

TEXTS = 200
# More than take the place of those that are freed.
NEW_TEXTS = 1000

# Seconds until a signal, in which all, some or none of the texts are written.
DELAYS = [2e-6, 5e-6, 10e-6, 15e-6, 20e-6, 40e-6]
# Allocations after which the collector runs: those of the passages come first.
THRESHOLDS = range(1, 9) if sys.version_info < (3, 12) else [1]

DUMPS = {
    "dumps": lambda obj, protocol: oxipickle.dumps(obj, protocol),
    "lean": lambda obj, protocol: dumped(oxipickle.Pickler, obj, protocol),
    "hookable": lambda obj, protocol: dumped(oxipickle.HookablePickler, obj, protocol),
}


def old_text(number):
    return f"old {number}" * 3


def new_text(number):
    return f"new {number}" * 3


class MakesTexts:
    """Reduces to a call, and keeps new texts."""

    kept = []

    def __reduce__(self):
        self.kept.append([new_text(number) for number in range(NEW_TEXTS)])
        return int, ()


class Arms:
    """Its items are what a C function returns, after which no Python code runs until they are saved."""

    def __init__(self, function, *arguments):
        self.function = function
        self.arguments = arguments

    def __reduce__(self):
        return list, (), None, map(self.function, *([argument] for argument in self.arguments))


class Garbage:
    """A cycle that calls a function when it is collected."""

    def __init__(self, act):
        self.act = act
        self.itself = self

    def __del__(self):
        self.act()


def use_up_free_lists():
    """Takes the memory that freed tuples left, which up to 3.11 is given out without the collector.

    From 3.12 on the collector runs later than at the allocation anyway.
    """
    if sys.version_info >= (3, 12):
        return []
    return [tuple(range(size)) for size in range(1, 5) for _ in range(2100)]


def free(items):
    for place in range(1, TEXTS + 1):
        items[place] = None


def free_and_hand_over(items):
    free(items)
    items[-1].extend(new_text(number) for number in range(TEXTS))


ACTS = {"free": free, "free and hand over": free_and_hand_over}


@contextmanager
def collector(act, after, from_the_start):
    """Garbage with a finaliser, and a collector that runs after so many allocations.

    Those are counted from the start of the dump, or from where the object is saved that is given out.
    """
    held = use_up_free_lists()
    threshold = gc.get_threshold()
    gc.collect()
    gc.set_threshold(0)
    Garbage(act)
    arms = 0 if from_the_start else Arms(gc.set_threshold, after)
    try:
        if from_the_start:
            gc.set_threshold(after)
        yield arms
    finally:
        gc.set_threshold(*threshold)
        del held


@contextmanager
def timer(act, delay):
    """A signal's handler, and what lets a timer send the signal while no Python code runs."""
    before = signal.signal(signal.SIGALRM, lambda *_: act())
    try:
        yield Arms(signal.setitimer, signal.ITIMER_REAL, delay)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def ways(act):
    """Each way to have Python code run in the middle of the list, by its name."""
    for from_the_start in (True, False):
        for after in THRESHOLDS:
            yield "collector", collector(act, after, from_the_start)
    for delay in DELAYS:
        yield "signal", timer(act, delay)


def wrong_texts(items):
    """Those of a loaded list that are not what stood at their place at any time."""
    expected = [{old_text(number), None} for number in range(TEXTS)]
    tail = [{new_text(number)} for number in range(TEXTS)]
    checked = [*zip(items[1:], expected), *zip(items[-1], tail)]
    return [item for item, allowed in checked if item not in allowed]


def struck(dump, make_quiet, protocol):
    """What went wrong, in whichever way: texts saved as others, and texts that hold something else."""
    wrong = []
    for name, act in ACTS.items():
        items = []
        # The list is another one in each round, and looked up when it is needed.
        for way, armed in ways(lambda: act(items)):
            MakesTexts.kept.clear()
            items = [None, *map(old_text, range(TEXTS)), make_quiet(), MakesTexts(), []]
            with armed as items[0]:
                saved = dump(items, protocol)
            loaded = wrong_texts(pickle.loads(saved, buffers=[b"buffer"] * 9))
            made = [pair for texts in MakesTexts.kept for pair in enumerate(texts)]
            kept = [text for number, text in made if text != new_text(number)]
            if loaded or kept:
                wrong.append((name, way, protocol, loaded[:1], kept[:1]))
    return wrong
