"""The path to the culprit, as notes in the words of CPython 3.14, on every version."""

import copyreg
import re

import pytest
from faces import dumped, notes, raised


class Failure(Exception):
    pass


class Culprit:
    def __reduce__(self):
        raise Failure("culprit")


class Callable(Culprit):
    def __call__(self, *args):
        pass


class Reduced:
    def __init__(self, *value):
        self.value = value

    def __reduce__(self):
        return self.value


class WithNewArguments:
    def __init__(self, arguments):
        self.arguments = arguments

    def __getnewargs__(self):
        return self.arguments

    def __getstate__(self):
        return None


class Plain:
    def __init__(self, **attributes):
        vars(self).update(attributes)


class Slotted:
    __slots__ = ("slot",)

    def __init__(self):
        self.slot = Culprit()


class Sublist(list):
    pass


class Subdict(dict):
    pass


class BadRepr:
    def __repr__(self):
        raise ZeroDivisionError

    def __reduce__(self):
        return BadRepr, ()


C = Culprit
HERE = __name__

PATHS = {
    "list": lambda: [1, 2, C()],
    "list in list": lambda: [[0], [1, [C()]]],
    "first of a list": lambda: [C()],
    "1000th of a list": lambda: [*range(1000), C()],
    "1500th of a list": lambda: [*range(1500), C(), 3],
    "tuple": lambda: (1, C()),
    "long tuple": lambda: (*range(9), C()),
    "dict value": lambda: {"a": 1, "b": C()},
    "1200th dict value": lambda: {**dict.fromkeys(range(1200)), "b": C()},
    "dict key": lambda: {C(): 1},
    "dict value in dict": lambda: {("k", 1): {None: C()}},
    "set": lambda: {C()},
    "frozenset": lambda: frozenset([C()]),
    "attribute": lambda: Plain(a=1, b=C()),
    "attribute in attribute": lambda: Plain(a=Plain(b=[C()])),
    "slot": Slotted,
    "list subclass": lambda: Sublist([1, C()]),
    "1001th of a list subclass": lambda: Sublist([*range(1001), C()]),
    "attribute of a list subclass": lambda: with_attribute(Sublist([1])),
    "dict subclass": lambda: Subdict(a=1, b=C()),
    "dict subclass key": lambda: Subdict([(C(), 1)]),
    "callable": lambda: Reduced(Callable(), ()),
    "argument": lambda: Reduced(dict, (1, C())),
    "state": lambda: Reduced(dict, (), C()),
    "state setter": lambda: Reduced(dict, (), {"s": 1}, None, None, Callable()),
    "state with setter": lambda: Reduced(dict, (), C(), None, None, print),
    "list item": lambda: Reduced(list, (), None, iter([1, C()])),
    "dict item": lambda: Reduced(dict, (), None, None, iter([(1, 2), (3, C())])),
    "new argument": lambda: WithNewArguments((1, C())),
    "newobj argument": lambda: Reduced(copyreg.__newobj__, (Reduced, 1, C())),
    "newobj_ex argument": lambda: Reduced(copyreg.__newobj_ex__, (Reduced, (C(),), {})),
    "newobj_ex keyword": lambda: Reduced(copyreg.__newobj_ex__, (Reduced, (), {"k": C()})),
    "bytearray's neighbour": lambda: [bytearray(b"x"), C()],
    "local class": lambda: [type("Local", (), {})()],
    "lambda": lambda: {"f": lambda: 0},
}


def with_attribute(obj):
    obj.attribute = C()
    return obj


@pytest.mark.newest_words
@pytest.mark.parametrize("path", PATHS)
def test_notes_are_the_newest_interpreters(face, path, protocol):
    def attempt(pickler_class):
        try:
            return dumped(pickler_class, PATHS[path](), protocol)
        except Exception as error:
            return type(error), notes(error)

    assert attempt(face.ours) == attempt(face.model)


EXPECTED = {
    "list": ["when serializing list item 2"],
    "list in list": [
        "when serializing list item 0",
        "when serializing list item 1",
        "when serializing list item 1",
    ],
    "1500th of a list": ["when serializing list item 1500"],
    "tuple": ["when serializing tuple item 1"],
    "dict value": ["when serializing dict item 'b'"],
    "dict key": [],
    "attribute": [
        "when serializing dict item 'b'",
        f"when serializing {HERE}.Plain state",
        f"when serializing {HERE}.Plain object",
    ],
    "callable": [f"when serializing {HERE}.Reduced reconstructor", f"when serializing {HERE}.Reduced object"],
    "argument": [
        "when serializing tuple item 1",
        f"when serializing {HERE}.Reduced reconstructor arguments",
        f"when serializing {HERE}.Reduced object",
    ],
    "state": [f"when serializing {HERE}.Reduced state", f"when serializing {HERE}.Reduced object"],
    "state setter": [
        f"when serializing {HERE}.Reduced state setter",
        f"when serializing {HERE}.Reduced object",
    ],
    "list item": [f"when serializing {HERE}.Reduced item 1", f"when serializing {HERE}.Reduced object"],
    "dict item": [f"when serializing {HERE}.Reduced item 3", f"when serializing {HERE}.Reduced object"],
}


