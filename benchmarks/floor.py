"""What libraries' own functions take of a dump or a load, called directly: no pickler can take less.

A model in Python notes which functions of libraries a load calls, and which objects a dump asks for their
reduce value, leaving out those of types that ours writes without asking. Then the same is called again from a
list, with the same arguments, nothing is pickled, and the pickle's bytes are copied once, as they have to be.
"at most" is what torch.package takes over that: how many times faster a pickler would be that took no time of
its own. Times are in microseconds, the least of many.
"""

import functools
import importlib
import io
import pickle
import types
from collections.abc import Callable

import oxipickle

from benchmarks.timing import into_file, least_times
from benchmarks.torch_package import importers, torch_package
from benchmarks.workloads import WORKLOADS

# Where most of the time is libraries' own.
ROWS = ("forest of 100 trees", "frame of pandas")

# What ours writes without asking (`src/save/known`), as far as it is found there.
WRITTEN_WITHOUT_ASKING = {("numpy", "ndarray"), ("numpy", "dtype"), ("builtins", "slice")}

# A call that makes an object, and the argument of the `__setstate__` that follows, in a list, if one does.
Made = tuple[Callable[[], object], list[object]]


class NotingUnpickler(pickle._Unpickler):
    """Notes what is called to make objects, and with what state those are built that have a method for it."""

    dispatch = dict(pickle._Unpickler.dispatch)

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.made: list[Made] = []
        # The states to come, by the object's address; objects stay alive, since the model keeps them.
        self.states: dict[int, list[object]] = {}
        self.kept: list[object] = []

    def note(self, call: Callable[[], object]) -> None:
        state: list[object] = []
        self.made.append((call, state))
        self.kept.append(self.stack[-1])
        self.states[id(self.stack[-1])] = state

    def load_reduce(self) -> None:
        call = functools.partial(self.stack[-2], *self.stack[-1])
        super().load_reduce()
        self.note(call)

    def load_newobj(self) -> None:
        cls, arguments = self.stack[-2:]
        super().load_newobj()
        self.note(functools.partial(cls.__new__, cls, *arguments))

    def load_build(self) -> None:
        instance, state = self.stack[-2:]
        if hasattr(instance, "__setstate__") and id(instance) in self.states:
            self.states[id(instance)].append(copied(state))
        super().load_build()

    dispatch[pickle.REDUCE[0]] = load_reduce
    dispatch[pickle.NEWOBJ[0]] = load_newobj
    dispatch[pickle.BUILD[0]] = load_build


def copied(state: object) -> object:
    """A state of one's own, since methods take items out of it."""
    return dict(state) if type(state) is dict else state


def copy_of(data: bytes) -> bytes:
    return bytes(memoryview(data))


def made_anew(made: list[Made], data: bytes) -> list[object]:
    """Calls all of it again; what comes of it is kept to the end, as in a load."""
    objects: list[object] = [copy_of(data)]
    for call, states in made:
        instance = call()
        for state in states:
            instance.__setstate__(copied(state))  # type: ignore[attr-defined]
        objects.append(instance)
    return objects


class NotingPickler(pickle._Pickler):
    """Notes which objects are asked for their reduce value."""

    def __init__(self, file: io.BytesIO, protocol: int) -> None:
        super().__init__(file, protocol)
        self.asked: list[object] = []

    def save_reduce(self, *arguments: object, obj: object = None, **others: object) -> None:
        # A dtype is of a class of its own, derived from `dtype`.
        classes = {(c.__module__, c.__name__) for c in type(obj).__mro__[:2]}
        if obj is not None and not classes & WRITTEN_WITHOUT_ASKING:
            self.asked.append(obj)
        super().save_reduce(*arguments, obj=obj, **others)


def asked_anew(objects: list[object], protocol: int, data: bytes) -> list[object]:
    return [copy_of(data), *(obj.__reduce_ex__(protocol) for obj in objects)]


def of_load(obj: object) -> list[Callable[[], object]]:
    """The calls that a load makes, ours, and torch.package's."""
    data = pickle.dumps(obj, 4)
    model = NotingUnpickler(io.BytesIO(data))
    model.load()
    theirs, ours = importers()
    unpickler = importlib.import_module("torch_package_alone._package_unpickler").PackageUnpickler
    return [
        functools.partial(made_anew, model.made, data),
        lambda: oxipickle.create_unpickler(io.BytesIO(data), ours).load(),
        lambda: unpickler(theirs, io.BytesIO(data)).load(),
    ]


def of_dump(obj: object, torch: types.ModuleType, protocol: int) -> list[Callable[[], object]]:
    """As `of_load`, of a dump."""
    file = io.BytesIO()
    model = NotingPickler(file, protocol)
    model.dump(obj)
    theirs, ours = importers()
    return [
        functools.partial(asked_anew, model.asked, protocol, file.getvalue()),
        lambda: into_file(lambda file: oxipickle.create_pickler(file, ours, protocol), obj),
        lambda: into_file(lambda file: torch.create_pickler(file, theirs, protocol), obj),
    ]


def main(only: str | None, quick: bool) -> None:
    torch = torch_package()
    if torch is None:
        print("left out: torch.package (neither PyTorch nor OXIPICKLE_TORCH_SOURCE)")
        return
    print(f"{'':40}{'libraries':>12}{'ours':>12}{'torch.package':>15}{'over ours':>12}{'at most':>10}")
    for name in ROWS:
        if only and only not in name:
            continue
        obj = WORKLOADS[name][0]()
        questions = {"load": of_load(obj)}
        questions |= {f"dump, protocol {n}": of_dump(obj, torch, n) for n in (3, 4)}
        for question, calls in questions.items():
            least, ours, theirs = (seconds * 1e6 for seconds in least_times(calls))
            print(
                f"{f'{name}, {question}':40}{least:12.0f}{ours:12.0f}{theirs:15.0f}"
                f"{theirs / ours:12.1f}{theirs / least:10.1f}",
                flush=True,
            )
