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


@pytest.mark.parametrize("hook", [reducer_override, persistent_id])
def test_a_hook_of_the_instance_taken_away_in_the_middle(hook, protocol):
    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        setattr(pickler, hook.__name__, hook)
        takes_away = Calls(lambda: delattr(pickler, hook.__name__))
        pickler.dump([Thing(), "x", takes_away, Thing(), "x", "y"])
        return file.getvalue()

    assert attempt(HOOKABLE.ours) == attempt(HOOKABLE.model)


def test_a_class_that_changes_whenever_a_hook_is_looked_up(protocol):
    """It has no version then, and a hook that it gets is seen all the same."""

    def attempt(base):
        class Sub(base):
            @property
            def dispatch_table(self):
                Sub.changed = True
                return {}

        gets_hook = Calls(lambda: setattr(Sub, "persistent_id", lambda self, obj: persistent_id(obj)))
        return dumped(Sub, [Thing(), "x", gets_hook, Thing(), "x", "y"], protocol)

    assert attempt(HOOKABLE.ours) == attempt(HOOKABLE.model)


class Calls:
    def __init__(self, function):
        self.function = function

    def __reduce__(self):
        self.function()
        return list, ()


@pytest.mark.parametrize(
    "container", [tuple, lambda items: [{"key": item} for item in items]], ids=["tuple", "dicts"]
)
@pytest.mark.parametrize("hook", [reducer_override, persistent_id])
def test_a_first_hook_set_by_a_reduce_method(hook, container, protocol):
    """What lies in containers that were open already is asked about too."""

    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        sets = Calls(lambda: setattr(pickler, hook.__name__, hook))
        # What a reduce value names is written already, so that the hook's call is the last passage.
        pickler.dump(container([Thing(), "x", Calls(lambda: None), sets, "x", Thing(), ("x", Thing())]))
        return file.getvalue()

    assert attempt(HOOKABLE.ours) == attempt(HOOKABLE.model)


def test_an_int_that_was_reduced_is_found_once_nobody_is_asked(protocol):
    number = 123_456_789

    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        pickler.reducer_override = lambda obj: (int, ("1",)) if obj is number else NotImplemented
        pickler.dump([number, number])
        del pickler.reducer_override
        pickler.dump([number, (number, {"key": number})])
        return file.getvalue()

    assert attempt(HOOKABLE.ours) == attempt(HOOKABLE.model)