@pytest.mark.parametrize("path", EXPECTED)
def test_every_release_has_them(face, path, protocol):
    error = raised(dumped, face.ours, PATHS[path](), protocol)
    assert type(error) is Failure
    assert notes(error) == EXPECTED[path]


@pytest.mark.parametrize("protocol", range(2, 6))
def test_new_arguments_and_class(face, protocol):
    error = raised(dumped, face.ours, PATHS["new argument"](), protocol)
    assert notes(error) == [
        "when serializing tuple item 1",
        f"when serializing {HERE}.WithNewArguments __new__ arguments",
        f"when serializing {HERE}.WithNewArguments object",
    ]
    obj = PATHS["local class"]()
    name = f"{HERE}.{type(obj[0]).__qualname__}"
    assert notes(raised(dumped, face.ours, obj, protocol)) == [
        f"when serializing {name} class",
        f"when serializing {name} object",
        "when serializing list item 0",
    ]


@pytest.mark.parametrize("protocol", range(4, 6))
def test_elements(face, protocol):
    for obj in ({C()}, frozenset([C()])):
        error = raised(dumped, face.ours, obj, protocol)
        assert notes(error) == [f"when serializing {type(obj).__name__} element"]


@pytest.mark.parametrize("hook", ["persistent_id", "reducer_override", "dispatch_table"])
def test_whatever_a_hook_raises_gets_them(face, hook, protocol):
    def failing(*args):
        if isinstance(args[-1], Reduced):
            raise KeyboardInterrupt
        return None if hook == "persistent_id" else NotImplemented

    value = {Reduced: failing} if hook == "dispatch_table" else failing
    class_of = type("Sub", (face.ours,), {hook: value})
    with pytest.raises(KeyboardInterrupt) as caught:
        dumped(class_of, [1, [Reduced()]], protocol)
    assert notes(caught.value) == ["when serializing list item 0", "when serializing list item 1"]


def test_a_key_whose_repr_fails_never_replaces_the_error(face, protocol):
    error = raised(dumped, face.ours, [{BadRepr(): C()}], protocol)
    assert type(error) is Failure
    assert notes(error)[-1] == "when serializing list item 0"


def nested(depth):
    obj = C()
    for _ in range(depth):
        obj = [obj]
    return obj


NOTE = "when serializing list item 0"


def test_past_a_number_of_notes_the_middle_is_left_out(face, protocol):
    kept = notes(raised(dumped, face.ours, nested(5000), protocol))
    (left_out,) = [note for note in kept if note != NOTE]
    assert len(kept) < 500
    assert kept[0] == kept[-1] == NOTE
    assert int(re.search(r"\d+", left_out)[0]) == 5000 - (len(kept) - 1)


def test_up_to_that_number_all_are_there(face, protocol):
    limit = len(notes(raised(dumped, face.ours, nested(5000), protocol))) - 1
    assert notes(raised(dumped, face.ours, nested(limit), protocol)) == [NOTE] * limit
    one_more = notes(raised(dumped, face.ours, nested(limit + 1), protocol))
    assert one_more.count(NOTE) == limit
    assert len(one_more) == limit + 1


def test_the_outermost_and_the_innermost_are_kept(face):
    obj = Plain(x=nested(5000))
    kept = notes(raised(dumped, face.ours, {"outer": obj}, 4))
    assert kept[-1] == "when serializing dict item 'outer'"
    assert kept[0] == NOTE


def test_notes_that_were_there_stay(face):
    class Noted:
        def __reduce__(self):
            error = Failure()
            error.add_note("mine")
            raise error

    assert notes(raised(dumped, face.ours, [Noted()], 4))[0] == "mine"


def test_an_exception_that_takes_no_notes(face):
    class Stubborn(Exception):
        def add_note(self, note):
            raise ZeroDivisionError

    class Raising:
        def __reduce__(self):
            raise Stubborn

    assert type(raised(dumped, face.ours, [Raising()], 4)) is Stubborn
