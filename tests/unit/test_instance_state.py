"""BUILD on instances whose classes or dicts are not the ordinary ones, or change on the way."""

import collections
import io
import pickle

import pytest
from faces import UNPICKLERS, outcome

# What the pickles find, by name, made afresh for each load.
FOUND = {}


@pytest.fixture(params=UNPICKLERS, ids=lambda face: face.name)
def unpicklers(request):
    return request.param


def loaded(unpickler_class, data):
    """What a pickle of one frame comes to: its bytes are all at hand, and can be looked at ahead."""

    class Finding(unpickler_class):
        def find_class(self, module, name):
            return FOUND[name]

    return Finding(io.BytesIO(b"\x80\4\x95" + len(data).to_bytes(8, "little") + data)).load()


def found(name):
    return b"cm\n" + name.encode() + b"\n"


def text(characters):
    return b"\x8c" + bytes([len(characters)]) + characters


A, B = text(b"a"), text(b"b")

# The first lets the state go to the instance directly, the others don't.
STATES = {
    "only on the stack": b"}(" + A + b"K\1" + B + b"K\2ub",
    "memoized": b"}\x94(" + A + b"K\1" + B + b"K\2ub",
    "item by item": b"}" + A + b"K\1s" + B + b"K\2sb",
    "beside slots": b"}(" + A + b"K\1" + B + b"K\2u}\x86b",
}


@pytest.fixture(params=STATES.values(), ids=STATES)
def state(request):
    return request.param


class Telling(dict):
    """A dict that tells what is stored in it."""

    def __setitem__(self, key, value):
        super().__setitem__(key, [value])


@pytest.mark.parametrize("dict_class", [Telling, collections.OrderedDict, dict])
def test_a_dict_of_a_subclass_is_told(unpicklers, state, dict_class):
    def contents(unpickler_class):
        class WithDict:
            def __new__(cls):
                self = super().__new__(cls)
                self.__dict__ = dict_class(z=0)
                return self

        FOUND["C"] = WithDict
        own = vars(loaded(unpickler_class, found("C") + b")\x81" + state + b"."))
        return type(own), list(own.items()), list(reversed(own))

    ours, model = map(contents, unpicklers.both())
    assert ours == model


def changes_of_the_class(cls, attribute_class):
    """Changes after which an attribute that was stored in the dict is set another way, were it set."""
    data_descriptor = property(lambda self: None, lambda self, value: pytest.fail("was set"))

    class Descriptor:
        def __set__(self, instance, value):
            pytest.fail("was set")

    return {
        "a property": lambda: setattr(cls, "b", data_descriptor),
        "a setter of the attribute's class": lambda: setattr(attribute_class, "__set__", Descriptor.__set__),
        "another class of the attribute": lambda: setattr(cls.b, "__class__", Descriptor),
        "a setattr": lambda: setattr(cls, "__setattr__", Descriptor.__set__),
    }


CHANGES = list(changes_of_the_class(None, None))


def changeable_class():
    class Attribute:
        pass

    class Changeable:
        b = Attribute()

    return Changeable, changes_of_the_class(Changeable, Attribute)


@pytest.mark.parametrize("change", CHANGES)
def test_a_class_that_changes_between_two_instances(unpicklers, state, change):
    def contents(unpickler_class):
        FOUND["C"], changes = changeable_class()
        FOUND["change"] = changes[change]
        instance = found("C") + b")\x81" + state
        data = b"(" + instance + found("change") + b")R0" + instance + b"t."
        return [list(instance.__dict__.items()) for instance in loaded(unpickler_class, data)]

    ours, model = map(contents, unpicklers.both())
    assert ours == model


@pytest.mark.parametrize("change", ["a property", "a setattr"])
def test_a_class_that_changes_within_an_instance(unpicklers, state, change):
    def contents(unpickler_class):
        cls, changes = changeable_class()

        class Finalised:
            def __del__(self):
                changes[change]()

        class WithOldValue:
            def __new__(self):
                instance = cls()
                instance.a = Finalised()
                return instance

        FOUND["C"] = WithOldValue
        instance = loaded(unpickler_class, found("C") + b")\x81" + state + b".")
        return list(instance.__dict__.items())

    ours, model = map(contents, unpicklers.both())
    assert ours == model


class Moved(collections.OrderedDict):
    """A dict whose order is another than that of its entries in memory."""

    def __init__(self):
        super().__init__(a=1, b=2)
        self.move_to_end("a")


class Answering(dict):
    def __init__(self):
        super().__init__(z=0)

    def items(self):
        return iter([["b", 4], ("a", 3)])


class HasItems:
    def items(self):
        return {"a": 5}.items()


class HasNone:
    pass


class HasStrangeItems:
    def items(self):
        return [("a",)]


@pytest.mark.parametrize("state_class", [Moved, Answering, HasItems, HasNone, HasStrangeItems])
def test_a_state_that_is_no_exact_dict(unpicklers, state_class):
    def outcomes(unpickler_class):
        class Plain:
            pass

        class Slotted:
            __slots__ = ("a", "b")

        FOUND.update(C=Plain, S=Slotted, State=state_class)
        new = found("State") + b")R"
        for data in (found("C") + b")\x81" + new + b"b.", found("S") + b")\x81N" + new + b"\x86b."):
            kind, value = outcome(loaded, unpickler_class, data)
            if kind == "value":
                slots = [getattr(value, name, None) for name in ("a", "b")]
                value = list(getattr(value, "__dict__", {}).items()), slots
            yield kind, value

    ours, model = (list(outcomes(unpickler_class)) for unpickler_class in unpicklers.both())
    if state_class is HasNone:
        # Bad data is C's error on both faces, and upstream's too on the hookable one.
        for (kind, error), (_, models) in zip(ours, model, strict=True):
            assert kind == "error" and issubclass(error, pickle.UnpicklingError) and issubclass(error, models)
    else:
        assert ours == model


def test_none_as_setstate(unpicklers, state):
    # Up to 3.12 the Python class takes it for none.
    def contents(unpickler_class):
        class Unstated:
            __setstate__ = None

        FOUND["C"] = Unstated
        kind, value = outcome(loaded, unpickler_class, found("C") + b")\x81" + state + b".")
        return kind, list(vars(value).items()) if kind == "value" else value

    ours, model = map(contents, unpicklers.both())
    assert ours == model
