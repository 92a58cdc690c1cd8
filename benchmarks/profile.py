"""Instructions per object of `dumps` and of `loads`, ours and C's, counted by callgrind.

Each workload is built at a small size, pickled once, and then pickled and loaded under count, with
the collector off. The divisor is the number of objects as `pickle._Pickler` meets them: each call
of its `save`, so that ints, keys, and what was met before count too. "own" are the instructions of
the extension module's own code; the rest of ours is spent in the interpreter and the C library. What
`ours / C` compares are the whole sums. `--quick` leaves loading out.
"""

import functools
import gc
import io
import pickle
import sys
import textwrap
from collections.abc import Callable

import oxipickle

from benchmarks import callgrind, workloads

PROTOCOL = 4


def smaller(build: Callable, **size: object) -> Callable[[], object]:
    return functools.partial(build, **size)


# Sizes at which all of it ends within a few minutes.
PROFILED: dict[str, Callable[[], object]] = {
    "JSON-like records": smaller(workloads.json_like_records, n=1_000),
    "ints in a list": smaller(workloads.ints, n=50_000),
    "floats in a list": smaller(workloads.floats, n=50_000),
    "strings in a list": smaller(workloads.strings, n=20_000),
    "dataclass instances": smaller(workloads.dataclass_instances, n=5_000),
    "slotted instances": smaller(workloads.slotted_instances, n=5_000),
    "tree nodes": smaller(workloads.tree_with_parent_links, depth=11),
    "datetime, Decimal, UUID, ...": smaller(workloads.values_of_the_stdlib, n=1_000),
    "syntax tree": smaller(workloads.syntax_tree, module=textwrap),
    "Counter, OrderedDict, ...": smaller(workloads.collections_of_the_stdlib, n=1_000),
    "small arrays": smaller(workloads.small_arrays, n=1_000),
    "arrays of 64 KiB": smaller(workloads.large_arrays, length=2**13),
    "forest of 10 trees": smaller(workloads.random_forest, trees=10),
    "text pipeline": smaller(workloads.text_pipeline, n=2_000),
    "graph of 3 000 edges": smaller(workloads.graph, edges=3_000),
}


class Counting(pickle._Pickler):  # type: ignore[name-defined]
    """Counts the objects that it meets."""

    met = 0

    def save(self, obj, save_persistent_id=True):
        self.met += 1
        super().save(obj, save_persistent_id)


def objects_met(obj: object) -> int:
    pickler = Counting(io.BytesIO(), PROTOCOL)
    pickler.dump(obj)
    return pickler.met


def profiled(name: str, with_loads: str) -> None:
    """What runs under callgrind: an empty part, then ours and C's `dumps`, then `loads`."""
    obj = PROFILED[name]()
    data = oxipickle.dumps(obj, PROTOCOL)
    if data != pickle.dumps(obj, PROTOCOL):
        sys.exit(f"{name}: the bytes differ")
    gc.collect()
    gc.disable()
    callgrind.mark()
    callgrind.mark()
    for dumps in (oxipickle.dumps, pickle.dumps):
        dumps(obj, PROTOCOL)
        callgrind.mark()
    if with_loads:
        for loads in (oxipickle.loads, pickle.loads):
            loads(data)
        for loads in (oxipickle.loads, pickle.loads):
            callgrind.mark()
            value = loads(data)
            callgrind.mark()
            # The end of what was loaded is no part of loading it.
            del value


def row(name: str, with_loads: bool) -> list[str]:
    met = objects_met(PROFILED[name]())
    empty, *counted = callgrind.parts("benchmarks.profile.profiled", name, "loads" if with_loads else "")
    cells = [f"{met:9}"]
    # Between two loads lies the end of the first one's value.
    for ours, theirs in [counted[:2], counted[3:6:2]] if with_loads else [counted]:
        totals = [part.total() - empty.total() for part in (ours, theirs)]
        figures = [totals[0] / met, ours.of_ours() / met, totals[1] / met]
        cells += [*(f"{figure:9.1f}" for figure in figures), f"{totals[0] / totals[1]:9.2f}"]
    return cells


def main(only: str | None, quick: bool) -> None:
    if not callgrind.is_installed():
        print("left out: valgrind is not installed")
        return
    print(f"protocol {PROTOCOL}, instructions per object")
    columns = "".join(f"{title:>9}" for title in ("ours", "own", "C", "ours / C"))
    print(f"{'':30}{'objects':>9}{columns}" + ("" if quick else f"{columns}   (loads)"))
    for name, build in PROFILED.items():
        if only and only not in name:
            continue
        try:
            build()
        except ImportError as missing:
            print(f"{name:30}  left out: {missing}")
            continue
        print(f"{name:30}" + "".join(row(name, not quick)), flush=True)
