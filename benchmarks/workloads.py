"""What is pickled: each workload is a function that builds its object afresh, smaller ones where asked."""

import ast
import collections
import dataclasses
import datetime
import decimal
import random
import typing
import uuid


@dataclasses.dataclass
class Record:
    number: int
    name: str
    ratio: float


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


class Node:
    def __init__(self, depth, parent):
        self.parent, self.depth = parent, depth
        self.left = Node(depth - 1, self) if depth else None
        self.right = Node(depth - 1, self) if depth else None


Point = collections.namedtuple("Point", "x y")


def json_like_records(n=20_000):
    return [
        {
            "id": i,
            "name": f"user {i}",
            "tags": [f"tag {i % 7}", "all"],
            "score": i * 0.5,
            "nested": {"x": i, "list": [1, 2, 3], "ok": i % 2 == 0, "none": None},
        }
        for i in range(n)
    ]


def ints(n=500_000):
    draw = random.Random(1)
    return [draw.randrange(2**31) for _ in range(n)]


def floats(n=500_000):
    draw = random.Random(1)
    return [draw.random() for _ in range(n)]


def strings(n=300_000):
    return [f"string {i}" for i in range(n)]


def dataclass_instances(n=60_000):
    return [Record(i, f"name {i}", i * 0.5) for i in range(n)]


def slotted_instances(n=60_000):
    return [Slotted(i, f"value {i}") for i in range(n)]


def tree_with_parent_links(depth=14):
    return Node(depth, None)


def values_of_the_stdlib(n=8_000):
    start = datetime.datetime(2020, 1, 1)
    return [
        (start + datetime.timedelta(i), decimal.Decimal(i), uuid.UUID(int=i), {i, i + 1}, Point(i, -i))
        for i in range(n)
    ]


def syntax_tree(module=typing):
    with open(module.__file__, encoding="utf-8") as file:
        return ast.parse(file.read())


def collections_of_the_stdlib(n=8_000):
    return [
        (
            collections.Counter(f"abc{i}"),
            collections.OrderedDict(a=i, b=2),
            collections.defaultdict(list, {i: [i]}),
            collections.deque([i, 2]),
        )
        for i in range(n)
    ]


def small_arrays(n=10_000):
    import numpy

    return [numpy.arange(i % 10) for i in range(n)]


def large_arrays(length=2**20):
    import numpy

    return [numpy.arange(length, dtype=float) for _ in range(8)]


def random_forest(trees=100):
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(trees, random_state=0).fit(*load_iris(return_X_y=True))


def text_pipeline(n=20_000):
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer().fit([f"word{i} word{i + 1}" for i in range(n)])


def frame(n=20_000):
    import pandas

    return pandas.DataFrame(
        {
            "number": range(n),
            "ratio": [i * 0.5 for i in range(n)],
            "name": [f"name {i}" for i in range(n)],
            "at": pandas.date_range("2020-01-01", periods=n, freq="min"),
            "kind": pandas.Categorical([f"kind {i % 7}" for i in range(n)]),
        }
    )


def transformer():
    import torch

    torch.manual_seed(0)
    return torch.nn.Transformer(64, 4, 4, 4, 128, batch_first=True)


def graph(edges=30_000):
    import networkx

    return networkx.gnm_random_graph(edges // 3, edges, seed=1)


# By name, with whether objects rather than numbers, texts or large buffers are what costs.
WORKLOADS: dict[str, tuple[typing.Callable[[], object], bool]] = {
    "JSON-like records": (json_like_records, True),
    "500 000 ints": (ints, False),
    "500 000 floats": (floats, False),
    "300 000 strings": (strings, False),
    "60 000 dataclass instances": (dataclass_instances, True),
    "60 000 slotted instances": (slotted_instances, True),
    "32 767 tree nodes": (tree_with_parent_links, True),
    "datetime, Decimal, UUID, ...": (values_of_the_stdlib, True),
    "syntax tree of typing": (syntax_tree, True),
    "Counter, OrderedDict, ...": (collections_of_the_stdlib, True),
    "10 000 small arrays": (small_arrays, True),
    "8 arrays of 8 MiB": (large_arrays, False),
    "forest of 100 trees": (random_forest, True),
    "text pipeline": (text_pipeline, True),
    "graph of 30 000 edges": (graph, True),
    "frame of pandas": (frame, True),
    "Transformer of torch": (transformer, True),
}
