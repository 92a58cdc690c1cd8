"""Cost per object of `dumps` at 10⁴ to 10⁷ objects, relative to that at 10⁴ (1.0 is flat).

Each kind is a list of so many objects, in nanoseconds per object at 10⁴; C's ratios stand below
ours. Bytes are compared at each size up to 10⁶. `--quick` ends there too.
"""

import functools
import gc
import pickle
import sys
from collections.abc import Callable

import oxipickle

from benchmarks.timing import least_times

PROTOCOL = 4
SIZES = [10**4, 10**5, 10**6, 10**7]
# Above this a comparison would take more memory than many machines have.
COMPARED_UP_TO = 10**6


class Thing:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x


KINDS: dict[str, Callable[[int], object]] = {
    "ints": lambda n: list(range(n)),
    "strings": lambda n: [f"{i}" for i in range(n)],
    "small tuples": lambda n: [(i,) for i in range(n)],
    "small lists": lambda n: [[i] for i in range(n)],
    "slotted instances": lambda n: [Thing(i) for i in range(n)],
}


def main(only: str | None, quick: bool) -> None:
    sizes = [n for n in SIZES if not quick or n <= COMPARED_UP_TO]
    print(f"{'':26}{'ns at 10⁴':>12}" + "".join(f"{f'at {n:,}':>16}" for n in sizes[1:]))
    for kind, build in KINDS.items():
        if only and only not in kind:
            continue
        costs: dict[str, list[float]] = {"ours": [], "C": []}
        for n in sizes:
            obj = build(n)
            # The collector's cost is that of all objects alive, and no part of the dump.
            gc.disable()
            if n <= COMPARED_UP_TO and oxipickle.dumps(obj, PROTOCOL) != pickle.dumps(obj, PROTOCOL):
                sys.exit(f"{kind}: the bytes differ")
            calls = [functools.partial(dumps, obj, PROTOCOL) for dumps in (oxipickle.dumps, pickle.dumps)]
            times = least_times(calls)
            gc.enable()
            costs["ours"].append(times[0] / n)
            costs["C"].append(times[1] / n)
            del obj, calls
        for whose, cost in costs.items():
            name = f"{kind}, {whose}"
            ratios = "".join(f"{c / cost[0]:16.2f}" for c in cost[1:])
            print(f"{name:26}{cost[0] * 1e9:12.1f}{ratios}", flush=True)
