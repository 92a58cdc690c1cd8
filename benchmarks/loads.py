"""Ratios of loading: time of ours over time of what it stands in for, each workload in a process of its own.

In the column where the peer's name comes first, 20 says that the peer takes twenty times ours. Results
are compared before anything is timed, by pickling them again. Peers take turns, each round in the other
order, and the least time of each counts. The last two columns are milliseconds: what the collection
takes that follows a load with the collector on.
"""

import gc
import importlib
import io
import math
import pickle
import sys
import time
from collections.abc import Callable

import oxipickle

from benchmarks import alone
from benchmarks.ratios import PROTOCOL
from benchmarks.torch_package import importers, torch_package
from benchmarks.workloads import WORKLOADS

# The fewest rounds, and for how long there are more, collections included. Peers in Python take seconds.
ROUNDS = 5
SLOW_ROUNDS = 1
MOST_ROUNDS = 40
SECONDS = 2.0
# Seconds of loads between two collections, at the least.
SHORTEST = 0.005

Load = Callable[[bytes], object]


class Times:
    """The least time of a load, and of the collection after one.

    What is very short is loaded some times over: it ends before the processor's caches have forgotten the
    collection that came before.
    """

    def __init__(self) -> None:
        self.load = self.collection = math.inf

    def measure(self, load: Load, data: bytes) -> None:
        gc.collect()
        value, spent = None, 0.0
        while spent < SHORTEST:
            del value
            start = time.perf_counter()
            value = load(data)
            loaded = time.perf_counter()
            self.load = min(self.load, loaded - start)
            spent += loaded - start
        start = time.perf_counter()
        gc.collect()
        self.collection = min(self.collection, time.perf_counter() - start)
        del value


def compared(first: Load, second: Load, data: bytes, rounds: int, collector: bool) -> tuple[Times, Times]:
    """The times of two loads that take turns, for `rounds` at the least."""
    times = Times(), Times()
    for load in (first, second):
        # What a first call imports is no part of a load.
        load(pickle.dumps(None, PROTOCOL))
    if not collector:
        gc.disable()
    try:
        begun = time.perf_counter()
        for turn in range(MOST_ROUNDS):
            if turn >= rounds and time.perf_counter() - begun > SECONDS:
                break
            for i in (0, 1) if turn % 2 else (1, 0):
                times[i].measure((first, second)[i], data)
    finally:
        gc.enable()
    return times


# The last file that was loaded from. It outlives the load, as one does that somebody has opened: closing it
# would begin the collection that follows.
_file: list[object] = [None]


def from_file(data: bytes, load: Callable[[io.BufferedIOBase], object]) -> object:
    file = io.BufferedReader(io.BytesIO(data))  # type: ignore[arg-type]
    _file[0] = file
    return load(file)  # type: ignore[arg-type]


def questions(torch: bool) -> dict[str, tuple[Load, Load, int, bool]]:
    """By question: two loads, the first's time over the second's, rounds, and whether the collector is on."""
    found: dict[str, tuple[Load, Load, int, bool]] = {
        "loads / C": (oxipickle.loads, pickle.loads, ROUNDS, True),
        "... collector off": (oxipickle.loads, pickle.loads, ROUNDS, False),
        "Unpickler(file) / C": (
            lambda data: from_file(data, lambda file: oxipickle.Unpickler(file).load()),
            lambda data: from_file(data, lambda file: pickle.Unpickler(file).load()),
            ROUNDS,
            True,
        ),
    }
    if torch:
        theirs = importlib.import_module("torch_package_alone._package_unpickler")
        chain, our_chain = importers()
        found["torch.package / ours"] = (
            lambda data: theirs.PackageUnpickler(chain, io.BytesIO(data)).load(),
            lambda data: oxipickle.create_unpickler(io.BytesIO(data), our_chain).load(),
            SLOW_ROUNDS,
            True,
        )
    return found


def is_alike(data: bytes) -> bool:
    """Whether ours makes an object that is pickled as the peer's is."""
    ours, theirs, again = (
        pickle.dumps(loads(data), PROTOCOL) for loads in (oxipickle.loads, pickle.loads, pickle.loads)
    )
    if theirs == again:
        return ours == theirs
    # Bytes that hold addresses, as those of torch's storages do, differ from load to load.
    return without_bytes(ours) == without_bytes(theirs)


def without_bytes(data: bytes) -> list[object]:
    """The instructions of a pickle, but for the contents of bytes."""
    return [
        (opcode.name, None if isinstance(argument, bytes) else argument)
        for opcode, argument, _ in oxipickle.genops(data)
    ]


def row(name: str, quick: bool) -> list[float]:
    """Ratios of one workload, and milliseconds of collections; ImportError where its library is missing."""
    data = pickle.dumps(WORKLOADS[name][0](), PROTOCOL)
    if not is_alike(data):
        sys.exit(f"{name}: the results differ")
    ratios: list[float] = []
    collections: list[float] = []
    for first, second, rounds, collector in questions(not quick and torch_package() is not None).values():
        times = compared(first, second, data, rounds, collector)
        ratios.append(times[0].load / times[1].load)
        collections = collections or [each.collection * 1000 for each in times]
    return ratios + collections


def main(only: str | None, quick: bool) -> None:
    asked = list(questions(not quick and torch_package() is not None))
    print(f"protocol {PROTOCOL}")
    titles = [*asked, "collection: ours", "C"]
    alone.print_table(titles, alone.rows("loads", only, quick), len(asked))
