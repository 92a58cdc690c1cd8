"""Rows on `memo`: what it is on either face, its indices, and what it keeps over dumps."""

import gc
import io
import weakref

import pytest
from faces import HOOKABLE, LEAN, dumped, raised


class Thing:
    def __init__(self, **attributes):
        vars(self).update(attributes)


class Temporary:
    """Reduces to values that nobody but the pickler holds."""

    def __reduce__(self):
        return Temporary.rebuild, (["fresh", "list"], ("a", {"k": "v"})), {"state": ["fresh"]}

    @staticmethod
    def rebuild(*args):
        return args


def graph():
    shared = ["shared"]
    return [shared, shared, ("tuple", shared), {"key": "value"}, Thing(a=shared), Temporary(), b"bytes"]


def pickler_after(pickler_class, obj, protocol=None, dumps=1):
    pickler = pickler_class(io.BytesIO(), protocol)
    for _ in range(dumps):
        pickler.dump(obj)
    return pickler


def indices(memo):
    return sorted(entry[0] for entry in memo.values())


def test_size_and_indices(face, protocol):
    memos = [dict(pickler_after(c, graph(), protocol).memo.copy()) for c in face.both()]
    assert indices(memos[0]) == indices(memos[1])
    assert indices(memos[0]) == list(range(len(memos[0])))


def test_what_the_graph_holds_is_found_under_its_identity(face, protocol):
    obj = graph()
    ours = pickler_after(face.ours, obj, protocol).memo.copy()
    model = pickler_after(face.model, obj, protocol).memo.copy()
    for held in (obj, obj[0], obj[2], obj[3], obj[4], obj[5], obj[6]):
        assert ours[id(held)] == model[id(held)]
        assert ours[id(held)][1] is held
    assert all(key == id(value) for key, (_, value) in ours.items())


def test_a_placeholder_is_an_object_of_its_own(face):
    memo = pickler_after(face.ours, [Temporary() for _ in range(20)], 4).memo.copy()
    values = [value for _, value in memo.values()]
    assert len({id(value) for value in values}) == len(values)


def test_a_temporary_is_not_kept_alive(face):
    made = []

    class Held:
        pass

    class MakesHeld:
        def __reduce__(self):
            held = Held()
            made.append(weakref.ref(held))
            return Temporary.rebuild, ([1, 2],), {"held": None}

    pickler_after(face.ours, MakesHeld())
    gc.collect()
    assert made[0]() is None


@pytest.mark.parametrize("start", [{}, {1: (5, "x")}, {1: (0, "x"), 2: (9, "y")}])
def test_the_next_index_is_the_number_of_entries(face, start, protocol):
    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        # The keys of the lean face's memo are the identities of the objects themselves.
        pickler.memo = {id(entry[1]): entry for entry in start.values()}
        pickler.dump([["a"], "x", "y"])
        return file.getvalue()

    assert attempt(face.ours) == attempt(face.model)


def test_primed_with_another_picklers_memo(face, protocol):
    def attempt(pickler_class):
        obj = graph()
        first = pickler_after(pickler_class, obj, protocol)
        file = io.BytesIO()
        second = pickler_class(file, protocol)
        second.memo = first.memo
        second.dump(obj)
        return file.getvalue()

    assert attempt(face.ours) == attempt(face.model)


def test_primed_with_a_copy(face, protocol):
    def attempt(pickler_class):
        obj = graph()
        file = io.BytesIO()
        second = pickler_class(file, protocol)
        second.memo = dict(pickler_after(pickler_class, obj, protocol).memo.copy())
        second.dump([obj, obj[0], "new", graph()])
        return file.getvalue()

    assert attempt(face.ours) == attempt(face.model)


def test_a_second_dump_finds_what_the_first_wrote(face, protocol):
    def attempt(pickler_class):
        obj = graph()
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        pickler.dump(obj)
        pickler.dump([obj, obj[0], obj[2], graph()])
        pickler.clear_memo()
        pickler.dump(obj)
        return file.getvalue()

    assert attempt(face.ours) == attempt(face.model)


def test_clear_memo_empties_it(face):
    pickler = pickler_after(face.ours, graph())
    assert len(pickler.memo.copy()) > 5
    pickler.clear_memo()
    assert pickler.memo.copy() == {}


def test_objects_are_released_when_it_is_cleared(face):
    thing = Thing()
    alive = weakref.ref(thing)
    pickler = pickler_after(face.ours, [thing])
    del thing
    assert alive() is not None
    pickler.clear_memo()
    assert alive() is None


def test_changed_while_a_dump_is_under_way(protocol):
    def attempt(pickler_class):
        class Clearing(pickler_class):
            def persistent_id(self, obj):
                if obj == "now":
                    self.clear_memo()

        return dumped(Clearing, [["a"], "b", "now", "b", ["c"]], protocol)

    assert attempt(HOOKABLE.ours) == attempt(HOOKABLE.model)
    assert attempt(LEAN.ours) == attempt(LEAN.model)


@pytest.mark.parametrize(
    "value", [None, 5, [], "memo", {1: None}, {1: (1,)}, {1: (1, 2, 3)}, {1: [0, 1]}, {1: ("i", 2)}]
)
def test_the_lean_face_refuses_what_is_no_memo(value):
    errors = [raised(setattr, c(io.BytesIO()), "memo", value) for c in LEAN.both()]
    assert type(errors[0]) is type(errors[1])
    assert type(errors[0]) is TypeError


def test_a_refused_assignment_leaves_it_as_it_was():
    pickler = pickler_after(LEAN.ours, ["a"])
    before = pickler.memo.copy()
    raised(setattr, pickler, "memo", {1: (0, "x"), 2: None})
    assert pickler.memo.copy() == before


def test_it_cannot_be_deleted_from_the_lean_face():
    for pickler_class in LEAN.both():
        with pytest.raises((TypeError, AttributeError)):
            del pickler_class(io.BytesIO()).memo


def test_the_hookable_face_has_a_dict():
    pickler = pickler_after(HOOKABLE.ours, ["text"])
    assert {index: obj for index, obj in pickler.memo.values()} == {0: ["text"], 1: "text"}
    assert pickler.memo[id(pickler.memo[next(iter(pickler.memo))][1])][0] == 0


@pytest.mark.parametrize("atom", [None, True, 5, 2**70, 1.5, ()], ids=repr)
def test_an_atom_in_an_assigned_memo(face, atom, protocol):
    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        pickler.memo = {id(atom): (0, atom)}
        pickler.dump([atom, (atom, 6), {"key": atom}])
        return file.getvalue()

    assert attempt(face.ours) == attempt(face.model)
