"""`persistent_id` over random data: it is asked as the model's is, whatever it does meanwhile."""

import functools
import random

import pytest
from faces import HOOKABLE, LEAN, dumped, outcome

# Where many cases of one test differ by their seed alone.
SEEDS = range(40)


class Point:
    def __init__(self, x):
        self.x = x


class Data:
    """Random data, and all containers of it that can be changed, in the order in which they were made."""

    def __init__(self, draw):
        self.draw = draw
        self.lists, self.dicts, self.made = [], [], []
        self.root = [self.value(4) for _ in range(draw.randrange(1, 9))]
        self.lists.append(self.root)

    def leaf(self):
        draw = self.draw
        return draw.choice(
            [
                lambda: None,
                lambda: draw.random() < 0.5,
                lambda: draw.randrange(-5, 300),
                lambda: draw.randrange(-(2**70), 2**70),
                lambda: draw.random(),
                lambda: f"text {draw.randrange(20)}",
                lambda: chr(draw.randrange(32, 900)) * draw.randrange(3),
                lambda: "long " * draw.choice([50, 60, 15_000]),
                lambda: b"bytes %d" % draw.randrange(20),
                lambda: b"",
                lambda: (),
                lambda: bytearray(b"array"),
                lambda: len,
                lambda: Point,
            ]
        )()

    def value(self, depth):
        draw = self.draw
        if self.made and draw.random() < 0.2:
            return draw.choice(self.made)
        made = self.container(depth) if depth and draw.random() < 0.6 else self.leaf()
        self.made.append(made)
        return made

    def container(self, depth):
        draw = self.draw
        size = draw.choice([0, 1, 2, 3, 5, 8] + [1001] * (draw.random() < 0.02))
        kind = draw.choice(["list", "list", "dict", "dict", "tuple", "set", "frozenset", "object"])
        if kind == "list":
            items = []
            self.lists.append(items)
            if draw.random() < 0.3:
                self.made.append(items)
            items.extend(self.value(depth - 1) for _ in range(size))
            return items
        if kind == "dict":
            entries = {}
            self.dicts.append(entries)
            if draw.random() < 0.3:
                self.made.append(entries)
            for i in range(size):
                key = draw.choice([f"key {i}", i, (i, f"key {i}"), "key"])
                entries[key] = self.value(depth - 1)
            return entries
        if kind == "tuple":
            return tuple(self.value(depth - 1) for _ in range(size))
        if kind == "object":
            return Point(self.value(depth - 1))
        return {"set": set, "frozenset": frozenset}[kind](f"element {i}" for i in range(min(size, 1)))


def grow(data, pickler):
    if len(data.root) < 50:
        data.draw.choice(data.lists).append("new")


def shrink(data, pickler):
    items = data.draw.choice(data.lists)
    if items:
        items.pop(data.draw.randrange(len(items)))


def clear(data, pickler):
    data.draw.choice(data.lists).clear()


def replace(data, pickler):
    items = data.draw.choice(data.lists)
    items[:] = [data.leaf() for _ in items]


def replace_values(data, pickler):
    if data.dicts:
        entries = data.draw.choice(data.dicts)
        for key in entries:
            entries[key] = data.leaf()


def grow_dict(data, pickler):
    if data.dicts:
        entries = data.draw.choice(data.dicts)
        entries[f"new {len(entries)}"] = "value"


def clear_dict(data, pickler):
    if data.dicts:
        data.draw.choice(data.dicts).clear()


def let_go(data, pickler):
    """What the graph alone holds now is freed as soon as that lets it go."""
    data.made.clear()
    data.root.clear()


def exchange(data, pickler):
    pickler.persistent_id = lambda obj: "id" if type(obj) is float else None


def take_away(data, pickler):
    pickler.persistent_id = lambda obj: None
    del pickler.persistent_id


def fail(data, pickler):
    raise ZeroDivisionError


def write_all(data, pickler):
    pickler.fast = True


def save(data, pickler):
    pickler.save(data.draw.choice(data.made or [None]))


def override(data, pickler):
    save = pickler.save
    pickler.save = lambda obj, *rest: save(obj, *rest)


def memoize_nothing(data, pickler):
    pickler.memoize = lambda obj: None


def write_in_text(data, pickler):
    pickler.bin = False


ACTS = [grow, shrink, clear, replace, replace_values, grow_dict, clear_dict, let_go, fail]
# The lean face looks its hooks up when a dump begins.
HOOKABLE_ACTS = [*ACTS, exchange, take_away, write_all, save, override, memoize_nothing, write_in_text]


def told(obj):
    """What tells one object from others in both logs."""
    if hasattr(type(obj), "__len__"):
        return type(obj).__name__, len(obj)
    return type(obj).__name__, repr(obj)[:30].partition(" at ")[0]


def pickled(base, seed, protocol, acts, where):
    data = Data(random.Random(seed))
    log = []
    due = {data.draw.randrange(60): act for act in acts}
    has_ids = data.draw.random() < 0.3

    def hook(pickler, obj):
        log.append(told(obj))
        act = due.pop(len(log), None)
        if act is not None:
            act(data, pickler)
        return ("id", len(log)) if has_ids and type(obj) is bytes else None

    class Sub(base):
        if where == "class":
            persistent_id = hook
        else:

            def __init__(self, *arguments):
                super().__init__(*arguments)
                self.persistent_id = functools.partial(hook, self)

    return outcome(dumped, Sub, data.root, protocol), log


@pytest.mark.parametrize("where", ["class", "instance"])
@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("face", [LEAN, HOOKABLE], ids=repr)
def test_asked_in_turn(face, protocol, where):
    acts = HOOKABLE_ACTS if face is HOOKABLE else ACTS
    for seed in SEEDS:
        draw = random.Random(seed)
        chosen = draw.sample(acts, draw.choice([0, 0, 1, 1, 2]))
        (ours, our_log), (model, log) = (pickled(base, seed, protocol, chosen, where) for base in face.both())
        assert ours == model, (seed, chosen)
        if ours[0] == "error":
            # A change of a container, and recursion, may be noticed some objects earlier or later.
            both = min(len(our_log), len(log))
            our_log, log = our_log[:both], log[:both]
        assert our_log == log, (seed, chosen)
