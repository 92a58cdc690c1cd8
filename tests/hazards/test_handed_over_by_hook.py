"""Hazard: a hook hands a deferred object over again: as its answer, by saving it, or by putting it
where the walk has yet to go.
"""

import copyreg
import io
import pickle

import pytest
from faces import HOOKABLE, dumped
from parts import HERE, PARTS, Marker, both, rebuilt, warm

# An object that no graph here holds by chance.
ASKED = 123456789

EVERY_PART = pytest.mark.parametrize("kind", PARTS)


def graph(kind, mark, *rest):
    return [*warm(kind), PARTS[kind](), mark, *rest]


@pytest.fixture
def registered():
    yield copyreg.dispatch_table
    del copyreg.dispatch_table[Marker]


@EVERY_PART
def test_by_persistent_id(pickler_face, kind, protocol):
    def attempt(base):
        root = graph(kind, ASKED, [])

        class Sub(base):
            def persistent_id(self, obj):
                if obj is ASKED:
                    root[-1].append(root[HERE])

        return dumped(Sub, root, protocol)

    both(pickler_face, attempt)


@EVERY_PART
@pytest.mark.parametrize("binary", range(1, 6), ids=lambda binary: f"protocol{binary}")
def test_as_a_persistent_id(pickler_face, kind, binary):
    def attempt(base):
        root = graph(kind, ASKED)

        class Sub(base):
            def persistent_id(self, obj):
                return root[HERE] if obj is ASKED else None

        return dumped(Sub, root, binary)

    both(pickler_face, attempt)


@EVERY_PART
def test_by_reducer_override(pickler_face, kind, protocol):
    def attempt(base):
        root = graph(kind, Marker())

        class Sub(base):
            def reducer_override(self, obj):
                return (rebuilt, (root[HERE],)) if isinstance(obj, Marker) else NotImplemented

        return dumped(Sub, root, protocol)

    both(pickler_face, attempt)


@EVERY_PART
def test_by_a_function_of_the_dispatch_table(pickler_face, kind, protocol):
    def attempt(base):
        root = graph(kind, Marker())
        table = {Marker: lambda obj: (rebuilt, (root[HERE],))}
        return dumped(type("Sub", (base,), {"dispatch_table": table}), root, protocol)

    both(pickler_face, attempt)


@EVERY_PART
def test_by_a_look_up_in_the_dispatch_table(pickler_face, kind, protocol):
    def attempt(base):
        root = graph(kind, Marker(), [])

        class Table(dict):
            def hands_over(self, asked):
                if asked is Marker and not root[-1]:
                    root[-1].append(root[HERE])

            def __getitem__(self, asked):
                self.hands_over(asked)
                raise KeyError

            def get(self, asked, default=None):
                self.hands_over(asked)
                return default

        return dumped(type("Sub", (base,), {"dispatch_table": Table()}), root, protocol)

    both(pickler_face, attempt)


@EVERY_PART
def test_by_a_function_of_copyreg(pickler_face, kind, protocol, registered):
    def attempt(base):
        root = graph(kind, Marker())
        registered[Marker] = lambda obj: (rebuilt, (root[HERE],))
        return dumped(base, root, protocol)

    both(pickler_face, attempt)


@EVERY_PART
def test_by_resolve_global(pickler_face, kind, protocol):
    """The models have no such hook: theirs is a graph where the part stands there from the start."""
    root, expected = graph(kind, Marker, []), graph(kind, Marker, [])
    expected[-1].append(expected[HERE])

    class Sub(pickler_face.ours):
        def resolve_global(self, obj, name=None):
            if obj is Marker:
                root[-1].append(root[HERE])
            return super().resolve_global(obj, name)

    assert dumped(Sub, root, protocol) == dumped(pickler_face.model, expected, protocol)


@EVERY_PART
def test_by_buffer_callback(pickler_face, kind):
    def attempt(base):
        root = graph(kind, pickle.PickleBuffer(b"data"), [])
        return dumped(base, root, 5, buffer_callback=lambda buffer: root[-1].append(root[HERE]))

    both(pickler_face, attempt)


@EVERY_PART
@pytest.mark.parametrize("times", [1, 2])
def test_by_saving_it(kind, times, protocol):
    def attempt(base):
        root = graph(kind, Marker())

        class Sub(base):
            def reducer_override(self, obj):
                if not isinstance(obj, Marker):
                    return NotImplemented
                for _ in range(times):
                    self.save(root[HERE])
                return rebuilt, ()

        return dumped(Sub, root, protocol)

    both(HOOKABLE, attempt)


@EVERY_PART
def test_by_saving_what_it_is_asked_about(kind, protocol):
    """What was not in the memo before `persistent_id` was asked is there after."""

    def attempt(base):
        root = graph(kind, 0)
        asked = []

        class Sub(base):
            def persistent_id(self, obj):
                if obj is root[HERE] and not asked:
                    asked.append(True)
                    self.save(obj)

        return dumped(Sub, root, protocol)

    both(HOOKABLE, attempt)


@EVERY_PART
@pytest.mark.parametrize("hold", [lambda part: (part, 0), lambda part: [part]], ids=["tuple", "list of one"])
def test_by_saving_what_it_is_asked_about_within(kind, hold, protocol):
    """No batch holds it besides."""

    def attempt(base):
        root = graph(kind, 0)
        root[HERE] = hold(root[HERE])
        asked = []

        class Sub(base):
            def persistent_id(self, obj):
                if obj is root[HERE][0] and not asked:
                    asked.append(True)
                    self.save(obj)

        return dumped(Sub, root, protocol)

    both(HOOKABLE, attempt)


class Bare:
    """Takes no weak reference."""

    __slots__ = ("value",)

    def __init__(self, value=0):
        self.value = value

    def __getstate__(self):
        return self.value


class BarePlain:
    __slots__ = ("value",)

    def __init__(self, value=0):
        self.value = value


ASKED_ABOUT = {**PARTS, "bare": Bare, "bare and plain": BarePlain}


class Makes:
    """Its arguments hold a new part, which nobody else does."""

    def __init__(self, kind):
        self.kind = kind

    def __reduce__(self):
        return rebuilt, (ASKED_ABOUT[self.kind](), ASKED_ABOUT[self.kind]())


@pytest.mark.parametrize("hook", ["persistent_id", "reducer_override"])
@pytest.mark.parametrize("kind", ASKED_ABOUT)
def test_a_temporary_kept_by_who_is_asked_about_it(pickler_face, kind, hook, protocol):
    if kind == "bare and plain" and protocol < 2:
        pytest.skip("slots need protocol 2")

    def attempt(base):
        tail = []
        like = type(ASKED_ABOUT[kind]())

        def keep(self, obj):
            if type(obj) is like and obj is not tail and obj is not root:
                if not any(kept is obj for kept in tail):
                    tail.append(obj)
            return NotImplemented if hook == "reducer_override" else None

        sub = type("Sub", (base,), {hook: keep})
        root = [ASKED_ABOUT[kind](), ASKED_ABOUT[kind](), Makes(kind), tail]
        return dumped(sub, root, protocol), len(tail)

    both(pickler_face, attempt)


@EVERY_PART
def test_by_saving_what_was_just_saved(kind, protocol):
    """Nobody is asked about it, so that no passage comes between."""

    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        held = [0, PARTS[kind](), 0]

        class Saves:
            def __reduce__(self):
                pickler.save(held)
                pickler.save(held[1])
                return rebuilt, ()

        pickler.dump([*warm(kind), Saves()])
        return file.getvalue()

    both(HOOKABLE, attempt)
