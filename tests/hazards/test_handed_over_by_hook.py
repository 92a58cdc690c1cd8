"""Hazard: a hook hands a deferred object over again: as its answer, by saving it, or by putting it
where the walk has yet to go.
"""

import copyreg
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
