"""Hazard: a temporary looks like nobody else's, and somebody else holds it, or what holds it."""

import copyreg

import pytest
from faces import assert_same_bytes, dumped
from parts import HASHABLE, PARTS, Marker, both, rebuilt, text, warm

MANY = 40


class Pieces:
    """The pieces of a reduce value in the form that a test asks for, made anew each time."""

    def __init__(self, form, part):
        self.outer = [part]
        self.keywords = {"key": self.outer} if form == "newobj_ex" else None
        self.arguments = (self.outer, 0)
        self.state = {"state": self.outer}
        self.items = [self.outer, 0]
        self.pair = ((text(),), self.outer)
        in_form = {
            "arguments": lambda: (rebuilt, self.arguments),
            "state": lambda: (rebuilt, (), self.state),
            "list items": lambda: (rebuilt, (), None, iter(self.items)),
            "dict items": lambda: (rebuilt, (), None, None, iter([self.pair])),
            "newobj": lambda: (copyreg.__newobj__, (Marker, self.outer, 0)),
            "newobj_ex": lambda: (copyreg.__newobj_ex__, (Marker, (self.outer,), self.keywords)),
        }
        self.value = in_form[form]()


FORMS = ["arguments", "state", "list items", "dict items", "newobj", "newobj_ex"]

KEPT = {
    "the part": lambda pieces: pieces.outer[0],
    "what holds the part": lambda pieces: pieces.outer,
    "the value": lambda pieces: pieces.value[:3],
    "arguments": lambda pieces: pieces.value[1],
    "state": lambda pieces: pieces.state,
    "items": lambda pieces: pieces.items,
    "pair": lambda pieces: pieces.pair,
}


class Keeps:
    """Reduces to a new value, and puts a piece of it into a list that the graph holds."""

    def __init__(self, form, kept, kind, tail):
        self.form = form
        self.kept = kept
        self.kind = kind
        self.tail = tail

    def __reduce__(self):
        pieces = Pieces(self.form, PARTS[self.kind]())
        # In C `functools.partial` takes over keywords that nobody else holds.
        self.keywords = pieces.keywords
        self.tail.append(KEPT[self.kept](pieces))
        return pieces.value

    # `__newobj__` looks at the class of the object that it stands for.
    @property
    def __class__(self):
        return Marker if self.form.startswith("newobj") else Keeps


@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", ["list", "str", "tuple", "instance"])
def test_a_piece_is_kept(face, kind, form, kept, protocol):
    def make():
        tail, other = [], []
        first, second = (Keeps(form, kept, kind, where) for where in (other, tail))
        return [*warm(kind), first, second, tail, other]

    both(face, lambda pickler_class: dumped(pickler_class, make(), protocol))


class ValueInGraph:
    """Returns a reduce value that lies in the graph too, where one container holds it."""

    def __init__(self, give):
        self.give = give

    def __reduce__(self):
        return self.give()


@pytest.mark.parametrize("kind", PARTS)
def test_the_value_lies_in_the_graph(face, kind, protocol):
    def make():
        root = [*warm(kind)]
        root += [ValueInGraph(lambda: root[4]), (rebuilt, (PARTS[kind](), [0]), [PARTS[kind]()])]
        return root

    assert_same_bytes(face, make, protocol)


class ItemsInGraph:
    """Its items lie in the graph too, and it keeps the iterators, whose release would pass the gate."""

    def __init__(self, items, pairs):
        self.items, self.pairs = items, pairs

    def __reduce__(self):
        self.iterators = iter(self.items), iter(self.pairs)
        return rebuilt, (), None, *self.iterators


@pytest.mark.parametrize("kind", PARTS)
def test_the_items_lie_in_the_graph(face, kind, protocol):
    def make():
        items, pairs = [[PARTS[kind]()]], [(0, PARTS[kind]())]
        return [*warm(kind), ItemsInGraph(items, []), items, ItemsInGraph([], pairs), pairs]

    assert_same_bytes(face, make, protocol)


