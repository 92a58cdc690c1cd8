"""What a build by profile learns from: `maturin build --pgo` runs it where oxipickle alone is installed.

The compiler lays out for speed what runs here, as far as it runs often, and for size what never does. So
everything that users call often is called: all faces and protocols, small messages and large data, files,
hooks, and what looks at pickles. Libraries are left out, since not every Python has wheels of them.
"""

import array
import collections
import copyreg
import dataclasses
import enum
import fractions
import io
import tempfile
from collections.abc import Callable

import oxipickle

from benchmarks import tiny, workloads

# How often a small message is pickled and loaded, in each of `tiny`'s ways.
MESSAGES = 3_000


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Reduced:
    def __init__(self, x):
        self.x = x

    def __reduce__(self):
        return Reduced, (self.x,), {"x": self.x}


class Stated:
    def __getstate__(self):
        return {"x": 1}

    def __setstate__(self, state):
        self.x = state["x"]


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: int
    name: str


class Lists(list):
    pass


class Dicts(dict):
    pass


def odds_and_ends(n: int) -> list:
    """What the workloads have none of, or little."""
    return [
        [
            *(i, -i, i << 40, i << 90, bool(i % 2), None, complex(i, 1), i / 3, range(i), slice(i)),
            *(f"текст {i}", "long text " * (i % 40), f"{i}".encode(), b"bytes " * (i % 60), bytearray(i)),
            *((), (i,), (i, [i]), (i, i, i), tuple(range(i % 9)), {}, [], {i: {}, "k": [i]}),
            *({i}, frozenset((i, str(i))), Colour.RED, Colour.BLUE, fractions.Fraction(i, 7)),
            *(Reduced(i), Stated(), Frozen(i, "name"), Lists([i, i]), Dicts(a=i), array.array("i", [i])),
            *(len, workloads.Point),
        ]
        for i in range(n)
    ]


def graph(nodes: int) -> dict[int, dict[int, dict]]:
    """Three edges for each node, whose attributes both of its ends hold."""
    edges: dict[int, dict[int, dict]] = {node: {} for node in range(nodes)}
    for node in edges:
        for step in (1, 7, 100):
            other = (node * 31 + step) % nodes
            edges[node][other] = edges[other][node] = {}
    return edges


LARGE: dict[str, object] = {
    "records": workloads.json_like_records(2_000),
    "ints": workloads.ints(30_000),
    "floats": workloads.floats(30_000),
    "strings": workloads.strings(20_000),
    "dataclasses": workloads.dataclass_instances(5_000),
    "slots": workloads.slotted_instances(5_000),
    "tree": workloads.tree_with_parent_links(10),
    "graph": graph(5_000),
    "values": workloads.values_of_the_stdlib(1_000),
    "syntax tree": workloads.syntax_tree(dataclasses),
    "collections": workloads.collections_of_the_stdlib(1_000),
    "odds and ends": odds_and_ends(300),
    "payloads": [bytes(100_000), "x" * 100_000, bytearray(100_000)],
}


class File:
    """Neither in memory nor a file of the interpreter's."""

    def __init__(self, data: bytes = b""):
        file = io.BytesIO(data)
        self.write, self.getvalue = file.write, file.getvalue
        self.read, self.readline = file.read, file.readline


def round_trip(pickler: Callable, unpickler: Callable, obj: object, file: type = io.BytesIO) -> None:
    written = file()
    pickler(written).dump(obj)
    unpickler(file(written.getvalue())).load()


def through_faces(obj: object, protocol: int) -> None:
    data = oxipickle.dumps(obj, protocol)
    oxipickle.loads(data)
    oxipickle.loads(bytearray(data))
    for pickler, unpickler in (
        (oxipickle.Pickler, oxipickle.Unpickler),
        (oxipickle.HookablePickler, oxipickle.HookableUnpickler),
    ):
        round_trip(lambda file: pickler(file, protocol), unpickler, obj)
    round_trip(lambda file: oxipickle.Pickler(file, protocol), oxipickle.Unpickler, obj, File)
    with tempfile.TemporaryFile() as file:
        oxipickle.dump(obj, file, protocol)
        file.seek(0)
        oxipickle.load(file)


def hooked(base: type, loader: type) -> list[tuple[type, type]]:
    """Picklers and unpicklers with hooks that have nothing to say, or say what would be done anyhow."""

    class Finds(loader):
        def find_class(self, module, name):
            return super().find_class(module, name)

        def persistent_load(self, pid):
            return pid

    class Asked(base):
        def persistent_id(self, obj):
            return None

    class Reducing(base):
        def reducer_override(self, obj):
            return NotImplemented

    class Dispatching(base):
        dispatch_table = {**copyreg.dispatch_table, Stated: lambda obj: (Stated, ())}  # noqa: RUF012

    return [(Asked, loader), (Reducing, Finds), (Dispatching, Finds)]


def overridden() -> None:
    class Overridden(oxipickle.HookablePickler):
        def save(self, obj, save_persistent_id=True):
            return super().save(obj, save_persistent_id)

        def memoize(self, obj):
            super().memoize(obj)

    def save_frozen(pickler, obj):
        pickler.save(obj.name)

    class Dispatched(oxipickle.HookablePickler):
        dispatch = {**oxipickle.HookablePickler.dispatch, Frozen: save_frozen}  # noqa: RUF012

    for obj in (LARGE["records"][:300], LARGE["odds and ends"][:30]):
        Overridden(io.BytesIO(), 4).dump(obj)
        Dispatched(io.BytesIO(), 4).dump([obj, [Frozen(i, "name") for i in range(300)]])


def through_hooks(obj: object) -> None:
    for pair in (
        (oxipickle.Pickler, oxipickle.Unpickler),
        (oxipickle.HookablePickler, oxipickle.HookableUnpickler),
    ):
        for pickler, unpickler in hooked(*pair):
            round_trip(lambda file, pickler=pickler: pickler(file, 4), unpickler, obj)


def packaged(obj: object) -> None:
    importer = oxipickle.sys_importer
    round_trip(
        lambda file: oxipickle.create_pickler(file, importer),
        lambda file: oxipickle.create_unpickler(file, importer),
        obj,
    )


def out_of_band() -> None:
    objects = [oxipickle.PickleBuffer(bytearray(i)) for i in range(500)]
    buffers: list = []
    data = oxipickle.dumps(objects, 5, buffer_callback=buffers.append)
    oxipickle.loads(data, buffers=buffers)


def looked_at(data: bytes) -> None:
    collections.deque(oxipickle.genops(data), 0)
    oxipickle.dis(data, io.StringIO())
    oxipickle.loads(oxipickle.optimize(data))


def main() -> None:
    for do, loads in tiny.CALLS.values():
        for obj in (*tiny.OBJECTS.values(), *odds_and_ends(2)[1]):
            given = oxipickle.dumps(obj) if loads else obj
            for _ in range(MESSAGES if obj in tiny.OBJECTS.values() else MESSAGES // 20):
                do(oxipickle, given)
    for name, obj in LARGE.items():
        # The oldest protocols have no slots.
        for protocol in range(2 * (name == "slots"), oxipickle.HIGHEST_PROTOCOL + 1):
            through_faces(obj, protocol)
        # What is the default, and what was for long.
        for protocol in (4, 5, 4, 5):
            through_faces(obj, protocol)
        through_hooks(obj)
        packaged(obj)
        looked_at(oxipickle.dumps(obj, 4))
    overridden()
    out_of_band()


if __name__ == "__main__":
    main()
