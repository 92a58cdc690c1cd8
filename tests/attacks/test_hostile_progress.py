"""Callbacks of `progress` that take everything away while a dump or a load is under way, as hooks could."""

import functools
import gc
import io
import os
import sys
import time

import oxipickle
import pytest
from own_process import run

# Longer than up to the first call; more than is written or read between two looks at the clock.
WAIT = 0.26
TEXT = os.urandom(35_000).hex()

DUMPING = ["Pickler", "HookablePickler", "dump", "dumps"]
LOADING = ["Unpickler", "HookableUnpickler", "load", "loads"]


def waited(*parts):
    time.sleep(WAIT)
    return list(parts)


class Waits:
    def __reduce__(self):
        # Another object each time, so that it is written each time.
        return waited, (TEXT[1:],)


class WaitsNow:
    def __reduce__(self):
        time.sleep(WAIT)
        return list, ((TEXT[1:],),)


class Case:
    """A dump or a load under way, and what a callback can reach of it."""

    def __init__(self, attack, protocol):
        self.attack, self.protocol, self.calls, self.worker = attack, protocol, 0, None
        parts = [[str(i), {"k": [i]}, (i, str(i)), {str(i)}] for i in range(500)]
        self.graph = [parts, {"first": WaitsNow(), "second": [WaitsNow(), 1]}, parts, {}]
        self.file = io.BytesIO()

    def __call__(self, done, total):
        self.calls += 1
        # At the end too.
        self.attack(self)

    def dump(self, kind):
        if kind == "dumps":
            oxipickle.dumps(self.graph, self.protocol, progress=self)
        elif kind == "dump":
            oxipickle.dump(self.graph, self.file, self.protocol, progress=self)
        else:
            self.worker = getattr(oxipickle, kind)(self.file, self.protocol, progress=self)
            self.worker.dump(self.graph)

    def load(self, kind):
        data = oxipickle.dumps([Waits(), *self.graph[0], Waits(), "end"], self.protocol)
        self.file = io.BytesIO(data)
        if kind == "loads":
            oxipickle.loads(bytearray(data), progress=self)
        elif kind == "load":
            oxipickle.load(self.file, progress=self)
        else:
            self.worker = getattr(oxipickle, kind)(self.file, progress=self)
            self.worker.load()


def empties_the_graph(case):
    for container in [*case.graph[:1], case.graph]:
        for part in container:
            if isinstance(part, (list, dict)):
                part.clear()
        container.clear()
    case.graph.extend([str(i), {"k": i}] for i in range(1000))


def grows_the_graph(case):
    for part in case.graph:
        if isinstance(part, dict):
            part.update((str(i), [i]) for i in range(500))
        elif isinstance(part, list) and len(part) < 5000:
            part.extend([str(i)] for i in range(500))


def clears_the_memo(case):
    if case.worker is not None:
        case.worker.memo.clear()
        case.worker.memo = {}
        if hasattr(case.worker, "clear_memo"):
            case.worker.clear_memo()


def works_again(case):
    if case.worker is not None:
        (case.worker.load if hasattr(case.worker, "load") else functools.partial(case.worker.dump, [1]))()


def begins_anew(case):
    if case.worker is not None:
        case.worker.__init__(io.BytesIO(b"N."))


def becomes_another(case):
    if case.worker is not None:
        vars(case.worker).clear()
        case.worker.persistent_id = lambda obj: None
        case.worker.persistent_load = case.worker.find_class = lambda *names: None
        case.worker.dispatch = {}


def looks(case):
    """On the hookable face the state is shown to whoever asks."""
    for name in ("memo", "stack", "metastack", "append", "read", "framer", "write", "proto"):
        value = getattr(case.worker, name, None)
        repr(value.copy() if hasattr(value, "copy") else value)


def takes_the_stack(case):
    worker = case.worker
    if hasattr(worker, "metastack"):
        worker.stack.clear()
        worker.metastack.clear()
        worker.stack = []
        worker.read(3)


