"""Hazard: an iterator of items yields what was written and deferred since it yielded last."""

import pytest
from faces import HOOKABLE, assert_same_bytes, dumped
from parts import PARTS, both, rebuilt, warm

# More than one batch of items, so that the iterator is asked again on the hookable face too.
OVER_A_BATCH = 1001


class Items:
    """Its items hold a part, and after some more the part itself is yielded."""

    def __init__(self, part, between):
        self.outer = [part]
        self.between = between

    def yielded(self):
        yield self.outer
        yield from [None] * self.between
        yield self.outer[0]


class ListItems(Items):
    def __reduce__(self):
        return rebuilt, (), None, self.yielded()


class DictItems(Items):
    def __reduce__(self):
        return rebuilt, (), None, None, ((None, item) for item in self.yielded())


class DictKeys(Items):
    def __reduce__(self):
        return rebuilt, (), None, None, ((item, None) for item in self.yielded())


@pytest.mark.parametrize("between", [0, 1, OVER_A_BATCH])
@pytest.mark.parametrize("items", [ListItems, DictItems, DictKeys])
@pytest.mark.parametrize("kind", ["list", "str", "tuple", "instance"])
def test_a_part_of_an_item_before(face, kind, items, between, protocol):
    assert_same_bytes(face, lambda: [*warm(kind), items(PARTS[kind](), between)], protocol)


class WithArguments:
    """The iterator yields what lies in the arguments, which this object holds too."""

    def __init__(self, part):
        self.arguments = ([part],)

    def yielded(self):
        yield self.arguments[0][0]

    def __reduce__(self):
        return rebuilt, self.arguments, None, self.yielded()


@pytest.mark.parametrize("kind", PARTS)
def test_a_part_of_the_arguments(face, kind, protocol):
    assert_same_bytes(face, lambda: [*warm(kind), WithArguments(PARTS[kind]())], protocol)


class Iterable:
    """What it yields is fetched when it is asked for its iterator."""

    def __init__(self, give):
        self.give = give

    def __iter__(self):
        return iter(self.give())


@pytest.mark.parametrize("kind", PARTS)
def test_an_iterable_in_place_of_an_iterator(kind, protocol):
    """Only the hookable face takes one, and asks for the iterator after the arguments."""

    class Sub(WithArguments):
        def __reduce__(self):
            return rebuilt, self.arguments, None, Iterable(lambda: [self.arguments[0][0]])

    both(HOOKABLE, lambda base: dumped(base, [*warm(kind), Sub(PARTS[kind]())], protocol))


@pytest.mark.parametrize("kind", PARTS)
def test_a_pair_that_is_no_tuple(kind, protocol):
    """Only the hookable face takes one, and unpacks it in its turn."""

    class Sub(Items):
        def __reduce__(self):
            first = Iterable(lambda: [None, self.outer])
            second = Iterable(lambda: [None, self.outer[0]])
            return rebuilt, (), None, None, iter([first, second])

    both(HOOKABLE, lambda base: dumped(base, [*warm(kind), Sub(PARTS[kind](), 0)], protocol))
