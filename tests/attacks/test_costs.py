"""Attack: what a dump costs grows with something that is not the data.

Costs are counted where Python code takes part in them. Where it does not, the time for much of such
a thing is held against the time for little of it, with so wide a margin that noise can't decide.
"""

import abc
import contextlib
import copyreg
import gc
import io
import pickle
import sys
import time
import tracemalloc
import types
import weakref

import oxipickle
import pytest
from faces import dumped, notes

TIMES = 5

# What is held against each other would differ far more than so many times.
NOTHING = 8


def seconds(call):
    """The least of a few tries."""
    best = float("inf")
    gc.collect()
    for _ in range(TIMES):
        started = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - started)
    return best


class Reduced:
    def __init__(self, number):
        self.number = number

    def __reduce__(self):
        return Reduced, (self.number,)


class Abstract(abc.ABC):
    """Its metaclass is not `type`, so that it might compare by Python code."""


@pytest.fixture
def table():
    """`copyreg.dispatch_table`, which is afterwards as it was."""
    before = dict(copyreg.dispatch_table)
    yield copyreg.dispatch_table
    copyreg.dispatch_table.clear()
    copyreg.dispatch_table.update(before)


@pytest.mark.parametrize("key", [Abstract, type("Plain", (), {})], ids=["abstract", "plain"])
def test_the_size_of_the_dispatch_table(face, table, key):
    objs = [Reduced(number) for number in range(1000)]
    table[key] = Reduced.__reduce__
    few = seconds(lambda: dumped(face.ours, objs, 4))
    made = [type(f"Registered{number}", (), {}) for number in range(20_000)]
    table.update(dict.fromkeys(made, Reduced.__reduce__))
    many = seconds(lambda: dumped(face.ours, objs, 4))
    assert many < NOTHING * few


@pytest.mark.parametrize("key", [Abstract, type("Plain", (), {})], ids=["abstract", "plain"])
def test_the_size_of_a_picklers_own_table(face, key):
    def table_of(size):
        made = [type(f"Registered{number}", (), {}) for number in range(size)]
        return {key: Reduced.__reduce__, **dict.fromkeys(made, Reduced.__reduce__)}

    objs = [Reduced(number) for number in range(1000)]
    times = []
    for size in (10, 20_000):
        sub = type("Sub", (face.ours,), {"dispatch_table": table_of(size)})
        times.append(seconds(lambda: dumped(sub, objs, 4)))
    assert times[1] < NOTHING * times[0]


@pytest.fixture
def module(monkeypatch):
    module = types.ModuleType("module_of_many_classes")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def instances(module, base, count, prefix):
    """An instance of each of so many classes under the base."""
    made = []
    for number in range(count):
        name = f"{prefix}{number}"
        cls = type(name, (base,), {"__module__": module.__name__})
        setattr(module, name, cls)
        made.append(cls())
        made[-1].attribute = 1
    return made


def test_the_names_that_a_base_defines(face, module):
    """Each class is met for the first time by ours; the model has it learn its `__slotnames__`."""

    def first_dump(names, prefix):
        base = type("Base", (), {f"name{number}": number for number in range(names)})
        objs = instances(module, base, 500, prefix)
        dumped(face.model, objs, 4)
        started = time.perf_counter()
        dumped(face.ours, objs, 4)
        return time.perf_counter() - started

    few = min(first_dump(10, f"Few{turn}Of") for turn in range(TIMES))
    many = min(first_dump(50_000, f"Many{turn}Of") for turn in range(TIMES))
    # An instance of a large class is no larger.
    assert many < NOTHING * few


@pytest.mark.optimised
def test_more_classes_in_turn_than_are_remembered(face, module):
    """An instance of one of many classes costs about what it costs C, which remembers none."""
    base = type("Base", (), {f"name{number}": number for number in range(2000)})
    objs = instances(module, base, 6000, "Class")
    for obj in objs:
        obj.attribute = 1
    dumped(face.ours, objs, 4)
    dumped(face.ours, objs, 4)
    of_c = seconds(lambda: dumped(pickle.Pickler, objs, 4))
    assert seconds(lambda: dumped(face.ours, objs, 4)) < 5 * of_c


