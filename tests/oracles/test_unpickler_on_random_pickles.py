"""Random pickles: whatever of an unpickler is overridden, results and calls are upstream's."""

import copyreg
import io
import pickle

import oxipickle
import pytest
from closed import closed
from faces import PROTOCOLS
from hypothesis import given
from hypothesis import strategies as st
from loaded_pickles import BASES, LOADS
from oracle import differ_from_python
from overridden_loads import (
    ATTRIBUTES,
    METHODS,
    PLACES,
    as_a_property,
    read_in_the_middle,
    with_dispatch_entry,
    without_dispatch_entries,
)
from pickles import long, random_opcodes, valid
from profiles import examples
from recipes import build
from shapes import shape
from strategies import graphs


@st.composite
def of_graphs(draw):
    """What the interpreter makes of a random graph."""
    graph, protocol = build(draw(graphs())), draw(st.sampled_from(PROTOCOLS))
    try:
        return pickle.dumps(graph, protocol)
    except Exception:
        return pickle.dumps(None, protocol)


SOUND = valid() | of_graphs()


def told(attempt, base, *args):
    """What an attempt comes to, as text: objects by their shape, errors by that they are errors."""
    copyreg.clear_extension_cache()
    return _told(attempt(base, *args))


def _told(result):
    if type(result[0]) is tuple:
        return [_told(part) for part in result]
    kind, value, log = result
    if kind != "value":
        return f"error {kind.__name__}", log
    try:
        return f"value {shape(value)}", log
    except RecursionError:
        return "error RecursionError", log


def assert_same(attempt, *args):
    """The same results and calls; what can't be loaded fails for both, by whatever class."""
    ours, model = (told(attempt, base, *args) for base in BASES)
    if type(ours) is list:
        ours, model = ([(short(kind), log) for kind, log in each] for each in (ours, model))
    else:
        ours, model = ((short(kind), log) for kind, log in (ours, model))
    assert ours == model, (attempt.__name__, *args)


def short(kind):
    return "error" if kind.startswith("error") else kind


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@examples(100)
@given(data=SOUND)
def test_method(place, data):
    for name in METHODS:
        assert_same(place, name, data)


@examples(100)
@given(data=SOUND)
def test_load_method_with_its_dispatch_entry(data):
    for load in LOADS:
        assert_same(with_dispatch_entry, load, data)


@examples(300)
@given(data=SOUND)
def test_load_methods_without_dispatch_entries(data):
    assert_same(without_dispatch_entries, data)


@pytest.mark.parametrize("way", [as_a_property, read_in_the_middle], ids=lambda way: way.__name__)
@examples(300)
@given(data=SOUND)
def test_attribute(way, data):
    for name in ATTRIBUTES:
        assert_same(way, name, data)


def assert_alike(attempt, *args):
    """As `assert_same`, for a pickle that may be malformed: where both fail, by whatever class."""
    data = args[-1]
    ours, model = (told(attempt, closed(base), *args) for base in BASES)
    if type(ours) is list:
        for pair in zip(ours, model, strict=True):
            assert_alike_told(*pair, data)
        return
    assert_alike_told(ours, model, data)


def assert_alike_told(ours, model, data):
    if differ_from_python(model[0], ours[0], data):
        assert ours == model, data
    # Ours does not begin a frame that is not all there.
    if short(ours[0]) == short(model[0]) and pickle.FRAME not in data:
        if is_refused_within_a_line(ours, model, data):
            assert ours[1] == model[1][:-1], data
        else:
            assert ours[1] == model[1], data


def is_refused_within_a_line(ours, model, data):
    """Whether upstream's unpickler has called a method with what there is of a line that the data ends
    within, less its last character, and failed: ours refuses such a line first, as C's does."""
    if not (short(ours[0]) == short(model[0]) == "error" and len(model[1]) == len(ours[1]) + 1):
        return False
    name, *arguments = model[1][-1]
    lines = [each for each in arguments if isinstance(each, str) and each != "''"]
    last = (data + b"N.")[:-1].rpartition(b"\n")[2].decode("latin1")
    is_last = bool(lines) and last.endswith(lines[-1].strip("'"))
    return name in {"find_class", "persistent_load"} and is_last


# The data ends within the line that each of these opcodes takes.
CUT_LINES = [b"c.N.", b"ca\nbN.", b"ca\nb", b"P.N.", b"Pab.", b"(ia\nbN.", b"(ia\n"]
CUT_LINES += [b"Va", b"S'a'", b"I1", b"F1."]


@pytest.mark.parametrize("data", CUT_LINES)
def test_a_line_that_the_data_ends_within_is_refused_as_by_c(data):
    def calls(base):
        log = []

        class Sub(base):
            def find_class(self, *names):
                log.append(names)
                return list

            def persistent_load(self, pid):
                log.append(pid)

        with pytest.raises(pickle.UnpicklingError) as raised:
            Sub(io.BytesIO(data)).load()
        return log, str(raised.value)

    ours, model = calls(oxipickle.HookableUnpickler), calls(pickle.Unpickler)
    assert ours == model


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
@examples(300)
@given(data=random_opcodes() | long())
def test_method_and_any_opcodes(place, data):
    for name in METHODS:
        assert_alike(place, name, data)


@examples(100)
@given(data=random_opcodes() | long())
def test_load_method_and_any_opcodes(data):
    for load in LOADS:
        assert_alike(with_dispatch_entry, load, data)


def test_all_loads_are_in_the_dispatch():
    assert set(LOADS) <= {method.__name__ for method in pickle._Unpickler.dispatch.values()}
