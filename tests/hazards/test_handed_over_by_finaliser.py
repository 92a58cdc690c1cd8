"""Hazard: the release of a temporary runs a finaliser, which puts a deferred object where the walk
has yet to go.
"""

import pytest
from faces import LEAN, dumped
from parts import PARTS, Marker, both, rebuilt, warm


class Value(tuple):
    """A reduce value that calls a function when it dies."""

    def __del__(self):
        self.at_end()


class Iterator:
    """Yields nothing, and calls a function when it dies."""

    def __init__(self, at_end):
        self.at_end = at_end

    def __iter__(self):
        return self

    def __next__(self):
        raise StopIteration

    def __del__(self):
        self.at_end()


def value_of(arguments, at_end):
    value = Value((rebuilt, arguments))
    value.at_end = at_end
    return value


def list_items_of(arguments, at_end):
    return rebuilt, arguments, None, Iterator(at_end)


def dict_items_of(arguments, at_end):
    return rebuilt, arguments, None, None, Iterator(at_end)


DYING = {"value": value_of, "list items": list_items_of, "dict items": dict_items_of}


class Dying:
    """Reduces to arguments that hold the part, and to something that dies once it is saved."""

    def __init__(self, part, dying, tail):
        self.arguments = ([part],)
        self.dying = dying
        self.tail = tail

    def hands_over(self):
        self.tail.append(self.arguments[0][0])

    def reduced(self):
        return DYING[self.dying](self.arguments, self.hands_over)

    def __reduce__(self):
        return self.reduced()


@pytest.mark.parametrize("dying", DYING)
@pytest.mark.parametrize("kind", PARTS)
def test_of_a_reduce_value(face, kind, dying, protocol):
    def make():
        tail = []
        return [*warm(kind), Dying(PARTS[kind](), dying, tail), tail]

    def attempt(pickler_class):
        root = make()
        pickle = dumped(pickler_class, root, protocol)
        return pickle, len(root[-1])

    assert both(face, attempt)[1] == 1


@pytest.mark.parametrize("kind", PARTS)
def test_of_what_reducer_override_returned(pickler_face, kind, protocol):
    def attempt(base):
        tail = []
        arguments = ([PARTS[kind]()],)

        class Sub(base):
            def reducer_override(self, obj):
                if isinstance(obj, Marker):
                    return value_of(arguments, lambda: tail.append(arguments[0][0]))
                return NotImplemented

        return dumped(Sub, [*warm(kind), Marker(), tail], protocol), len(tail)

    assert both(pickler_face, attempt)[1] == 1


class Numbered(int):
    """Saved by its persistent id, so that no memo keeps it."""

    def __del__(self):
        self.at_end()


@pytest.mark.parametrize("kind", PARTS)
def test_of_an_item_saved_by_its_persistent_id(kind, protocol):
    """The item dies when it is saved, and the part was written since it was made.

    The hookable face's model takes items in batches, and lets them go together.
    """

    class Yields:
        def __init__(self):
            self.outer = [PARTS[kind]()]
            self.tail = []

        def yielded(self):
            number = Numbered(1)
            number.at_end = lambda: self.tail.append(self.outer[0])
            yield self.outer
            yield number
            del number
            yield self.tail

        def __reduce__(self):
            return rebuilt, (), None, self.yielded()

    def attempt(base):
        class Sub(base):
            def persistent_id(self, obj):
                return "id" if isinstance(obj, Numbered) else None

        return dumped(Sub, [*warm(kind), Yields()], protocol)

    both(LEAN, attempt)


def test_a_finaliser_that_frees_what_was_written(face, protocol):
    """What takes the place of a freed object must not be taken for it."""

    class Frees(Dying):
        def hands_over(self):
            self.arguments[0][0] = None
            self.tail.append(["new"])

    def attempt(pickler_class):
        frees = Frees(["part"], "value", [])
        return dumped(pickler_class, [*warm("list"), frees, frees.tail], protocol)

    both(face, attempt)
