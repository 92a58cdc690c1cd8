"""Hazard: temporaries have an index and no entry, and whoever reads `memo` counts its entries."""

import io

import pytest
from parts import both, rebuilt


class Makes:
    """Reduces to objects that nobody but the pickler holds."""

    def __init__(self, tag):
        self.tag = tag

    def __reduce__(self):
        items = iter([[self.tag], [self.tag]])
        return rebuilt, (["argument"], {"key": ("a", [0])}), {"state": [self.tag]}, items


def graph():
    return [Makes(0), ["list"], Makes(1), {"dict": Makes(2)}, Makes(0)]


def pickler_after(pickler_class, obj, protocol):
    pickler = pickler_class(io.BytesIO(), protocol)
    pickler.dump(obj)
    return pickler


def test_size_and_indices(pickler_face, protocol):
    def attempt(pickler_class):
        memo = dict(pickler_after(pickler_class, graph(), protocol).memo.copy())
        return sorted(index for index, _ in memo.values())

    indices = both(pickler_face, attempt)
    assert indices == list(range(len(indices)))


def test_each_stands_for_itself(pickler_face, protocol):
    obj = graph()
    memo = pickler_after(pickler_face.ours, obj, protocol).memo.copy()
    objects = [held for _, held in memo.values()]
    placeholders = [held for held in objects if type(held) is object]
    assert len(placeholders) > 10
    assert len({id(held) for held in objects}) == len(objects)
    assert all(key == id(held) for key, (_, held) in memo.items())


def test_read_while_the_dump_is_under_way(pickler_face, protocol):
    def attempt(base):
        sizes = []

        class Sub(base):
            def persistent_id(self, obj):
                sizes.append(len(self.memo.copy()))

        pickler_after(Sub, graph(), protocol)
        return sizes

    both(pickler_face, attempt)


@pytest.mark.parametrize("through", ["the memo", "a copy"])
def test_handed_to_another_pickler(pickler_face, through, protocol):
    """The next index there is the number of entries, and no new object is taken for an old one."""

    def attempt(pickler_class):
        obj = graph()
        first = pickler_after(pickler_class, obj, protocol)
        file = io.BytesIO()
        second = pickler_class(file, protocol)
        second.memo = first.memo if through == "the memo" else dict(first.memo.copy())
        second.dump([obj[1], graph(), [[tag] for tag in range(100)]])
        return file.getvalue()

    both(pickler_face, attempt)
