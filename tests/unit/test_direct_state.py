"""State that goes from the stack to the instance at once: nobody can tell, whatever the pickle.

The pickles memoize enough before that what is never fetched gets no entry.
"""

import io
import pickle

import oxipickle
import pytest
from faces import outcome

MANY = b"N" + b"\x94" * 300 + b"0"

CALLS = []


class Plain:
    pass


class Slotted:
    __slots__ = ("a", "b")


class Both(Slotted):
    __slots__ = ("__dict__",)


class Shadowed:
    @property
    def a(self):
        return self.__dict__.get("a")


class Watching:
    __slots__ = ("a", "b", "c")

    def __setattr__(self, name, value):
        CALLS.append((name, value))
        object.__setattr__(self, name, value)


class Stated:
    def __setstate__(self, state):
        CALLS.append(state)


class Asked:
    def __getattr__(self, name):
        CALLS.append(name)
        raise AttributeError(name)


class Refusing:
    __slots__ = ("a",)

    def __setattr__(self, name, value):
        raise ValueError(name)


def text(characters):
    return b"\x8c" + bytes([len(characters)]) + characters


A, B = text(b"a"), text(b"b")
PAIRS = A + b"K\1" + B + b"K\2"
STATES = {
    "dict": b"}\x94(" + PAIRS + b"ub",
    "dict not memoized": b"}(" + PAIRS + b"ub",
    "one item": b"}\x94" + A + b"K\1sb",
    "the same key twice": b"}\x94(" + A + b"K\1" + B + b"K\2" + A + b"K\3ub",
    "keys that are no strings": b"}\x94(" + A + b"K\1K\7K\2ub",
    "only a key that is no string": b"}\x94(K\7K\2ub",
    "an unhashable key": b"}\x94(]K\2ub",
    "nothing": b"}\x94(ub",
    "odd": b"}\x94(" + A + b"ub",
    "a dict with content": b"}\x94" + A + b"K\1s(" + B + b"K\2ub",
    "twice": b"}\x94(" + PAIRS + b"ub}\x94(" + A + b"K\5ub",
    "setstate of its own": b"}\x94(" + text(b"__setstate__") + b"cbuiltins\nlist\nub}\x94(" + PAIRS + b"ub",
    "held on the stack": b"}2\x940(" + PAIRS + b"ub",
    "slots": b"N}\x94(" + PAIRS + b"u\x86\x94b",
    "slots not memoized": b"N}(" + PAIRS + b"u\x86b",
    "slots, one item": b"N}\x94" + A + b"K\1s\x86\x94b",
    "slots under a mark": b"(N}\x94(" + PAIRS + b"u\x86\x94b",
    "slots and a name that is none": b"N}\x94(" + text(b"nothing") + b"K\1u\x86\x94b",
    "slots and no string": b"N}\x94(K\1K\2u\x86\x94b",
    "slots and a dict": b"}\x94(" + text(b"c") + b"K\3u}\x94(" + PAIRS + b"u\x86\x94b",
    "slots and something": b"K\0}\x94(" + PAIRS + b"u\x86\x94b",
    "slots, cut short": b"N}\x94(" + PAIRS + b"u\x86\x94",
    "slots, cut shorter": b"N}\x94(" + PAIRS + b"u\x86",
}
CLASSES = [Plain, Slotted, Both, Shadowed, Watching, Stated, Asked, Refusing]


def content(obj):
    """What can be seen of an instance."""
    if type(obj) not in CLASSES:
        return obj
    slots = [getattr(obj, name, "unset") for name in ("a", "b", "c") if name in dir(type(obj))]
    return type(obj), list(getattr(obj, "__dict__", {}).items()), slots


def loaded(module, data):
    CALLS.clear()
    kind, value = outcome(module.loads, data)
    if kind == "value":
        value = [content(part) for part in value] if isinstance(value, (list, tuple)) else content(value)
    return kind, value, list(CALLS)


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("state", STATES)
def test_same_as_the_model(cls, state):
    new = f"c{__name__}\n{cls.__qualname__}\n)\x81".encode("latin1")
    for before in (b"", MANY):
        for after in (b".", b"\x94."):
            data = before + new + STATES[state] + after
            assert loaded(oxipickle, data) == loaded(pickle, data)


@pytest.mark.parametrize("index", range(300, 306))
@pytest.mark.parametrize("state", ["dict", "slots", "one item", "slots, one item"])
def test_what_is_fetched_later_is_there(state, index):
    # The fetched object is a part of the result: the state itself, the tuple, or another.
    for cls in (Both, Plain):
        new = f"(c{__name__}\n{cls.__qualname__}\n)\x81\x94".encode("latin1")
        data = MANY + new + STATES[state] + b"j" + index.to_bytes(4, "little") + b"t."
        assert loaded(oxipickle, data) == loaded(pickle, data)


