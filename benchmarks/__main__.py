"""Prints one table of ratios: time of ours over time of what it stands in for, in one process.

Bytes are compared before anything is timed. Peers take turns, each round in the other order, and
the least time of each counts. A workload whose library is missing is left out, and said so.
"""

import argparse
import importlib.util
import io
import math
import os
import pickle
import platform
import sys
import time
import types
from collections.abc import Callable

import oxipickle

from benchmarks.workloads import WORKLOADS

PROTOCOL = 4
ROUNDS = 5
# Python's picklers take seconds for what takes ours milliseconds: fewer rounds for them.
SLOW_ROUNDS = 1


def torch_package() -> types.ModuleType | None:
    """torch.package's `_package_pickler`, from an installed PyTorch or from the directory that
    `OXIPICKLE_TORCH_SOURCE` names, which holds `torch/package`; without the rest of torch."""
    source = os.environ.get("OXIPICKLE_TORCH_SOURCE")
    if source is None:
        found = importlib.util.find_spec("torch")
        if found is None or found.origin is None:
            return None
        source = os.path.dirname(os.path.dirname(found.origin))
    package = types.ModuleType("torch_package_alone")
    package.__path__ = [os.path.join(source, "torch", "package")]
    sys.modules[package.__name__] = package
    return importlib.import_module("torch_package_alone._package_pickler")


def least_times(calls: list[Callable[[], object]], rounds: int) -> list[float]:
    """The least time of each call, in seconds."""
    least = [math.inf] * len(calls)
    for turn in range(rounds):
        order = range(len(calls)) if turn % 2 else reversed(range(len(calls)))
        for i in order:
            start = time.perf_counter()
            calls[i]()
            least[i] = min(least[i], time.perf_counter() - start)
    return least


def into_file(make: Callable[[io.BytesIO], object], obj: object) -> bytes:
    file = io.BytesIO()
    make(file).dump(obj)
    return file.getvalue()


def peers(torch: types.ModuleType | None) -> dict[str, tuple[Callable, Callable, int]]:
    """By question: ours, the peer, and rounds of the peer."""
    questions = {
        "dumps / C dumps": (
            lambda obj: oxipickle.dumps(obj, PROTOCOL),
            lambda obj: pickle.dumps(obj, PROTOCOL),
            ROUNDS,
        ),
        "Pickler / dumps": (
            lambda obj: into_file(lambda file: oxipickle.Pickler(file, PROTOCOL), obj),
            lambda obj: oxipickle.dumps(obj, PROTOCOL),
            ROUNDS,
        ),
        "Hookable / Pickler": (
            lambda obj: into_file(lambda file: oxipickle.HookablePickler(file, PROTOCOL), obj),
            lambda obj: into_file(lambda file: oxipickle.Pickler(file, PROTOCOL), obj),
            ROUNDS,
        ),
        "_Pickler / Hookable": (
            lambda obj: into_file(lambda file: pickle._Pickler(file, PROTOCOL), obj),
            lambda obj: into_file(lambda file: oxipickle.HookablePickler(file, PROTOCOL), obj),
            SLOW_ROUNDS,
        ),
    }
    if torch is not None:
        theirs = importlib.import_module("torch_package_alone.importer")
        questions["torch.package / ours"] = (
            lambda obj: into_file(
                lambda file: torch.create_pickler(file, theirs.OrderedImporter(theirs.sys_importer)), obj
            ),
            lambda obj: into_file(
                lambda file: oxipickle.create_pickler(
                    file, oxipickle.OrderedImporter(oxipickle.sys_importer)
                ),
                obj,
            ),
            SLOW_ROUNDS,
        )
    return questions


def mean(ratios: list[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", help="workloads whose name contains this")
    parser.add_argument("--quick", action="store_true", help="leave out the slow Python picklers")
    options = parser.parse_args()

    torch = None if options.quick else torch_package()
    questions = peers(torch)
    if options.quick:
        del questions["_Pickler / Hookable"]
    elif torch is None:
        print("left out: torch.package (neither PyTorch nor OXIPICKLE_TORCH_SOURCE)")
    print(f"CPython {platform.python_version()}, protocol {PROTOCOL}")
    print(f"{'':30}" + "".join(f"{question:>22}" for question in questions))
    rows: dict[str, list[tuple[float, bool]]] = {question: [] for question in questions}
    for name, (build, is_object_heavy) in WORKLOADS.items():
        if options.only and options.only not in name:
            continue
        try:
            obj = build()
        except ImportError as missing:
            print(f"{name:30}  left out: {missing}")
            continue
        line = f"{name:30}"
        for question, (ours, theirs, rounds) in questions.items():
            # Up to 3.14 the two faces' models end a batch in different ways.
            if question != "Hookable / Pickler" and ours(obj) != theirs(obj):
                sys.exit(f"{name}: the bytes differ ({question})")
            times = least_times([lambda: ours(obj), lambda: theirs(obj)], rounds)
            rows[question].append((times[0] / times[1], is_object_heavy))
            line += f"{times[0] / times[1]:22.2f}"
        print(line, flush=True)
    for title, wanted in (("geometric mean", (True, False)), ("... of object-heavy ones", (True,))):
        means = [[ratio for ratio, heavy in row if heavy in wanted] for row in rows.values()]
        print(f"{title:30}" + "".join(f"{mean(m):22.2f}" if m else f"{'-':>22}" for m in means))


if __name__ == "__main__":
    main()
