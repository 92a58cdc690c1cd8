"""Whatever `pickle._Unpickler` reads through `self` can be overridden, everywhere where upstream looks for
it: same results and same calls."""

import pickle
import types

import loaded_pickles
import pytest
from loaded_pickles import LOADS, PICKLES, READ_THROUGH_SELF, Persistent, compare, described, opened, outcome

METHODS = [name for name in READ_THROUGH_SELF if callable(getattr(pickle._Unpickler, name, None))]
ATTRIBUTES = [name for name in READ_THROUGH_SELF if name not in METHODS and name != "dispatch"]

test_every_opcode_occurs = loaded_pickles.test_every_opcode_occurs


@pytest.fixture(params=PICKLES)
def data(request):
    return PICKLES[request.param]


def logging(base, name, log):
    """A method that notes how it was called, and what the unpickler was like, and does what the base does."""
    original = vars(Persistent).get(name) or getattr(base, name)

    def method(self, *args):
        state = len(self.stack), len(self.metastack), len(self.memo), self.proto
        log.append((name, *map(described, args), *state))
        return original(self, *args)

    return method


def test_the_names():
    assert {"find_class", "pop_mark", "_instantiate", "_decode_string", "get_extension"} <= set(METHODS)
    assert {"memo", "stack", "append", "read", "encoding", "proto", "_unframer"} <= set(ATTRIBUTES)
    assert len(LOADS) > 60


@pytest.mark.parametrize("name", METHODS)
def test_method_in_the_class(name, data):
    def attempt(base):
        log = []
        cls = type("Sub", (Persistent, base), {name: logging(base, name, log)})
        return outcome(opened(cls, data).load, log)

    compare(attempt)


@pytest.mark.parametrize("name", METHODS)
def test_method_of_the_instance(name, data):
    def attempt(base):
        log = []
        unpickler = opened(type("Sub", (Persistent, base), {}), data)
        setattr(unpickler, name, types.MethodType(logging(base, name, log), unpickler))
        return outcome(unpickler.load, log)

    compare(attempt)


@pytest.mark.parametrize("name", METHODS)
def test_method_assigned_to_a_base(name, data):
    def attempt(base):
        log = []
        parent = type("Parent", (Persistent, base), {})
        unpickler = opened(type("Sub", (parent,), {}), data)
        first = outcome(unpickler.load, log)
        setattr(parent, name, logging(base, name, log))
        again = opened(type(unpickler), data)
        return first, outcome(again.load, log), outcome(unpickler.load, log)

    compare(attempt)


@pytest.mark.parametrize("where", ["class", "instance"])
@pytest.mark.parametrize("name", METHODS)
def test_method_set_in_the_middle(name, where, data):
    def attempt(base):
        log = []

        def set_it(self):
            if where == "class":
                setattr(type(self), name, logging(base, name, log))
            else:
                setattr(self, name, types.MethodType(logging(base, name, log), self))

        class Sub(Persistent, base):
            def find_class(self, *args):
                set_it(self)
                return base.find_class(self, *args)

            def persistent_load(self, pid):
                set_it(self)
                return pid

        return outcome(opened(Sub, data).load, log)

    compare(attempt)


@pytest.mark.parametrize("load", LOADS)
def test_load_method_with_its_dispatch_entry(load, data):
    def attempt(base):
        log = []
        method = logging(base, load, log)
        codes = [code for code, found in pickle._Unpickler.dispatch.items() if found.__name__ == load]
        space = {load: method, "dispatch": {**base.dispatch, **dict.fromkeys(codes, method)}}
        return outcome(opened(type("Sub", (Persistent, base), space), data).load, log)

    compare(attempt)


def test_load_methods_without_dispatch_entries(data):
    """These change nothing: nobody looks for them."""

    def attempt(base):
        log = []
        space = {load: logging(base, load, log) for load in LOADS}
        return outcome(opened(type("Sub", (Persistent, base), space), data).load, log)

    assert compare(attempt)[-1] == []


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attribute_as_a_property(name, data):
    def attempt(base):
        log = []

        def get(self):
            log.append("get")
            try:
                return self.__dict__["kept"]
            except KeyError:
                raise AttributeError(name) from None

        def put(self, value):
            log.append("set")
            self.__dict__["kept"] = value

        cls = type("Sub", (Persistent, base), {name: property(get, put)})
        return outcome(opened(cls, data).load, log)

    compare(attempt)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attribute_of_the_class(name, data):
    def attempt(base):
        cls = type("Sub", (Persistent, base), {name: "class's own"})
        return outcome(opened(cls, data).load, [])

    compare(attempt)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attribute_set_before(name, data):
    def attempt(base, value):
        unpickler = opened(type("Sub", (Persistent, base), {}), data)
        setattr(unpickler, name, value)
        return outcome(unpickler.load, [])

    for value in (None, 7, "utf-8", [], {}):
        compare_but_for_words(attempt, value)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attribute_deleted_before(name, data):
    def attempt(base):
        unpickler = opened(type("Sub", (Persistent, base), {}), data)
        vars(unpickler).pop(name, None)
        return outcome(unpickler.load, [])

    if name != "memo":
        compare_but_for_words(attempt)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attribute_set_in_the_middle(name, data):
    def attempt(base, value):
        class Sub(base):
            def find_class(self, *args):
                setattr(self, name, value)
                return base.find_class(self, *args)

            def persistent_load(self, pid):
                setattr(self, name, value)
                return pid

        return outcome(opened(Sub, data).load, [])

    for value in (None, 2, "utf-8", [].append, {}):
        compare_but_for_words(attempt, value)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attribute_read_in_the_middle(name, data):
    """What is there may be an object of ours: it is told by what it can do, and the load goes on."""

    def attempt(base):
        log = []

        def look(self):
            value = getattr(self, name)
            log.append(len(value) if hasattr(value, "__len__") else callable(value))

        class Sub(base):
            def find_class(self, *args):
                look(self)
                found = base.find_class(self, *args)
                look(self)
                return found

            def persistent_load(self, pid):
                look(self)
                return pid

        return outcome(opened(Sub, data).load, log)

    compare(attempt)


def compare_but_for_words(attempt, *args):
    """The natively read pickle raises what C raises, where upstream raises by accident."""

    def without_words(base, *args):
        kind, *rest = attempt(base, *args)
        return (kind, *rest) if kind == "value" else "error"

    compare(without_words, *args)
