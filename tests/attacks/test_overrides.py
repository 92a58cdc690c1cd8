"""Methods of a hookable pickler that raise, recurse, return nonsense or take away what the walk rests on."""

import gc
import io

import pytest
from faces import HOOKABLE, LEAN, outcome
from own_process import run

METHODS = [
    "save",
    "save_global",
    "save_reduce",
    "memoize",
    "_batch_appends",
    "_batch_setitems",
    "persistent_id",
]


class Thing:
    def __init__(self):
        self.part = ["part"]


def graph():
    shared = ["shared"]
    return [shared, {"a": (shared, 1.5)}, Thing(), {1, 2}, (1, 2, 3, 4), int, b"bytes", shared]


def dumped(cls):
    file = io.BytesIO()
    result = outcome(lambda: cls(file, 4).dump(graph()))
    return result, file.getvalue() if result[0] == "value" else None


class Anything:
    def __getattr__(self, name):
        return self

    def __call__(self, *args, **options):
        return self


def raises(base, name):
    def method(self, *args, **options):
        raise LookupError(name)

    return method


def gives_nonsense(base, name):
    return lambda self, *args, **options: Anything()


def calls_another(base, name):
    other = {"save": "memoize", "memoize": "save_list"}.get(name, "save")

    def method(self, *args, **options):
        return getattr(base, other)(self, *args[:1])

    return method


def recurses(base, name):
    # By itself, since on 3.15 a call with `*args` is not counted as recursion.
    def endless():
        return endless()

    return lambda self, *args, **options: endless()


def replaces_itself(base, name):
    def method(self, *args, **options):
        setattr(type(self), name, getattr(base, name))
        return getattr(base, name)(self, *args, **options)

    return method


def deletes(attribute):
    def make(base, name):
        def method(self, *args, **options):
            vars(self).pop(attribute, None)
            return getattr(base, name)(self, *args, **options)

        return method

    make.__name__ = f"deletes_{attribute}"
    return make


WAYS = [raises, gives_nonsense, calls_another, recurses, replaces_itself]
WAYS += [deletes(name) for name in ("framer", "write", "proto", "bin", "fast", "fix_imports", "_file_write")]


def strike(way, name):
    """Upstream's outcome, or an exception where upstream has another."""
    ours, model = (dumped(type("Sub", (base,), {name: WAYS[way](base, name)})) for base in HOOKABLE.both())
    return ours == model or ours[0][0] == "error"


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("way", range(len(WAYS)), ids=lambda way: WAYS[way].__name__)
def test_upstreams_outcome_or_an_exception(way, name):
    assert run(strike, way, name)


def deep(depth):
    class Plain(HOOKABLE.ours):
        def save(self, obj, save_persistent_id=True):
            return super().save(obj, save_persistent_id)

    data = []
    for _ in range(depth):
        data = [data]
    return outcome(Plain(io.BytesIO(), 4).dump, data)[1].__name__


def test_a_chain_through_an_overridden_save_is_a_recursion_error():
    assert run(deep, 100_000) == "RecursionError"


def many_ids():
    pickler = HOOKABLE.ours(io.BytesIO(), 4)
    pickler.persistent_id = lambda obj: None if type(obj) is list else "id"
    pickler.dump([[i] for i in range(1000)] * 500 + list(range(1_000_000)))
    before = len(gc.get_objects())
    del pickler
    return len(gc.get_objects()) <= before


def test_a_million_persistent_ids_of_an_instance():
    assert run(many_ids)


def many_classes():
    def use():
        for _ in range(10_000):
            cls = type("Sub", (HOOKABLE.ours,), {"persistent_id": lambda self, obj: None})
            cls(io.BytesIO(), 4).dump([1])

    use()
    gc.collect()
    before = len(gc.get_objects())
    use()
    gc.collect()
    return len(gc.get_objects()) - before


def test_ten_thousand_classes_are_given_back():
    assert run(many_classes) < 100


def memo_that_strikes():
    """An index that is asked for its number changes the dict that is being read."""
    found = []
    for face in (HOOKABLE, LEAN):
        pickler = face.ours(io.BytesIO(), 4)
        key = object()
        memo = {id(key): None}

        class Index:
            def __index__(self):
                memo.clear()  # noqa: B023 - the memo of this turn
                memo.update({i: (i, i) for i in range(100)})  # noqa: B023
                return 0

        memo[id(key)] = (Index(), key)

        def use():
            pickler.memo = memo  # noqa: B023
            pickler.dump([1])  # noqa: B023

        found.append(outcome(use)[0])
        vars(pickler).pop("memo", None) if face is HOOKABLE else None
    return found


def test_a_memo_that_strikes_while_it_is_read():
    assert set(run(memo_that_strikes)) <= {"value", "error"}
