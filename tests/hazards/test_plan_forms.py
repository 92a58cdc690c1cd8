"""Hazard: what stands in an instance decides about the form of its pickle, though its type is plain."""

import copy

import pytest
from faces import assert_same_bytes, assert_same_outcome, dumped
from parts import Thing, both


class Empty:
    pass


class Slots:
    __slots__ = ("first", "second")


class SlotsAndDict:
    __slots__ = ("slot", "__dict__")


class Private:
    __slots__ = ("__private", "_Private__mangled", "__weakref__")

    def __init__(self):
        self.__private = ["private"]


class SlotsBelow(Slots):
    __slots__ = ("third",)


class SameSlotBelow(Slots):
    __slots__ = ("first",)


class DictBelow(Slots):
    pass


def made(cls, **attributes):
    obj = cls()
    for name, value in attributes.items():
        setattr(obj, name, value)
    return obj


def emptied():
    obj = Thing()
    del obj.value
    return obj


def cleared():
    obj = Thing()
    vars(obj).clear()
    return obj


def replaced(contents):
    obj = Thing()
    obj.__dict__ = contents
    return obj


FORMS = {
    "no attribute yet": Empty,
    "one attribute": lambda: made(Empty, value=1),
    "its attribute deleted": emptied,
    "its dict cleared": cleared,
    "another dict": lambda: replaced({"other": [1]}),
    "an empty other dict": lambda: replaced({}),
    "keys that are no names": lambda: replaced({1: "one", (2,): [2], None: {}, "": 0}),
    "slots without values": Slots,
    "one slot": lambda: made(Slots, second=[2]),
    "both slots": lambda: made(Slots, first=[1], second=[2]),
    "slots and an empty dict": lambda: made(SlotsAndDict, slot=1),
    "an empty slot and a dict": lambda: made(SlotsAndDict, other=[1]),
    "a slot and a dict": lambda: made(SlotsAndDict, slot=1, other=[1]),
    "neither slot nor dict": SlotsAndDict,
    "private slots": Private,
    "slots of two classes": lambda: made(SlotsBelow, third=3, first=1),
    "a slot of a base defined anew": lambda: made(SameSlotBelow, first=[1], second=2),
    "only a slot defined anew": lambda: made(SameSlotBelow, first="one"),
    "a dict below slots": lambda: made(DictBelow, first=1, other=2),
    "an empty dict below slots": lambda: made(DictBelow, first=1),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form(face, form, protocol):
    assert_same_outcome(face, lambda: [FORMS[form]() for _ in range(4)], protocol)


def test_forms_in_turn(face, protocol):
    plain = [form for form in FORMS if "slot" not in form]
    assert_same_bytes(face, lambda: [FORMS[form]() for form in plain * 3], protocol)


@pytest.mark.parametrize("base", [tuple, int, bytes, str, list, dict, set, float, bytearray, Exception])
def test_subclasses_of_builtin_types(face, base, protocol):
    """Variable sizes, items, arguments: none of these is plain."""
    cls = SUBCLASSES[base]
    assert_same_outcome(face, lambda: [made(cls, value=[1]), cls(), made(cls, value=[2]), cls()], protocol)


SUBCLASSES = {}
for _base in (tuple, int, bytes, str, list, dict, set, float, bytearray, Exception):
    _name = f"Sub{_base.__name__}"
    SUBCLASSES[_base] = globals()[_name] = type(_name, (_base,), {"__module__": __name__})


def test_a_dict_that_others_hold(face, protocol):
    def make():
        root = [Thing(), Thing(), Thing(["part"])]
        return [*root, vars(root[2]), root[2].value]

    assert_same_bytes(face, make, protocol)


def test_a_dict_that_two_instances_share(face, protocol):
    def make():
        first, second = Thing(["part"]), Thing()
        second.__dict__ = first.__dict__
        return [Thing(), Thing(), first, second]

    assert_same_bytes(face, make, protocol)


def test_a_dict_met_before_its_instance(face, protocol):
    def make():
        thing = Thing(["part"])
        return [Thing(), Thing(), vars(thing), thing]

    assert_same_bytes(face, make, protocol)


@pytest.mark.parametrize("slots", [(), ("value",)], ids=["plain", "slots"])
def test_what_is_left_on_the_class(face, slots, protocol):
    """Upstream leaves `__slotnames__` there, however the instances were saved."""

    def attempt(pickler_class):
        cls = globals()["Left"] = type("Left", (), {"__module__": __name__})
        if slots:
            cls = globals()["Left"] = type("Left", (), {"__module__": __name__, "__slots__": slots})
        left = [vars(cls).get("__slotnames__")]
        root = [cls() for _ in range(3)]
        if not slots or protocol >= 2:
            dumped(pickler_class, root, protocol)
        left.append(vars(cls).get("__slotnames__"))
        copy.copy(root[0])
        if "__slotnames__" in vars(cls):
            del cls.__slotnames__
            if not slots or protocol >= 2:
                dumped(pickler_class, root, protocol)
        left.append(vars(cls).get("__slotnames__"))
        return left

    both(face, attempt)


class Failed(Exception):
    """Its state is its own `__dict__`, which has a fixed place in it."""

    def __init__(self, *part):
        self.part = part


@pytest.mark.parametrize("order", ["dict last", "dict first", "dict between"])
def test_the_dict_of_an_exception_that_others_hold(face, order, protocol):
    def make():
        failed = Failed(["part"])
        in_order = {
            "dict last": lambda: [failed, vars(failed), failed.part],
            "dict first": lambda: [vars(failed), failed, failed.part],
            "dict between": lambda: [Failed(vars(failed)), failed, vars(failed)],
        }
        return [Failed(), Failed(), *in_order[order]()]

    assert_same_bytes(face, make, protocol)


class KeepsItsValue(Exception):
    """Reduces to a value that the graph holds too."""

    def __reduce__(self):
        return self.kept[0]


def test_the_dict_of_an_exception_in_a_value_that_others_hold(face, protocol):
    def make():
        failed = KeepsItsValue()
        failed.part = ["part"]
        kept = [(list, (), vars(failed))]
        failed.kept = kept
        return [failed, kept]

    assert_same_bytes(face, make, protocol)
