"""Ratios over all workloads: time of ours over time of what it stands in for, in one process.

"dumps / C dumps" 0.5 says that ours takes half of C's time; in the columns where the peer's name
comes first, 20 says that the peer takes twenty times ours. Bytes are compared before anything is
timed. A workload whose library is missing is left out, and said so.
"""

import importlib
import pickle
import sys
import types
from collections.abc import Callable

import oxipickle

from benchmarks.timing import into_file, least_times, mean
from benchmarks.torch_package import torch_package
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
        importer = importlib.import_module("torch_package_alone.importer")
        theirs = importer.OrderedImporter(importer.sys_importer)
        ours = oxipickle.OrderedImporter(oxipickle.sys_importer)

        def packaged(create: Callable, importer: object, protocol: int) -> Callable:
            return lambda obj: into_file(lambda file: create(file, importer, protocol), obj)

        for protocol in (3, 4):
            questions[f"torch {protocol} / ours"] = (
                packaged(torch.create_pickler, theirs, protocol),
                packaged(oxipickle.create_pickler, ours, protocol),
                True,
            )
    return questions


def main(only: str | None, quick: bool) -> None:
    torch = None if quick else torch_package()
    if not quick and torch is None:
        print("left out: torch.package (neither PyTorch nor OXIPICKLE_TORCH_SOURCE)")
    questions = peers(torch, quick)
    print(f"protocol {PROTOCOL}, but where the column says another")
    print(f"{'':30}" + "".join(f"{question:>21}" for question in questions))
    rows: dict[str, list[tuple[float, bool]]] = {question: [] for question in questions}
    for name, (build, is_object_heavy) in WORKLOADS.items():
        if only and only not in name:
            continue
        try:
            obj = build()
        except ImportError as missing:
            print(f"{name:30}  left out: {missing}")
            continue
        line = f"{name:30}"
        for question, (first, second, slow) in questions.items():
            # Up to 3.14 the two faces' models end a batch in different ways.
            if question != "Hookable / Pickler" and first(obj) != second(obj):
                sys.exit(f"{name}: the bytes differ ({question})")
            times = least_times([lambda: first(obj), lambda: second(obj)], slow)
            rows[question].append((times[0] / times[1], is_object_heavy))
            line += f"{times[0] / times[1]:21.2f}"
        print(line, flush=True)
    for title, wanted in (("geometric mean", (True, False)), ("... of object-heavy ones", (True,))):
        means = [[ratio for ratio, heavy in row if heavy in wanted] for row in rows.values()]
        print(f"{title:30}" + "".join(f"{mean(m):21.2f}" if m else f"{'-':>21}" for m in means))