def test_an_index_farther_ahead_than_the_pickle_is_long():
    def index(i):
        return i.to_bytes(4, "little")

    many = b"N" + b"".join(b"r" + index(i) for i in range(256)) + b"0"
    data = many + b"Nr" + index(270) + b"0]r" + index(300) + b"0j" + index(300) + b"0j" + index(270) + b"."
    assert oxipickle.loads(data) is pickle.loads(data) is None


def test_a_hook_in_the_middle_sees_a_whole_stack():
    data = MANY + b"".join(
        f"c{__name__}\nWatching\n)\x81N}}\x94(".encode("latin1") + PAIRS + b"u\x86\x94b0" for _ in range(3)
    )
    assert oxipickle.loads(data + b"K\7.") == 7
    assert oxipickle.Unpickler(io.BytesIO(data + b"K\7.")).load() == 7


def first_setstate(self, state):
    CALLS.append(("first", state))


def second_setstate(self, state):
    CALLS.append(("second", state))


def watching_setattr(self, name, value):
    CALLS.append((name, value))
    object.__setattr__(self, name, value)


def watching_getattribute(self, name):
    CALLS.append(name)
    return object.__getattribute__(self, name)


CHANGES = {
    "a data descriptor": ("a", property(lambda self: 5)),
    "a method set anew": ("__setstate__", second_setstate),
    "a setter": ("__setattr__", watching_setattr),
    "a look-up": ("__getattribute__", watching_getattribute),
}
CHANGING = []


def change(kind):
    setattr(CHANGING[0], *CHANGES[kind])


def forget(name):
    delattr(CHANGING[0], name)


CALLS_THAT_CHANGE = [(stated, change, kind) for stated in (False, True) for kind in CHANGES]
CALLS_THAT_CHANGE.append((True, forget, "__setstate__"))


@pytest.mark.parametrize("body", [{}, {"__slots__": ("a", "b")}, {"__slots__": ()}])
@pytest.mark.parametrize(("stated", "function", "argument"), CALLS_THAT_CHANGE)
def test_a_class_that_changes_between_two_instances(body, stated, function, argument, monkeypatch):
    """What was found out about a class holds no longer than its contents."""
    build = f"c{__name__}\nChanging\n)\x81".encode("latin1") + STATES["slots" if body else "dict"]
    changed = pickle.dumps(function, 2)[2:-1] + pickle.dumps((argument,), 2)[2:-1] + b"R0"
    answers = []
    for module in (oxipickle, pickle):
        cls = type("Changing", (), body | ({"__setstate__": first_setstate} if stated else {}))
        monkeypatch.setitem(globals(), "Changing", cls)
        CHANGING[:] = [cls]
        CALLS.clear()
        kind, value = outcome(module.loads, MANY + b"(" + build + build + changed + build + build + b"t.")
        if kind == "value":
            value = [(type(one).__name__, getattr(one, "__dict__", None)) for one in value]
        answers.append((kind, value, list(CALLS)))
    assert answers[0] == answers[1]


def test_a_name_that_many_classes_share(monkeypatch):
    """What was found out about a name holds for the class alone that it was found out for."""
    shadowed = {"a": property(lambda self: 5)}
    data = [MANY, b"(", A, b"r\xff\xff\0\0"]
    for i in range(600):
        monkeypatch.setitem(globals(), f"Sharing{i}", type(f"Sharing{i}", (), shadowed if i > 300 else {}))
        data.append(f"c{__name__}\nSharing{i}\n)\x81}}(j".encode("latin1") + b"\xff\xff\0\0K\1ub")
    answers = [module.loads(b"".join(data) + b"t.") for module in (oxipickle, pickle)]
    ours, theirs = ([one.__dict__ for one in answer[1:]] for answer in answers)
    assert ours == theirs


LOADING = []


class Dying:
    def __del__(self):
        CALLS.append(sorted(LOADING[0].memo.copy()))


def test_a_value_that_dies_when_its_slot_is_filled_anew():
    """Its finaliser finds the memo as it is at that moment."""
    new, dying = (f"c{__name__}\n{name}\n)\x81".encode("latin1") for name in ("Slotted", "Dying"))
    data = new + b"q\0N}(" + A + dying + b"u\x86bq\1N}(" + A + b"K\1u\x86bq\2."
    answers = []
    for module in (oxipickle, pickle):
        LOADING[:] = [module.Unpickler(io.BytesIO(data))]
        CALLS.clear()
        answers.append((LOADING[0].load().a, list(CALLS)))
    assert answers[0] == answers[1] == (1, [[0, 1]])
