"""The strategy of recipes: which graphs are tried, and how large they get.

Small numbers come first everywhere, so that a failure shrinks to a small graph of simple objects.
"""

from hypothesis import strategies as st
from kinds import CONTENT_FIRST, INSTANCES, ITERATORS, LEAVES, SHADOWS, SHELL_FIRST, SINGLETONS
from recipes import Node

# Where the opcode or its length changes, with the neighbours.
_EDGES = [0, 0xFF, 0x100, 0xFFFF, 0x10000, 2**31 - 1, 2**31, 2**32, 2**63, 2**64, 2**255, 2**2047]
ints = st.one_of(
    st.integers(-10, 300),
    st.builds(
        lambda n, sign, off: sign * n + off,
        st.sampled_from(_EDGES),
        st.sampled_from([1, -1]),
        st.integers(-1, 1),
    ),
    st.integers(),
)
floats = st.one_of(
    st.sampled_from([0.0, -0.0, 1.5, float("inf"), float("-inf"), float("nan"), 5e-324, 1e308]),
    st.floats(),
)

_CHARACTERS = st.sampled_from(
    ["a", "b", "_", "\\", "\n", "\r", "\0", "\x1a", "'", "é", "ÿ", "Ā", "€", "\ud800", "\udfff", "😀"]
)
texts = st.one_of(
    st.sampled_from(["", "a", "é", "key", "value", "x", "name", "\\u0041", "a" * 255, "é" * 128]),
    st.text(_CHARACTERS, max_size=8),
    st.text(max_size=8),
    # Where the frame ends, and where a string stands outside of it.
    st.builds(lambda n: "t" * n, st.sampled_from([256, 65_000, 65_535, 65_536, 70_000])),
)
binaries = st.one_of(
    st.binary(max_size=8),
    st.builds(lambda n: b"b" * n, st.sampled_from([255, 256, 65_000, 65_535, 65_536])),
)
sizes = st.sampled_from([0, 1, 2, 999, 1000, 1001, 2000, 2001])
_NUMBERS = st.integers(0, 2**64)
_LEAF_DATA = {
    "singleton": st.integers(0, len(SINGLETONS) - 1),
    "int": ints,
    "int subclass": ints,
    "float": floats,
    "float subclass": floats,
    "complex": floats,
    "text": texts,
    "interned text": texts,
    "text subclass": texts,
    "bytes": binaries,
    "bytes subclass": binaries,
    "bytearray": binaries,
    "bytearray subclass": binaries,
    "buffer of bytes": binaries,
    "buffer of bytearray": binaries,
    "buffer of items": binaries,
    "range": st.integers(-300, 70_000),
    "many ints": sizes,
    "many keys": sizes,
    "set of many": sizes,
    "frozenset of many": sizes,
    "once through arguments": st.none(),
}
_MORE_NAMES = st.sampled_from([(), (), ("é",), ("w", "v"), ("x y",)])
_PARENT_DATA = {
    "instance": st.tuples(st.integers(0, len(INSTANCES) - 1), _MORE_NAMES),
    "namespace": _MORE_NAMES,
    "shadowing": st.lists(st.sampled_from(sorted(SHADOWS)), min_size=1, max_size=2, unique=True),
    "reduced": st.tuples(st.integers(2, 6), st.integers(0, len(ITERATORS) - 1)),
    "reduced sparsely": st.tuples(st.integers(2, 6), st.integers(0, len(ITERATORS) - 1)),
}
_DATA = {kind: _LEAF_DATA.get(kind, _NUMBERS) for kind in LEAVES} | {
    kind: _PARENT_DATA.get(kind, st.none()) for kind in [*SHELL_FIRST, *CONTENT_FIRST]
}
# What fails below some protocol, and so hides what follows it: in every other graph only.
_FAILING = {"slotted", "shadowed slot", "buffer of bytes", "buffer of bytearray", "buffer of items"}

_PARENTS = ["list", "dict", "tuple", "instance", "instance", "instance", *SHELL_FIRST, *CONTENT_FIRST]
_LEAVES = ["text", "text", "interned text", "int", "singleton", "bytes", *LEAVES]


def _kinds(of):
    return st.sampled_from(of), st.sampled_from([kind for kind in of if kind not in _FAILING])


_PARENT_KINDS, _LEAF_KINDS = _kinds(_PARENTS), _kinds(_LEAVES)


def _an_index(items):
    return st.integers(0, len(items) - 1)


@st.composite
def graphs(draw):
    """Recipes: a tree of up to some 25 nodes, and links across it that share and close cycles."""
    safe = draw(st.sampled_from([True, True, False]))
    kind = draw(_PARENT_KINDS[safe])
    nodes = [Node(kind, draw(_DATA[kind]))]
    parents = [nodes[0]]
    for number in range(1, 1 + draw(st.integers(0, 24))):
        # Counted from the end, so that trees get deep.
        parent = parents[-1 - draw(_an_index(parents))]
        kind = draw((_PARENT_KINDS if draw(st.booleans()) else _LEAF_KINDS)[safe])
        nodes.append(Node(kind, draw(_DATA[kind])))
        parent.children.append(number)
        if kind not in LEAVES:
            parents.append(nodes[-1])
    for _ in range(draw(st.integers(0, 8))):
        parent = parents[draw(_an_index(parents))]
        parent.children.append(draw(_an_index(nodes)))
    return nodes
