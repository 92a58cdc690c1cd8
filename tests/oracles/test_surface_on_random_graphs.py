"""Random graphs: whatever is overridden, and wherever, the bytes are upstream's, and so are the calls."""

import functools
import io

import pytest
from faces import HOOKABLE, PROTOCOLS, outcome
from graph_of_kinds import Trigger
from hypothesis import given
from hypothesis import strategies as st
from overridden import METHODS, PLACES, session
from profiles import examples
from recipes import Node, build
from strategies import graphs
from test_pickler_attributes import KINDS, SETTERS, WAYS, set_memo, set_upstreams_framer
from test_pickler_attributes import session as dispatched

GIVEN_UP = ("error", RecursionError), ("error", MemoryError)
# In the midst of a dump these would take away what was written or memoized by then.
TAKE_AWAY = set_memo, set_upstreams_framer


@st.composite
def triggered(draw):
    """Recipes of graphs in which something may happen to the pickler, at some place."""
    recipe = draw(graphs())
    parents = [node for node in recipe if node.children] or recipe[:1]
    parent = parents[draw(st.integers(0, len(parents) - 1))]
    recipe.append(Node("trigger"))
    parent.children.insert(draw(st.integers(0, len(parent.children))), len(recipe) - 1)
    return recipe


def assert_same(attempt, why):
    """What an attempt comes to: the outcome, what was written, and the calls.

    Of a dump that failed, no bytes are promised; where upstream's recursion ends is nobody's promise.
    """
    model = attempt(HOOKABLE.model)
    if model[0] in GIVEN_UP:
        return
    ours = attempt(HOOKABLE.ours)
    if model[0][0] == "error":
        ours, model = (ours[0], ours[2]), (model[0], model[2])
    assert ours == model, why


@pytest.mark.parametrize("place", PLACES)
@examples(200)
@given(recipe=triggered(), protocol=st.sampled_from(PROTOCOLS))
def test_a_method_that_logs(place, recipe, protocol):
    for name in METHODS:
        assert_same(lambda base: session(base, PLACES[place], name, protocol, lambda _: build(recipe)), name)


def several(base, chosen, protocol, recipe):
    """Two dumps by one pickler whose methods log, where `chosen` are their names and where each stands."""
    log, prepared, acts = [], [], []
    cls = base
    for name, place in chosen:
        cls, prepare = PLACES[place](cls, name, log)
        prepared.append(prepare)
    file = io.BytesIO()
    pickler = cls(file, protocol)
    for prepare in prepared:
        prepare(pickler)
        acts.append(Trigger.act)
    Trigger.act = lambda: [act() for act in acts if act is not None]
    try:
        graph = build(recipe)
        result = outcome(lambda: [pickler.dump(graph), pickler.dump([graph])])
    finally:
        Trigger.act = None
    return result, file.getvalue(), log


@examples(500)
@given(
    recipe=triggered(),
    protocol=st.sampled_from(PROTOCOLS),
    chosen=st.lists(st.tuples(st.sampled_from(METHODS), st.sampled_from(list(PLACES))), max_size=4),
)
def test_several_methods_and_dumps(recipe, protocol, chosen):
    assert_same(lambda base: several(base, chosen, protocol, recipe), chosen)


def with_attribute(base, setter, in_the_middle, protocol, recipe):
    log, file = [], io.BytesIO()
    pickler = type("Sub", (base,), {})(file, protocol)
    act = functools.partial(setter, pickler, log)
    if in_the_middle:
        Trigger.act = act
    else:
        act()
    try:
        graph = build(recipe)
        result = outcome(lambda: [pickler.dump(graph), pickler.dump([graph])])
    finally:
        Trigger.act = None
    return result, file.getvalue(), log


@pytest.mark.parametrize("in_the_middle", [False, True], ids=["before", "in the middle"])
@examples(200)
@given(recipe=triggered(), protocol=st.sampled_from(PROTOCOLS))
def test_an_attribute_that_is_set(in_the_middle, recipe, protocol):
    for setter in SETTERS:
        if not (in_the_middle and setter in TAKE_AWAY):
            assert_same(
                lambda base: with_attribute(base, setter, in_the_middle, protocol, recipe), setter.__name__
            )


@examples(300)
@given(
    recipe=triggered(),
    protocol=st.sampled_from(PROTOCOLS),
    way=st.sampled_from(WAYS),
    kind=st.sampled_from(KINDS),
)
def test_a_dispatch_entry(recipe, protocol, way, kind):
    prepare = functools.partial(way, kind=kind)
    why = way.__name__, kind
    assert_same(lambda base: dispatched(base, protocol, prepare, lambda _: build(recipe)), why)
