"""Hooks that change any container of the graph at any moment, at random.

Ours makes the same calls as the model in the same order, so one seed brings about one storm in both:
the outcome is the model's, or an exception, and never freed memory.
"""

import io
import random

import pytest
from faces import HOOKABLE, LEAN, outcome
from own_process import run

FACES = {face.name: face for face in (LEAN, HOOKABLE)}

SEEDS = 150
# A storm that never ends would be one in which each object brings about another.
CALLS = 300


class Storm:
    """Changes something now and then, up to a number of calls."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.calls = 0
        self.containers = []

    def strike(self):
        self.calls += 1
        if self.calls > CALLS or self.random.random() < 0.6:
            return
        container = self.random.choice(self.containers)
        if isinstance(container, Thing):
            container = vars(container)
        change = self.random.choice(CHANGES)
        try:
            change(container, self)
        except (AttributeError, IndexError, KeyError, TypeError):
            pass

    def part(self):
        kind = self.random.randrange(7)
        if kind == 0:
            return Thing(self)
        if kind == 1:
            return self.random.choice(self.containers)
        parts = [[1], "".join(["te", "xt"]), (self.random.random(), ["t"]), {"k": []}, bytearray(b"ab")]
        return parts[kind - 2]


class Thing:
    """Strikes when it is asked for its state; the storm itself is no part of it."""

    def __init__(self, storm):
        storm.containers.append(self)
        self.text = "".join(["a", "b"])
        self.items = [["inner"]]

    def __getstate__(self):
        Now.storm.strike()
        return vars(self)


class Plain:
    """Goes by its type's plan."""

    def __init__(self, storm):
        self.list = ["x", ["y"]]
        self.other = Thing(storm)
        storm.containers.append(vars(self))
        storm.containers.append(self.list)


class Reduced:
    def __init__(self, items):
        self.items = items

    def __reduce__(self):
        Now.storm.strike()
        return list, (), None, self.iterate()

    def iterate(self):
        for item in list(self.items):
            Now.storm.strike()
            yield item


class Now:
    storm = None


CHANGES = [
    lambda container, storm: container.clear(),
    lambda container, storm: container.pop(),
    lambda container, storm: container.popitem(),
    lambda container, storm: container.pop(0),
    lambda container, storm: container.append(storm.part()),
    lambda container, storm: container.extend([storm.part() for _ in range(3)]),
    lambda container, storm: container.__setitem__(0, storm.part()),
    lambda container, storm: container.__setitem__(f"key {storm.calls}", storm.part()),
    lambda container, storm: container.__setitem__(next(iter(container)), storm.part()),
    lambda container, storm: container.insert(0, storm.part()),
    lambda container, storm: container.reverse(),
    lambda container, storm: container.add(storm.calls),
    lambda container, storm: container.remove(next(iter(container))),
    lambda container, storm: container.__init__(),
]


def graph(storm):
    lists = [[["a"], Thing(storm), "b"], [Thing(storm)], [[], [Thing(storm), ["c"]]]]
    dicts = [{"k": Thing(storm), "l": ["d"]}, {1: [Thing(storm)], "m": {"n": Thing(storm)}}]
    storm.containers += lists + dicts + [lists[2][1], dicts[1][1], dicts[1]["m"]]
    elements = {1, 2, 3}
    storm.containers.append(elements)
    long = [[i] for i in range(1005)]
    long[500] = long[1001] = Thing(storm)
    storm.containers.append(long)
    reduced = Reduced([Plain(storm), ["e"]])
    return [lists, Plain(storm), (dicts, [Thing(storm)]), elements, reduced, long, Plain(storm)]


def dumped_in_a_storm(base, seed, protocol):
    storm = Now.storm = Storm(seed)

    class Sub(base):
        if seed % 3 == 0:

            def persistent_id(self, obj):
                storm.strike()

        if seed % 3 == 1:

            def reducer_override(self, obj):
                storm.strike()
                return NotImplemented

    file = io.BytesIO()
    pickler = Sub(file, protocol)
    obj = graph(storm)
    try:
        pickler.dump(obj)
    finally:
        assert all(repr(type(entry[1])) for entry in pickler.memo.copy().values())
    return file.getvalue()


def storms(face, protocol):
    """Seeds at which ours gives what the model does not, and at how many both give bytes."""
    wrong, agreed = [], 0
    for seed in range(SEEDS):
        ours = outcome(dumped_in_a_storm, FACES[face].ours, seed, protocol)
        model = outcome(dumped_in_a_storm, FACES[face].model, seed, protocol)
        agreed += ours == model and ours[0] == "value"
        if ours != model and ours[0] != "error":
            wrong.append(seed)
    return wrong, agreed


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_the_outcome_is_the_models(face, protocol):
    wrong, agreed = run(storms, face.name, protocol)
    assert wrong == []
    assert agreed > SEEDS // 20
