"""Ratios over all workloads: time of ours over time of what it stands in for, each in a process of its own.

"dumps / C dumps" 0.5 says that ours takes half of C's time; in the columns where the peer's name
comes first, 20 says that the peer takes twenty times ours. Bytes are compared before anything is
timed. A workload whose library is missing is left out, and said so.
"""

import functools
import pickle
import sys
import types
from collections.abc import Callable

import oxipickle

from benchmarks import alone
from benchmarks.timing import into_file, least_times
from benchmarks.torch_package import importers, torch_package
from benchmarks.workloads import WORKLOADS

PROTOCOL = 4


def peers(torch: types.ModuleType | None, quick: bool) -> dict[str, tuple[Callable, Callable, bool]]:
    """By question: two calls, the first's time over the second's, and whether one is slow."""

    def through(pickler_class: type, protocol: int = PROTOCOL) -> Callable:
        return lambda obj: into_file(lambda file: pickler_class(file, protocol), obj)

    questions = {
        "dumps / C dumps": (
            lambda obj: oxipickle.dumps(obj, PROTOCOL),
            lambda obj: pickle.dumps(obj, PROTOCOL),
            False,
        ),
        "Pickler / dumps": (through(oxipickle.Pickler), lambda obj: oxipickle.dumps(obj, PROTOCOL), False),
        "Hookable / Pickler": (through(oxipickle.HookablePickler), through(oxipickle.Pickler), False),
    }
    if quick:
        return questions
    questions["_Pickler / Hookable"] = (through(pickle._Pickler), through(oxipickle.HookablePickler), True)
    if torch is not None:
        theirs, ours = importers()

        def packaged(create: Callable, importer: object, protocol: int) -> Callable:
            return lambda obj: into_file(lambda file: create(file, importer, protocol), obj)

        for protocol in (3, 4):
            questions[f"torch {protocol} / ours"] = (
                packaged(torch.create_pickler, theirs, protocol),
                packaged(oxipickle.create_pickler, ours, protocol),
                True,
            )
    return questions


def row(name: str, quick: bool) -> list[float]:
    """The ratios of one workload; ImportError where its library is missing."""
    obj = WORKLOADS[name][0]()
    ratios = []
    for question, (first, second, slow) in peers(None if quick else torch_package(), quick).items():
        # Up to 3.14 the two faces' models end a batch in different ways.
        if question != "Hookable / Pickler" and first(obj) != second(obj):
            sys.exit(f"{name}: the bytes differ ({question})")
        times = least_times([functools.partial(first, obj), functools.partial(second, obj)], slow)
        ratios.append(times[0] / times[1])
    return ratios


def main(only: str | None, quick: bool) -> None:
    torch = None if quick else torch_package()
    if not quick and torch is None:
        print("left out: torch.package (neither PyTorch nor OXIPICKLE_TORCH_SOURCE)")
    print(f"protocol {PROTOCOL}, but where the column says another")
    titles = list(peers(torch, quick))
    alone.print_table(titles, alone.rows("ratios", only, quick), len(titles))
