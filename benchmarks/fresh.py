"""The first dump of fresh instances beside C's, in milliseconds.

Instances keep their attributes in the object until somebody asks for `__dict__`; the first dump does,
and so costs more than the second. Each round builds its objects anew, outside the clock, and drops
them before the next.
"""

import gc
import math
import pickle
import sys
import time

import oxipickle

from benchmarks.workloads import WORKLOADS

PROTOCOL = 4
ROUNDS = 5
NAMES = ["60 000 dataclass instances", "60 000 slotted instances", "32 767 tree nodes"]


def main(only: str | None, quick: bool) -> None:
    print(f"{'':30}{'ours, ms':>12}{'C, ms':>12}{'ours / C':>12}")
    for name in NAMES:
        if only and only not in name:
            continue
        build = WORKLOADS[name][0]
        if oxipickle.dumps(build(), PROTOCOL) != pickle.dumps(build(), PROTOCOL):
            sys.exit(f"{name}: the bytes differ")
        least = {oxipickle.dumps: math.inf, pickle.dumps: math.inf}
        for _ in range(2 if quick else ROUNDS):
            for dumps in least:
                obj = build()
                gc.collect()
                start = time.perf_counter()
                dumps(obj, PROTOCOL)
                least[dumps] = min(least[dumps], time.perf_counter() - start)
                del obj
        ours, theirs = least.values()
        print(f"{name:30}{ours * 1e3:12.1f}{theirs * 1e3:12.1f}{ours / theirs:12.2f}", flush=True)
