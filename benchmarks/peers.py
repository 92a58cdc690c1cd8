"""The first dump of one workload by each pickler, timed in a process of its own.

`python -m benchmarks.peers WORKLOAD` prints what it took, in seconds, as JSON. Bytes are compared before
anything is timed: ours with C's, `HookablePickler`'s with `_Pickler`'s, and dill's with its own under
`install()`. msgspec writes no pickles: it keeps neither classes nor what is shared, so nothing is compared.
Every object that is timed is built anew, outside the clock, so that each pickler meets it first.
"""

import gc
import importlib
import importlib.util
import json
import math
import pathlib
import pickle
import subprocess
import sys
import time
from collections.abc import Callable

import oxipickle

from benchmarks.figures import OURS, C
from benchmarks.timing import into_file
from benchmarks.workloads import WORKLOADS

PROTOCOL = 4
ROUNDS = 5
# Picklers in Python take seconds.
SLOW_ROUNDS = 1

PYTHON, DILL, MSGSPEC = "_Pickler", "dill", "msgspec"
LIBRARIES = (DILL, MSGSPEC)
SLOW = (PYTHON, DILL)

Build = Callable[[], object]
Dumps = Callable[[object], object]


def first_dumps(build: Build, peers: dict[str, Dumps], rounds: int) -> dict[str, float]:
    """The least time of each. Peers take turns, each round in the other order."""
    least = dict.fromkeys(peers, math.inf)
    for turn in range(rounds):
        for name in peers if turn % 2 else reversed(peers):
            obj = build()
            gc.collect()
            start = time.perf_counter()
            result = peers[name](obj)
            least[name] = min(least[name], time.perf_counter() - start)
            del obj, result
    return least


def held_equal(first: object, second: object, whose: str) -> None:
    if first != second:
        sys.exit(f"the bytes differ from {whose}")


def through(pickler_class: type) -> Dumps:
    return lambda obj: into_file(lambda file: pickler_class(file, PROTOCOL), obj)


def natives(build: Build) -> dict[str, float]:
    peers: dict[str, Dumps] = {
        OURS: lambda obj: oxipickle.dumps(obj, PROTOCOL),
        C: lambda obj: pickle.dumps(obj, PROTOCOL),
    }
    obj = build()
    held_equal(peers[OURS](obj), peers[C](obj), "C's")
    del obj
    return first_dumps(build, peers, ROUNDS)


def python(build: Build) -> dict[str, float]:
    obj = build()
    held_equal(through(oxipickle.HookablePickler)(obj), through(pickle._Pickler)(obj), "_Pickler's")
    del obj
    return first_dumps(build, {PYTHON: through(pickle._Pickler)}, SLOW_ROUNDS)


def by_dill(build: Build) -> dict[str, float]:
    dill = importlib.import_module(DILL)
    obj = build()
    # The first call leaves things behind, of which bytes depend: `__slotnames__`, registered types.
    dill.dumps(obj, PROTOCOL)
    before = dill.dumps(obj, PROTOCOL)
    with oxipickle.installed():
        held_equal(dill.dumps(obj, PROTOCOL), before, "dill's")
    del obj, before
    return first_dumps(build, {DILL: lambda obj: dill.dumps(obj, PROTOCOL)}, SLOW_ROUNDS)


def by_msgspec(build: Build) -> dict[str, float]:
    msgpack = importlib.import_module("msgspec.msgpack")
    msgpack.encode(build())
    return first_dumps(build, {MSGSPEC: msgpack.encode}, ROUNDS)


# In this order: importing dill changes `_Pickler`, which is timed before that.
WAYS: dict[str, Callable[[Build], dict[str, float]]] = {
    C: natives,
    MSGSPEC: by_msgspec,
    PYTHON: python,
    DILL: by_dill,
}


def installed(name: str) -> bool:
    return name not in LIBRARIES or importlib.util.find_spec(name) is not None


def seconds_of(workload: str, quick: bool) -> dict[str, float]:
    """What each pickler takes, measured by another process; ImportError where the workload can't be built.

    A pickler that can't save the workload is not in the result. `quick` leaves the slow ones out.
    """
    child = subprocess.run(
        [sys.executable, "-m", "benchmarks.peers", workload, *(["--quick"] if quick else [])],
        capture_output=True,
        text=True,
        cwd=pathlib.Path(__file__).parent.parent,
    )
    if child.returncode:
        last = child.stderr.strip().splitlines()[-1]
        if last.startswith("left out: "):
            raise ImportError(last.removeprefix("left out: "))
        sys.exit(f"{workload}: {last}")
    return json.loads(child.stdout)


def main() -> None:
    build = WORKLOADS[sys.argv[1]][0]
    try:
        build()
    except ImportError as missing:
        sys.exit(f"left out: {missing}")
    seconds: dict[str, float] = {}
    for name, way in WAYS.items():
        if not installed(name) or (name in SLOW and "--quick" in sys.argv):
            continue
        try:
            seconds |= way(build)
        except Exception as error:
            # A library may fail by itself; C's and Python's picklers save everything.
            if name not in LIBRARIES:
                raise
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
    print(json.dumps(seconds))


if __name__ == "__main__":
    main()
