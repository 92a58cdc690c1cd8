"""What is saved in torch packages: objects of all kinds that `save_pickle` looks at."""

import collections
import dataclasses
import datetime
import enum
import functools

import torch


@dataclasses.dataclass
class Record:
    number: int
    name: str


class Outer:
    class Inner:
        class Innermost:
            pass

        def method(self):
            return self


class Colour(enum.Enum):
    RED = 1


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self):
        self.left, self.right = 1, [2]


def rebuilt(importer, *parts):
    return [*parts]


class ReducesItself:
    """As torch's scripted modules do."""

    def __init__(self, *parts):
        self.parts = parts

    def __reduce_package__(self, exporter):
        exporter.asked = [*getattr(exporter, "asked", ()), type(self).__name__]
        return rebuilt, self.parts


class ReducesItselfToo(ReducesItself):
    pass


class AnswersForAll:
    """Looks attributes up by itself."""

    def __getattr__(self, name):
        if name == "__reduce_package__":
            return lambda exporter: (rebuilt, (1, 2))
        raise AttributeError(name)


class Plain:
    pass


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(2, 3)
        self.second = torch.nn.Linear(3, 2)
        self.tied = self.first
        self.register_buffer("counts", torch.zeros(3, dtype=torch.int64))

    def forward(self, x):
        return self.second(torch.relu(self.first(x)))


def function(x):
    return x


def _network():
    torch.manual_seed(0)
    return Network()


def _transformer():
    torch.manual_seed(0)
    return torch.nn.Transformer(8, 2, 1, 1, 8, batch_first=True)


def _by_its_dict():
    obj = Plain()
    obj.parts = [1]
    obj.__dict__["__reduce_package__"] = functools.partial(_reduce, "own")
    return obj


def _reduce(name, exporter):
    return rebuilt, (name,)


def _tensors():
    whole = torch.arange(12.0)
    return [whole, whole[2:5], whole.view(3, 4), torch.ones(2, dtype=torch.uint8), torch.nn.Parameter(whole)]


def _storages():
    typed = torch.ones(3).storage()
    return [typed, typed, torch.arange(3).untyped_storage(), torch.zeros(2).storage()]


def _shared():
    one, record = Plain(), Record(1, "shared")
    one.records = [record, record, Record(2, "shared")]
    one.self = one
    return [one, one, Plain, Record, Plain(), function, function]


MAKERS = {
    "atoms": lambda: [None, True, 1, -2.5, "text", b"bytes", 2**100, bytearray(b"x")],
    "records": lambda: [{"id": i, "tags": [str(i % 3), "all"], "score": i * 0.5} for i in range(300)],
    "dataclasses": lambda: [Record(i, f"name {i}") for i in range(300)],
    "shared": _shared,
    "nested classes": lambda: [Outer.Inner(), Outer.Inner.Innermost, Outer.Inner.method, Outer],
    "standard": lambda: [
        collections.OrderedDict(a=1),
        datetime.date(2000, 1, 1),
        {1, 2},
        frozenset([3]),
        functools.partial(function, 1),
        Colour.RED,
        range(3),
    ],
    "slots": lambda: [Slotted(), Slotted()],
    "functions and classes": lambda: [function, len, Record, dict, collections.OrderedDict, enum.Enum],
    "network": _network,
    "networks that share": lambda: [one := _network(), one, one.first, one.state_dict()],
    "transformer": _transformer,
    "tensors": _tensors,
    "storages": _storages,
    "traced by fx": lambda: torch.fx.symbolic_trace(_network()),
    "reduces itself": lambda: [one := ReducesItself(1, [2]), one, ReducesItselfToo("x")],
    "a class that seems to reduce itself": lambda: [1, ReducesItself],
    "reduces itself by its dict": lambda: [_by_its_dict(), Plain(), _by_its_dict()],
    "answers for all": lambda: [AnswersForAll(), Plain()],
    "scripted": lambda: torch.jit.script(_network()),
    "generator": lambda: (i for i in ()),
    "lambda": lambda: [1, lambda: None],
    "local class": lambda: type("Local", (), {})(),
    "many names": lambda: [getattr(collections, name) for name in sorted(collections.__all__)],
}
