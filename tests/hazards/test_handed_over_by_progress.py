"""Hazard: `progress` puts a deferred object where the walk has yet to go.

The model calls nothing of that kind: there `persistent_id` does the same, when it is asked about what stands
at that place. Between the last passage of the gate and the call there are the parts in question, and enough
numbers that the clock is looked at.
"""

import time

import pytest
from faces import dumped
from parts import PARTS, rebuilt, warm

# Longer than from the beginning of a dump to the first call.
WAIT = 0.26
# More bytes than are written from one look at the clock to the next.
NUMBERS = [float(i) for i in range(8_000)]


class Waits:
    """From now on a call is due."""

    def __reduce__(self):
        time.sleep(WAIT)
        return rebuilt, ()


# What follows is met after the call.
PLACE = "".join(["pla", "ce"])


def both(face, protocol, make):
    """The same bytes, whether `progress` acts or, over the model, `persistent_id`.

    `make` gives the objects that come before, what is done, and the objects that come after.
    """

    def attempt(pickler_class, by_progress):
        before, act, after = make()
        acted = []

        def once(*_):
            if not acted:
                acted.append(act())

        class Acting(pickler_class):
            def persistent_id(self, obj):
                if obj is PLACE:
                    once()

        root = [*(each for kind in PARTS for each in warm(kind)), Waits(), *before, NUMBERS, PLACE, *after]
        if by_progress:
            data = dumped(pickler_class, root, protocol, progress=once)
        else:
            data = dumped(Acting, root, protocol)
        assert acted
        return data

    assert attempt(face.ours, True) == attempt(face.model, False)


@pytest.mark.freed
def test_by_progress(face, protocol):
    """Each kind of part, met in its container before, is fetched from the memo after."""

    def make():
        handed = []
        parts = [[PARTS[kind]()] for kind in PARTS]
        return [parts], lambda: handed.extend(part[0] for part in parts), [handed]

    both(face, protocol, make)
