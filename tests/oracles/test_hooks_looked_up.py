"""Row "when hooks are looked up": the lean face once per dump, the hookable face at every object."""

import io

import pytest
from faces import HOOKABLE, LEAN, dumped


class Thing:
    pass


def both(face, attempt):
    ours = attempt(face.ours)
    assert ours == attempt(face.model)
    return ours


def test_persistent_id_of_a_subclass(face, protocol):
    def attempt(base):
        class Sub(base):
            def persistent_id(self, obj):
                return "id" if obj == "x" else None

        return dumped(Sub, ["x", "y", {"x": "x"}], protocol)

    assert b"id" in both(face, attempt)


@pytest.mark.parametrize("kind", [staticmethod, classmethod])
def test_persistent_id_without_self(face, kind, protocol):
    def attempt(base):
        def persistent_id(*args):
            return "id" if args[-1] == "x" else None

        return dumped(type("Sub", (base,), {"persistent_id": kind(persistent_id)}), ["x", "y"], protocol)

    assert b"id" in both(face, attempt)


@pytest.mark.parametrize("identity", [("a", 1), 7, "text", "é", b"bytes", "line\nbreak", [1], 0, False])
def test_persistent_ids_of_every_type(face, identity, protocol):
    def attempt(base):
        class Sub(base):
            def persistent_id(self, obj):
                return identity if obj == "x" else None

        try:
            return dumped(Sub, ["x", "x"], protocol)
        except Exception as error:
            return type(error), str(error)

    both(face, attempt)


def test_persistent_id_set_on_an_instance_and_taken_away(face, protocol):
    # C up to 3.12 looks it up in __init__ only and 3.13.0 refuses the assignment, so what is
    # right is what a subclass writes.
    class Sub(face.ours):
        def persistent_id(self, obj):
            return "id" if obj == "x" else None

    plain, expected = dumped(face.ours, "x", protocol), dumped(Sub, "x", protocol)
    file = io.BytesIO()
    pickler = face.ours(file, protocol)
    pickler.persistent_id = lambda obj: "id" if obj == "x" else None
    pickler.dump("x")
    del pickler.persistent_id
    pickler.clear_memo()
    pickler.dump("x")
    assert file.getvalue() == expected + plain


def test_persistent_id_through_super(face, protocol):
    asked = []

    class Sub(face.ours):
        def persistent_id(self, obj):
            asked.append(obj)
            return super().persistent_id(obj)

    assert dumped(Sub, ["x"], protocol) == dumped(face.ours, ["x"], protocol)
    assert asked == [["x"], "x"]


def test_the_class_changes_between_two_dumps(face, protocol):
    class Sub(face.ours):
        pass

    file = io.BytesIO()
    pickler = Sub(file, protocol)
    pickler.dump("x")
    Sub.persistent_id = lambda self, obj: "id"
    pickler.clear_memo()
    before = file.tell()
    pickler.dump("x")
    assert file.getvalue()[before:] == dumped(Sub, "x", protocol)
    Sub.persistent_id = face.ours.persistent_id
    Sub.reducer_override = lambda self, obj: (list, ()) if isinstance(obj, Thing) else NotImplemented
    before = file.tell()
    pickler.dump(Thing())
    assert b"list" in file.getvalue()[before:]


def switching(base, hook, on_class):
    """A pickler that gets its hook while it saves the object "now"."""

    class Sub(base):
        def persistent_id(self, obj):
            if obj == "now":
                if on_class:
                    setattr(Sub, hook.__name__, lambda self, obj: hook(obj))
                else:
                    setattr(self, hook.__name__, hook)

    return Sub


def reducer_override(obj):
    return (list, ()) if isinstance(obj, Thing) else NotImplemented


def persistent_id(obj):
    return "id" if obj == "x" else None


@pytest.mark.parametrize("on_class", [True, False])
@pytest.mark.parametrize("hook", [reducer_override, persistent_id])
def test_a_hook_set_in_the_middle_counts_for_the_hookable_face_only(hook, on_class, protocol):
    graph = [Thing(), "now", Thing(), "x"]
    hookable = [dumped(switching(c, hook, on_class), graph, protocol) for c in HOOKABLE.both()]
    assert hookable[0] == hookable[1]
    assert hookable[0] != dumped(HOOKABLE.ours, graph, protocol)
    assert dumped(switching(LEAN.ours, hook, on_class), graph, protocol) == dumped(LEAN.ours, graph, protocol)


def test_a_reducer_override_of_none(face, protocol):
    def attempt(base):
        class Sub(base):
            reducer_override = None

        try:
            return dumped(Sub, [Thing()], protocol)
        except Exception as error:
            return type(error)

    both(face, attempt)


@pytest.mark.parametrize("result", [None, 5, (), (list,), (list, ()), ("list", ()), "name", NotImplemented])
def test_what_reducer_override_returns(face, result, protocol):
    def attempt(base):
        class Sub(base):
            def reducer_override(self, obj):
                return result if isinstance(obj, Thing) else NotImplemented

        try:
            return dumped(Sub, [Thing()], protocol)
        except Exception as error:
            return type(error)

    both(face, attempt)
