"""Arguments by which the classes of None, NotImplemented and Ellipsis are made again: constants, or not."""

import io

import pytest
from faces import HOOKABLE, LEAN

FACES = pytest.mark.parametrize("face", [LEAN, HOOKABLE], ids=repr)


@FACES
@pytest.mark.parametrize("value", [None, NotImplemented, ...], ids=repr)
def test_the_arguments_are_one_tuple_or_many(face, value, protocol):
    met = []
    for pickler_class in face.both():

        class Asking(pickler_class):
            def persistent_id(self, obj):
                if type(obj) is tuple:
                    met[-1].append(obj)

        met.append([])
        pickler = Asking(io.BytesIO(), protocol)
        for _ in range(3):
            pickler.dump(type(value))
            pickler.clear_memo()
    ours, theirs = met
    assert ours == theirs == [(value,)] * 3
    assert len(set(map(id, ours))) == len(set(map(id, theirs)))