class Key:
    """Counts how often its text is asked for."""

    asked = 0

    def __repr__(self):
        Key.asked += 1
        return "key"

    def __reduce__(self):
        return Key, ()


class Culprit:
    def __reduce__(self):
        raise ZeroDivisionError


DEPTH = 5000
# The first and the last of an error's notes are kept; each takes one text.
FEW = 500


def nested_in_dicts():
    obj = Culprit()
    for _ in range(DEPTH):
        obj = {Key(): obj}
    return obj


def nested_in_dict_items():
    class Items:
        def __init__(self, part):
            self.part = part

        def __reduce__(self):
            return dict, (), None, None, iter([(Key(), self.part)])

    obj = Culprit()
    for _ in range(DEPTH // 10):
        obj = Items(obj)
    return obj


@pytest.mark.parametrize("make", [nested_in_dicts, nested_in_dict_items])
def test_the_texts_of_keys_whose_notes_are_dropped(face, make):
    Key.asked = 0
    try:
        dumped(face.ours, make(), 4)
    except ZeroDivisionError as error:
        kept = len(notes(error))
    assert kept < FEW
    assert Key.asked <= kept


def test_plans_keep_no_class_alive(face):
    """A class whose method tells of the class itself, as `super()` makes it do, is garbage in time."""
    refs = []
    for _ in range(200):

        class Passing:
            __slots__ = ()

            def __reduce__(self):
                super().__repr__()
                return int, ()

        dumped(face.ours, [Passing(), Passing(), Passing()], 4)
        refs.append(weakref.ref(Passing))
        del Passing
    gc.collect()
    assert sum(ref() is not None for ref in refs) == 0


KEEPS = {
    "__getstate__": lambda cls: setattr(cls, "__getstate__", lambda self: (cls, None)[1]),
    "__reduce_ex__": lambda cls: setattr(cls, "__reduce_ex__", lambda self, _: (int, (), (cls, None)[1])),
    "nothing": lambda cls: None,
}


@pytest.mark.parametrize("method", KEEPS)
def test_plans_of_every_kind_keep_no_class_alive(method):
    refs = []
    for number in range(50):
        cls = type("Passing", (), {"__module__": __name__})
        KEEPS[method](cls)
        globals()["Passing"] = cls
        for protocol in (2, 4):
            oxipickle.dumps([cls(), cls(), cls()], protocol)
        refs.append(weakref.ref(cls))
        del cls, globals()["Passing"]
    gc.collect()
    assert sum(ref() is not None for ref in refs) == 0


@pytest.mark.collector
@pytest.mark.parametrize(
    "data",
    [
        b"\x95" + bytes([100]) + bytes(7) + b"\x96" + bytes([90]) + bytes(7) + b"ab",
        b"X\x09\0\0\0ab",
        b"cos\xff",
        b"0.",
    ],
    ids=["in a frame", "text", "half a name", "underflow"],
)
@pytest.mark.parametrize("unpickler_class", [oxipickle.Unpickler, oxipickle.HookableUnpickler])
def test_an_error_leaves_nothing_for_the_collector(data, unpickler_class):
    """What was read dies with the error."""

    def fail():
        with contextlib.suppress(Exception):
            unpickler_class(io.BytesIO(data)).load()

    fail()
    gc.collect()
    gc.disable()
    try:
        fail()
        assert not gc.collect()
    finally:
        gc.enable()


@pytest.mark.parametrize("opcode, width", [(b"X", 4), (b"B", 4), (b"\x8d", 8), (b"\x8e", 8), (b"\x96", 8)])
@pytest.mark.parametrize("unpickler_class", [oxipickle.Unpickler, oxipickle.HookableUnpickler])
def test_a_claim_in_a_frame_that_is_cut_short(opcode, width, unpickler_class):
    """Upstream makes a bytearray of any size before it reads the bytes."""
    data = b"\x95" + bytes([100]) + bytes(7) + opcode + (1 << 28).to_bytes(width, "little") + b"ab"
    tracemalloc.start()
    try:
        with pytest.raises(pickle.UnpicklingError):
            unpickler_class(io.BytesIO(data)).load()
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