def closes_the_file(case):
    case.file.close()


def exports_the_file(case):
    case.kept = [*getattr(case, "kept", ()), case.file.getbuffer()]


def moves_the_file(case):
    case.file.seek(case.calls)
    if not case.worker or hasattr(case.worker, "dump"):
        case.file.truncate()


def collects(case):
    del case.attack
    case.attack = lambda case: gc.collect()
    case.worker = None
    gc.collect()


def interrupts(case):
    raise KeyboardInterrupt


def leaves(case):
    raise SystemExit(3)


def nests(case):
    """Each dump and load ends with a call, which begins the next."""
    oxipickle.dumps([case.calls], progress=case)


def nests_loads(case):
    oxipickle.loads(b"N.", progress=case)


def saves(case):
    if hasattr(case.worker, "save"):
        case.worker.save([case.calls, "x" * 100, case.graph[-1:]])


ATTACKS = [
    empties_the_graph,
    grows_the_graph,
    clears_the_memo,
    works_again,
    begins_anew,
    becomes_another,
    looks,
    takes_the_stack,
    closes_the_file,
    exports_the_file,
    moves_the_file,
    collects,
    interrupts,
    leaves,
    nests,
    nests_loads,
    saves,
]


def outcomes(kind, protocol):
    """How each attack ends, and that all goes well after."""
    found = {}
    for attack in ATTACKS:
        case = Case(attack, protocol)
        try:
            (case.dump if kind in DUMPING else case.load)(kind)
            found[attack.__name__] = "well"
        except BaseException as error:
            found[attack.__name__] = type(error).__name__
        assert case.calls, attack
        # The collector of 3.12.1 crashes where a view of a BytesIO is among its garbage.
        for view in getattr(case, "kept", ()):
            view.release()
        del case
        gc.collect()
        again = Case(lambda case: None, protocol)
        again.graph[1] = {}
        data = oxipickle.dumps(again.graph, protocol, progress=again)
        assert oxipickle.loads(data, progress=again) == again.graph
    return found


def assert_comes_through(found):
    """What a callback raises ends the work; one that only looks, or runs the collector, changes nothing."""
    assert found["interrupts"] == "KeyboardInterrupt" and found["leaves"] == "SystemExit"
    assert found["nests"] == found["nests_loads"] == "RecursionError"
    assert found["looks"] == found["collects"] == "well"


@pytest.mark.parametrize("kind", DUMPING)
@pytest.mark.parametrize("protocol", [1, 4], ids=lambda protocol: f"protocol{protocol}")
def test_dumps(kind, protocol):
    found = run(outcomes, kind, protocol)
    assert_comes_through(found)
    has_pickler = kind.endswith("Pickler")
    for name in ("works_again", "begins_anew"):
        assert found[name] == ("RuntimeError" if has_pickler else "well")
    assert found["closes_the_file"] == ("well" if kind == "dumps" else "ValueError")


@pytest.mark.parametrize("kind", LOADING)
@pytest.mark.parametrize("protocol", [1, 4], ids=lambda protocol: f"protocol{protocol}")
def test_loads(kind, protocol):
    found = run(outcomes, kind, protocol)
    assert_comes_through(found)
    has_unpickler = kind.endswith("Unpickler")
    assert found["works_again"] == ("RuntimeError" if has_unpickler else "well")
    assert found["closes_the_file"] == ("well" if kind == "loads" else "ValueError")


def endless(depth):
    """The callback is a function in C, so that no frame of Python's counts."""
    sys.setrecursionlimit(10**6)
    seen = []
    for work in (oxipickle.dumps, lambda *_, **options: oxipickle.loads(b"N.", **options)):
        partial = functools.partial(work)
        partial.__setstate__((work, (), {"progress": partial}, {}))
        try:
            work([1], progress=lambda done, total, partial=partial: partial([1]))
        except RecursionError:
            seen.append("RecursionError")
    return seen


def test_callbacks_that_never_end():
    assert run(endless, 0) == ["RecursionError"] * 2
