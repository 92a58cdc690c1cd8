"""Calls of our own functions per element, in a build without optimisation, counted by callgrind.

How far an element travels through the sources: only functions whose source file belongs to this
package count, and only calls that the build did not inline. `crossing` are the calls from one
source file into another. The figures are those of 400 elements less those of 200, per element: what
a dump costs once is not in them. `make debug` makes the build.
"""

import gc
import io
import pickle
from collections.abc import Callable

import oxipickle

from benchmarks import callgrind

PROTOCOL = 4

# Elements are enough to make a plan for their class, and too few for the tables to grow much.
FEW, MANY = 200, 400


class Instance:
    def __init__(self, i):
        self.id, self.name, self.tags, self.pair = i, f"name {i}", ["tag", i], (i, 2.5)


class Reduced:
    def __init__(self, i):
        self.i = i

    def __reduce__(self):
        return Reduced, (self.i,)


class Asked(oxipickle.HookablePickler):
    """Overrides the hook that is asked about everything."""

    def persistent_id(self, obj):
        return None


class Saving(oxipickle.HookablePickler):
    """Has a hook that saves the parts of what it is asked about, before it says how to pickle it."""

    def reducer_override(self, obj):
        if isinstance(obj, Reduced):
            # The pickle then holds one value more than the list: it is written, and never loaded.
            self.save(obj.i)
            return tuple, ()
        return NotImplemented


def record(i):
    """Thirteen objects: a dict, its four keys, and eight in its values."""
    return {"id": i, "name": f"name {i}", "tags": ["tag", i], "pair": (i, 2.5)}


def dump_through(pickler_class: type) -> Callable[[object], object]:
    return lambda obj: pickler_class(io.BytesIO(), PROTOCOL).dump(obj)


def dumps(obj: object) -> object:
    return oxipickle.dumps(obj, PROTOCOL)


def loads(obj: object) -> object:
    return oxipickle.loads(pickle.dumps(obj, PROTOCOL))


JOBS: dict[str, tuple[Callable[[object], object], Callable[[int], object]]] = {
    "dumps, record": (dumps, record),
    "dumps, instance by plan": (dumps, Instance),
    "dumps, reduce value": (dumps, Reduced),
    "HookablePickler, persistent_id": (dump_through(Asked), record),
    "HookablePickler, hook that saves": (dump_through(Saving), lambda i: Reduced(record(i))),
    "loads, record": (loads, record),
    "loads, instance": (loads, Instance),
    "loads, reduce value": (loads, Reduced),
}


def travelled(job: str) -> None:
    """What runs under callgrind: the job over few elements, and over many."""
    do, element = JOBS[job]
    lists = [[element(i) for i in range(n)] for n in (FEW, FEW, MANY)]
    gc.disable()
    # The first time makes plans.
    do(lists[0])
    for elements in lists[1:]:
        callgrind.mark()
        do(elements)
    callgrind.mark()


# Where the sources of dependencies and of the standard library lie.
NOT_OURS = ("/registry/src/", "/rustc/")


def is_ours(file: str) -> bool:
    """Whether a source file, as debug information names it, is one of this package's."""
    return file.endswith(".rs") and not any(folder in file for folder in NOT_OURS)


def row(job: str) -> list[int]:
    few, many = callgrind.parts("benchmarks.calls.travelled", job)
    more = many.calls - few.calls
    ours = {key: count for key, count in more.items() if is_ours(key[2])}
    crossing = sum(count for (caller, _, callee), count in ours.items() if caller != callee)
    files = {callee for _, _, callee in ours}
    functions = {name for _, name, _ in ours}
    elements = MANY - FEW
    return [len(files), len(functions), round(sum(ours.values()) / elements), round(crossing / elements)]


def main(only: str | None, quick: bool) -> None:
    if not callgrind.is_installed():
        print("left out: valgrind is not installed")
        return
    titles = ("files", "functions", "calls", "crossing")
    print(f"protocol {PROTOCOL}\n{'':34}" + "".join(f"{title:>12}" for title in titles))
    for job in JOBS:
        if only and only not in job:
            continue
        figures = row(job)
        if not figures[0]:
            print("left out: the extension was built without debug information (`make debug` builds another)")
            return
        print(f"{job:34}" + "".join(f"{figure:12}" for figure in figures), flush=True)
