"""Rows on batches: the tail of a list or dict, the empty batch after full ones, sets."""

import sys

import pytest
from faces import LEAN, assert_same_bytes

SIZES = [0, 1, 2, 3, 999, 1000, 1001, 1002, 1999, 2000, 2001, 3000, 3001]


class Appended(list):
    pass


class Keyed(dict):
    pass


class Elements(set):
    pass


MAKERS = {
    "list": lambda n: list(range(n)),
    "dict": lambda n: dict.fromkeys(range(n)),
    "set": lambda n: set(range(n)),
    "frozenset": lambda n: frozenset(range(n)),
    "tuple": lambda n: tuple(range(n)),
    "list subclass": lambda n: Appended(range(n)),
    "dict subclass": lambda n: Keyed.fromkeys(range(n)),
    "set subclass": lambda n: Elements(range(n)),
    "list of lists": lambda n: [[] for _ in range(n)],
    "dict of texts": lambda n: {str(i): str(-i) for i in range(n)},
    "list of Nones": lambda n: [None] * n,
    "list of floats": lambda n: [float(i) for i in range(n)],
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", MAKERS)
def test_batches_are_those_of_the_model(face, kind, size, protocol):
    assert_same_bytes(face, lambda: MAKERS[kind](size), protocol)


@pytest.mark.skipif(sys.version_info >= (3, 15), reason="3.15 writes the tail as _Pickler does")
@pytest.mark.parametrize(
    ("kind", "size", "tail"),
    [("list", 1001, b"(M\xe8\x03e."), ("dict", 1001, b"(M\xe8\x03Nu."), ("dict", 1000, b"(u.")],
)
def test_what_c_writes_up_to_3_14(kind, size, tail):
    assert assert_same_bytes(LEAN, lambda: MAKERS[kind](size), 2).endswith(tail)


def test_the_newest_lean_tail_is_a_single_append():
    if sys.version_info < (3, 15):
        pytest.skip("from 3.15 on")
    assert assert_same_bytes(LEAN, lambda: list(range(1001)), 2).endswith(b"eM\xe8\x03a.")
