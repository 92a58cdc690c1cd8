"""Tiny calls, in nanoseconds beside C's: what a call costs before much is pickled.

A line for each object, with ours, C's and the ratio, for each way to pickle and to load; results are compared
first. Then the geometric mean of all ratios, and the largest.
"""

import io
import pickle
import sys

import oxipickle

from benchmarks.timing import least_times, mean


class Thing:
    def __init__(self):
        self.x = 1


OBJECTS = {
    "None": None,
    "[1, 2, 3]": [1, 2, 3],
    "{'a': 1}": {"a": 1},
    "an instance": Thing(),
    "a message": {"id": 17, "name": "text", "tags": ["a", "b"], "at": (1.5, 2)},
    "a class": Thing,
}


def through_pickler(module, obj):
    file = io.BytesIO()
    module.Pickler(file).dump(obj)
    return file.getvalue()


# By name: what is called, with the module and the object or its pickle; and whether it loads.
CALLS = {
    "dumps": (lambda module, obj: module.dumps(obj), False),
    "loads": (lambda module, data: module.loads(data), True),
    "Pickler(BytesIO()).dump": (through_pickler, False),
    "Unpickler(BytesIO(data)).load": (lambda module, data: module.Unpickler(io.BytesIO(data)).load(), True),
}


def main(only: str | None, quick: bool) -> None:
    ratios = {}
    for call, (do, loads) in CALLS.items():
        print(f"{call:40}{'ours, ns':>12}{'C, ns':>12}{'ours / C':>12}")
        for name, obj in OBJECTS.items():
            title = f"{call} of {name}"
            if only and only not in title:
                continue
            given = pickle.dumps(obj) if loads else obj
            results = [do(module, given) for module in (oxipickle, pickle)]
            if loads:
                results = [pickle.dumps(result) for result in results]
            if results[0] != results[1]:
                sys.exit(f"{title}: the results differ")
            ours, theirs = least_times([lambda: do(oxipickle, given), lambda: do(pickle, given)])
            ratios[title] = ours / theirs
            print(f"  {name:38}{ours * 1e9:12.0f}{theirs * 1e9:12.0f}{ratios[title]:12.2f}", flush=True)
    if ratios:
        worst = max(ratios, key=ratios.__getitem__)
        print(f"geometric mean {mean(list(ratios.values())):.2f}, the largest {ratios[worst]:.2f}: {worst}")
