"""States that went to their instances at once, and that the memo keeps: whoever looks into them finds what
the model's unpickler has there."""

import gc
import io
import pickle
import weakref

import oxipickle
import pytest
from faces import outcome
from test_direct_state import CALLS, CLASSES, STATES, Both, Plain, Watching, content, text

MODULES = [oxipickle, pickle]
FILES = [io.BytesIO, lambda data: io.BufferedReader(io.BytesIO(data))]


def new(cls):
    return f"c{cls.__module__}\n{cls.__qualname__}\n)\x81\x94".encode("latin1")


def told(value):
    """What can be seen of a value, the order in dicts included."""
    if type(value) is dict:
        return [(told(key), told(item)) for key, item in value.items()]
    if type(value) in (list, tuple):
        return type(value), [told(item) for item in value]
    return content(value)


def memo_after(module, file, loads=1, base=None):
    """What one unpickler loads, and its memo."""
    CALLS.clear()
    unpickler = (base or module.Unpickler)(file)
    outcomes = [outcome(unpickler.load) for _ in range(loads)]
    loaded = [(kind, told(value) if kind == "value" else value) for kind, value in outcomes]
    return loaded, list(CALLS), told(unpickler.memo.copy())


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("state", STATES)
def test_the_memo_is_the_models(cls, state, file):
    for after in (b".", b"\x94.", b"", b"R"):
        data = new(cls) + STATES[state] + after
        ours, theirs = (memo_after(module, file(data)) for module in MODULES)
        assert ours == theirs


@pytest.mark.parametrize("state", ["dict", "slots", "one item", "slots, one item", "the same key twice"])
@pytest.mark.parametrize("index", range(6))
@pytest.mark.parametrize("protocol", [b"", b"\x80\x04"])
def test_what_is_fetched_is_there(state, index, protocol):
    fetch = b"h" + bytes([index])
    for cls in (Both, Plain):
        one = protocol + b"(" + new(cls) + STATES[state] + new(cls) + STATES[state] + fetch + fetch + b"t."
        two = protocol + b"(" + new(cls) + STATES[state] + b"t." + fetch + b"."
        for data, loads in ((one, 1), (two, 2)):
            ours, theirs = (memo_after(module, io.BytesIO(data), loads) for module in MODULES)
            assert ours == theirs


def test_fetched_by_loads_and_load():
    data = b"(" + new(Plain) + STATES["dict"] + b"h\x01h\x01t."
    for load in (oxipickle.loads, lambda data: oxipickle.load(io.BytesIO(data))):
        made, state, again = load(data)
        assert state == vars(made) == {"a": 1, "b": 2} and state is again and state is not vars(made)


@pytest.mark.parametrize("look", ["copy", "clear", "assign"])
def test_a_hook_looks_into_the_memo(look):
    def seen_by(module):
        seen = []

        class Looking(module.Unpickler):
            def persistent_load(self, pid):
                if look == "copy":
                    seen.append(told(self.memo.copy()))
                elif look == "clear":
                    self.memo.clear()
                else:
                    self.memo = {}
                seen.append(told(self.memo.copy()))
                return pid

        part = new(Plain) + STATES["dict"] + new(Both) + STATES["slots"]
        data = b"(" + part + b"K\7Q" + part + b"K\7Qt."
        return memo_after(module, io.BytesIO(data), base=Looking), seen

    assert seen_by(oxipickle) == seen_by(pickle)


def test_a_memo_is_assigned_to_another():
    second = oxipickle.Unpickler(io.BytesIO(b"N."))
    first = oxipickle.Unpickler(io.BytesIO(new(Plain) + STATES["dict"] + b"."))
    first.load()
    second.memo = first.memo
    assert told(second.memo.copy()) == told(first.memo.copy()) and second.memo.copy()[1] == {"a": 1, "b": 2}


def test_a_setter_looks_into_the_memo(monkeypatch):
    def seen_by(module):
        seen = []
        unpickler = module.Unpickler(io.BytesIO(new(Watching) + STATES["slots"] + b"."))
        monkeypatch.setattr(
            Watching, "__setattr__", lambda self, *_: seen.append(told(unpickler.memo.copy()))
        )
        unpickler.load()
        return seen

    assert seen_by(oxipickle) == seen_by(pickle) != []


class Value:
    """Can be referred to weakly."""


@pytest.mark.parametrize("module", MODULES)
def test_a_state_ends_with_its_entry(module):
    class Asking(module.Unpickler):
        def persistent_load(self, pid):
            if pid == 1:
                value = Value()
                self.value = weakref.ref(value)
                return value
            return self.value() is None

    # The instance ends, then its state's entry is taken by another object.
    made = new(Plain) + b"}\x94(" + text(b"a") + b"K\1Qub0Nq\0"
    assert Asking(io.BytesIO(made + b"K\2Q.")).load() is False
    assert Asking(io.BytesIO(made + b"q\1K\2Q.")).load() is True


@pytest.mark.parametrize(
    "state", [b"}\x94(" + text(b"a") + b"K\1Qub", b"N}\x94(" + text(b"a") + b"K\1Qu\x86\x94b"]
)
def test_the_collector_sees_what_is_kept(state):
    class Own(oxipickle.Unpickler):
        def persistent_load(self, pid):
            return self

    unpickler = Own(io.BytesIO(new(Both) + state + b"."))
    unpickler.load()
    end = weakref.ref(unpickler)
    del unpickler
    gc.collect()
    assert end() is None


def test_many_states():
    made = [Plain() for _ in range(3000)]
    for index, one in enumerate(made):
        one.a, one.b, one.c = index, [index], None
    data = pickle.dumps(made, 4)
    ours, theirs = (memo_after(module, io.BufferedReader(io.BytesIO(data))) for module in MODULES)
    assert ours == theirs
