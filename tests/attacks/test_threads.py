"""Two threads on one pickler: each use succeeds, or is refused with RuntimeError.

Up to 3.13 the interpreter's own pickler crashes here, so ours alone is run. The interpreter switches
threads as often as it can.
"""

import io
import sys
import threading
import time

import pytest
from faces import HOOKABLE, LEAN, dumped
from own_process import run

FACES = {face.name: face for face in (LEAN, HOOKABLE)}

ROUNDS = 100
# Seconds after which the second thread should have got through.
LATEST = 30


class Busy:
    """Runs Python code while it is saved, where threads may switch."""

    def __reduce__(self):
        for _ in range(20):
            pass
        return list, ()


def graph():
    return [["a", Busy(), {"k": Busy()}], (Busy(), "text"), {Busy()}, [1, [2, [Busy()]]]]


def init_again(pickler):
    pickler.__init__(io.BytesIO(), 4)


def assign_memo(pickler):
    pickler.memo = {}


def toggle_fast(pickler):
    pickler.fast = not pickler.fast


USES = {
    "dump": lambda pickler: pickler.dump(graph()),
    "clear_memo": lambda pickler: pickler.clear_memo(),
    "copy": lambda pickler: [type(entry[1]) for entry in pickler.memo.copy().values()],
    "assign memo": assign_memo,
    "init": init_again,
    "fast": toggle_fast,
    "references": lambda pickler: pickler.global_references,
    "sizeof": lambda pickler: sys.getsizeof(pickler),
    "new hook": lambda pickler: setattr(pickler, "persistent_id", lambda obj: None),
}


def hammer(face, use):
    """How often the second thread got through, and what else than RuntimeError was raised."""
    sys.setswitchinterval(1e-6)
    pickler = FACES[face].ours(io.BytesIO(), 4)
    others, through, done = set(), [0], threading.Event()

    def second():
        while not done.is_set():
            try:
                USES[use](pickler)
                through[0] += 1
            except RuntimeError:
                pass
            except BaseException as error:
                others.add(repr(error))

    thread = threading.Thread(target=second)
    thread.start()
    rounds, latest = 0, time.monotonic() + LATEST
    while rounds < ROUNDS or (not through[0] and time.monotonic() < latest):
        rounds += 1
        try:
            pickler.dump(graph())
            pickler.clear_memo()
        except RuntimeError:
            pass
        except BaseException as error:
            others.add(repr(error))
        # Between two dumps the other thread gets through, if it is let run.
        time.sleep(0)
    done.set()
    thread.join()
    # Whatever happened, nobody is in it now.
    pickler.__init__(io.BytesIO(), 4)
    pickler.dump([1])
    return through[0], others


@pytest.mark.parametrize("use", USES)
def test_one_pickler(face, use):
    through, others = run(hammer, face.name, use)
    assert through > 0
    assert others == set()


def changing(face):
    """Pickles of containers that another thread changes: bytes that load, or RuntimeError."""
    import pickle

    sys.setswitchinterval(1e-6)
    items, mapping, elements = [Busy(), "a"], {"k": Busy()}, {1}
    done = threading.Event()

    def second():
        n = 0
        while not done.is_set():
            n += 1
            items.append(Busy())
            items[:] = items[-3:]
            mapping[n] = [Busy()]
            mapping.pop(next(iter(mapping)), None)
            elements.add(n)
            elements.discard(n - 3)

    thread = threading.Thread(target=second)
    thread.start()
    loaded = refused = 0
    while loaded < 20 or loaded + refused < ROUNDS:
        try:
            pickle.loads(dumped(FACES[face].ours, [items, mapping, elements, items], 4))
            loaded += 1
        except RuntimeError:
            refused += 1
        if refused > 100 * ROUNDS:
            break
    done.set()
    thread.join()
    return loaded


def test_containers_that_another_thread_changes(face):
    assert run(changing, face.name) > 0