class WithItems:
    """Its items are those of a list that lies in its state."""

    def __init__(self, items):
        self.items = items

    def __reduce__(self):
        return rebuilt, (), {"items": self.items}, iter(self.items)


@pytest.mark.parametrize("kind", PARTS)
def test_items_of_a_list_in_the_state(face, kind, protocol):
    assert_same_bytes(face, lambda: [*warm(kind), WithItems([[PARTS[kind]()], PARTS[kind](), [0]])], protocol)


LEAVES = {"str": text, "bytes": lambda: b"".join([b"a", b"b"]), "empty list": list, "empty dict": dict}


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_of_a_list_in_the_state(face, leaf, protocol):
    """Once it is saved the list alone holds it, which must not make it look like never met."""

    def make():
        return [WithItems([LEAVES[leaf]()]) for _ in range(3)]

    assert_same_bytes(face, make, protocol)


class WithPairs:
    """Its pairs are those of a list in its state; it keeps the iterator, whose release passes the gate."""

    def __init__(self, pairs):
        self.pairs = pairs

    def __reduce__(self):
        self.iterator = iter(self.pairs)
        return rebuilt, (), {"pairs": self.pairs}, None, self.iterator


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_of_a_pair_in_the_state(face, leaf, protocol):
    def make():
        return [WithPairs([(0, LEAVES[leaf]())]) for _ in range(3)]

    assert_same_bytes(face, make, protocol)


@pytest.mark.parametrize("kind", PARTS)
def test_pairs_of_a_list_in_the_state(face, kind, protocol):
    def make():
        return [
            *warm(kind),
            WithPairs([(PARTS[kind](), PARTS[kind]())] if kind in HASHABLE else [(0, PARTS[kind]())]),
        ]

    assert_same_bytes(face, make, protocol)


class HeldForAWhile:
    """Its iterator holds an item until it yields the next, which then may stand at its address."""

    def __reduce__(self):
        return rebuilt, (), None, self.yielded()

    def yielded(self):
        for tag in range(MANY):
            item = [[f"item {tag}"], {"tag": tag}]
            yield item
            item = None
            yield ([f"between {tag}"], {"between": tag})


class PairsHeldForAWhile(HeldForAWhile):
    def __reduce__(self):
        return rebuilt, (), None, None, ((key, value) for key, value in enumerate(self.yielded()))


class Zipped:
    """`zip` fills the same tuple again whenever nobody else holds it."""

    def __reduce__(self):
        lists = [[tag] for tag in range(MANY)]
        pairs = [(f"pair {tag}", [tag]) for tag in range(MANY)]
        return rebuilt, (), None, zip(lists, lists), zip(lists, pairs)


@pytest.mark.parametrize("kind", [HeldForAWhile, PairsHeldForAWhile, Zipped])
def test_what_an_iterator_lets_go(face, kind, protocol):
    if kind is PairsHeldForAWhile:
        assert_same_bytes(face, lambda: [kind(), kind()], protocol)
    assert_same_bytes(face, lambda: [kind()], protocol)


class YieldsAhead:
    """The lean face takes two items before it saves one, and by then the second alone holds the first."""

    def __init__(self, make):
        self.make = make

    def __reduce__(self):
        return rebuilt, (), None, self.yielded()

    def yielded(self):
        part = self.make()
        outer = [part]
        yield part
        del part
        yield outer


@pytest.mark.parametrize("kind", PARTS)
def test_an_item_that_the_next_one_holds(face, kind, protocol):
    assert_same_bytes(face, lambda: [*warm(kind), YieldsAhead(PARTS[kind])], protocol)


@pytest.mark.parametrize("leaf", LEAVES)
def test_a_leaf_that_the_next_item_holds(face, leaf, protocol):
    assert_same_bytes(face, lambda: [YieldsAhead(LEAVES[leaf]), YieldsAhead(LEAVES[leaf])], protocol)
