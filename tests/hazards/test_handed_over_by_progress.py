"""Hazard: `progress` puts a deferred object where the walk has yet to go.

The model calls nothing of that kind: there the object that is reduced next hands the same over.
"""

import os
import time

import pytest
from faces import dumped
from parts import PARTS, rebuilt, warm

# Longer than from the beginning of a dump to the first call.
WAIT = 0.26
# More than is written from one look at the clock to the next.
LARGE = 70_000


class Waits:
    """Takes long, and is large: a call comes before whatever is saved next."""

    def __reduce__(self):
        time.sleep(WAIT)
        return rebuilt, (DATA,)


DATA = os.urandom(LARGE // 2).hex()


class HandsOver:
    """Hands over when it is reduced, unless that was done."""

    def __init__(self, hand_over):
        self.hand_over = hand_over

    def __reduce__(self):
        if self.hand_over is not None:
            self.hand_over()
        return rebuilt, ()


@pytest.mark.freed
def test_by_progress(face, protocol):
    """Each kind of part, met in its container before, is fetched from the memo after."""

    def attempt(pickler_class, by_progress):
        handed = []
        parts = [[PARTS[kind]()] for kind in PARTS]

        def hand_over(*_):
            if not handed:
                handed.extend(part[0] for part in parts)

        root = [
            *(each for kind in PARTS for each in warm(kind)),
            HandsOver(None),
            parts,
            Waits(),
            HandsOver(None if by_progress else hand_over),
            handed,
        ]
        options = {"progress": hand_over} if by_progress else {}
        data = dumped(pickler_class, root, protocol, **options)
        assert len(handed) == len(PARTS)
        return data

    assert attempt(face.ours, True) == attempt(face.model, False)


@pytest.mark.freed
def test_what_the_callback_frees(face, protocol):
    """What is written already may go: nothing that is made in its place is taken for it."""

    def attempt(pickler_class, by_progress):
        parts = [[PARTS[kind]() for kind in PARTS] for _ in range(50)]
        later = []

        def free(*_):
            if parts:
                parts.clear()
                later.extend([PARTS[kind]() for kind in PARTS] for _ in range(200))

        root = [parts, Waits(), HandsOver(None if by_progress else free), later]
        return dumped(pickler_class, root, protocol, **({"progress": free} if by_progress else {}))

    assert attempt(face.ours, True) == attempt(face.model, False)


@pytest.mark.freed
def test_a_dict_that_is_being_written(face, protocol):
    """Of the entry that is being written nothing is left but what the walk holds."""

    def attempt(pickler_class, by_progress):
        inner = {"".join(["wa", "it"]): Waits(), "next": HandsOver(None)}
        if not by_progress:
            inner["next"].hand_over = lambda: outer.pop("key", None)
        outer = {"first": 1, "key": inner, "last": HandsOver(None)}

        def empty(*_):
            outer.pop("key", None)

        options = {"progress": empty} if by_progress else {}
        try:
            return dumped(pickler_class, [outer], protocol, **options)
        except RuntimeError as error:
            return type(error)

    assert attempt(face.ours, True) == attempt(face.model, False)
