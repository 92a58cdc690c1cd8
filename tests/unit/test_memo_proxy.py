"""The memo of the lean face, seen through a proxy."""

import gc
import io
import pickle
import weakref

import oxipickle
import pytest


def pickler_after(*objects):
    pickler = oxipickle.Pickler(io.BytesIO())
    for obj in objects:
        pickler.dump(obj)
    return pickler


def test_copy_is_a_dict_by_identity():
    obj = ["text"]
    copy = pickler_after(obj).memo.copy()
    assert type(copy) is dict
    assert copy == {id(obj): (0, obj), id(obj[0]): (1, obj[0])}


def test_a_copy_is_independent():
    pickler = pickler_after(["text"])
    pickler.memo.copy().clear()
    assert len(pickler.memo.copy()) == 2


def test_clear():
    pickler = pickler_after(["text"])
    assert pickler.memo.clear() is None
    assert pickler.memo.copy() == {}


def test_reduce_gives_the_dict():
    pickler = pickler_after(["text"])
    ours = pickler.memo.__reduce__()
    assert ours == (dict, (pickler.memo.copy(),))
    model = pickle.Pickler(io.BytesIO())
    assert model.memo.__reduce__()[0] is ours[0]


def test_it_cannot_be_made_without_a_pickler():
    with pytest.raises(TypeError):
        type(oxipickle.Pickler(io.BytesIO()).memo)()


def test_it_outlives_a_pickler_out_of_sight():
    memo = pickler_after(["text"]).memo
    assert len(memo.copy()) == 2


def test_assigning_another_picklers_proxy_copies():
    first, second = pickler_after(["text"]), pickler_after()
    second.memo = first.memo
    first.clear_memo()
    assert len(second.memo.copy()) == 2


def test_assigning_its_own_proxy_changes_nothing():
    pickler = pickler_after(["text"])
    before = pickler.memo.copy()
    pickler.memo = pickler.memo
    assert pickler.memo.copy() == before


def test_assigned_entries_keep_their_objects_alive():
    pickler = pickler_after()
    pickler.memo = {0: (0, ["made here"])}
    assert list(pickler.memo.copy().values()) == [(0, ["made here"])]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("index", [2**32 - 1, 2**32, 2**40])
def test_an_index_is_written_whole_or_refused_as_upstream_does(protocol, index):
    def outcome(pickler_type):
        obj, file = ["text"], io.BytesIO()
        pickler = pickler_type(file, protocol)
        pickler.memo = {id(obj): (index, obj)}
        try:
            pickler.dump(obj)
        except pickle.PicklingError as error:
            return str(error)
        return file.getvalue()

    assert outcome(oxipickle.Pickler) == outcome(pickle.Pickler)


def test_a_cycle_through_the_proxy_is_collected():
    class Circular(oxipickle.Pickler):
        pass

    pickler = Circular(io.BytesIO())
    pickler.view = pickler.memo
    gone = weakref.ref(pickler)
    del pickler
    gc.collect()
    assert gone() is None
