"""Whatever `pickle._Unpickler` reads through `self` can be overridden, everywhere where upstream looks for
it: same results and same calls."""

import loaded_pickles
import pytest
from loaded_pickles import LOADS, PICKLES, Persistent, compare, opened, outcome
from overridden_loads import (
    ATTRIBUTES,
    METHODS,
    PLACES,
    as_a_property,
    read_in_the_middle,
    with_dispatch_entry,
    without_dispatch_entries,
)

test_every_opcode_occurs = loaded_pickles.test_every_opcode_occurs


@pytest.fixture(params=PICKLES)
def data(request):
    return PICKLES[request.param]


def test_the_names():
    assert {"find_class", "pop_mark", "_instantiate", "_decode_string", "get_extension"} <= set(METHODS)
    assert {"memo", "stack", "append", "read", "encoding", "proto", "_unframer"} <= set(ATTRIBUTES)
    assert len(LOADS) > 60


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@pytest.mark.parametrize("name", METHODS)
def test_method(name, place, data):
    compare(place, name, data)


@pytest.mark.parametrize("load", LOADS)
def test_load_method_with_its_dispatch_entry(load, data):
    compare(with_dispatch_entry, load, data)


def test_load_methods_without_dispatch_entries(data):
    """These change nothing: nobody looks for them."""
    assert compare(without_dispatch_entries, data)[-1] == []


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attribute_as_a_property(name, data):
    compare(as_a_property, name, data)


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
    compare(read_in_the_middle, name, data)


def compare_but_for_words(attempt, *args):
    """The natively read pickle raises what C raises, where upstream raises by accident."""

    def without_words(base, *args):
        kind, *rest = attempt(base, *args)
        return (kind, *rest) if kind == "value" else "error"

    compare(without_words, *args)
