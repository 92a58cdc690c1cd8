"""Row "`fast` mode, cyclic data", and what the mode does to data without cycles."""

import io

import pytest
from faces import HOOKABLE, LEAN, outcome, raised


class Instance:
    pass


class ThroughArguments:
    def __reduce__(self):
        return ThroughArguments, (self,)


class ThroughArgumentsInList:
    def __reduce__(self):
        return ThroughArgumentsInList, ([self],)


def fast_dumped(pickler_class, obj, protocol):
    file = io.BytesIO()
    pickler = pickler_class(file, protocol)
    pickler.fast = True
    pickler.dump(obj)
    return file.getvalue()


def shared():
    inner = [1, "text", ("tuple",), {"k": {1}}]
    return [inner, inner, (inner, inner), {"a": inner}, Instance(), frozenset([2]), b"bytes" * 3, 2**80]


def deep(depth):
    obj = []
    for _ in range(depth):
        obj = [obj]
    return obj


def test_what_is_shared_is_written_each_time(face, protocol):
    assert fast_dumped(face.ours, shared(), protocol) == fast_dumped(face.model, shared(), protocol)


@pytest.mark.parametrize("depth", [40, 49, 50, 51, 60, 100])
def test_what_is_nested_deeper_than_c_looks_for_cycles(face, depth, protocol):
    ours = fast_dumped(face.ours, deep(depth), protocol)
    assert ours == fast_dumped(face.model, deep(depth), protocol)


def test_one_container_reached_by_two_deep_paths_is_no_cycle(face, protocol):
    # Each is left before it is entered again, so nothing may be remembered of it.
    inner = deep(60)
    assert fast_dumped(face.ours, [inner, inner], protocol) == fast_dumped(
        face.model, [inner, inner], protocol
    )


def list_cycle():
    cycle = []
    cycle.append(cycle)
    return cycle


def dict_cycle():
    cycle = {}
    cycle["self"] = [cycle]
    return cycle


def tuple_cycle():
    cycle = []
    cycle.append((cycle,))
    return cycle


def instance_cycle():
    cycle = Instance()
    cycle.itself = cycle
    return cycle


@pytest.mark.parametrize("make", [list_cycle, dict_cycle, tuple_cycle])
def test_cycles_through_lists_and_dicts(make, protocol):
    for pickler_class in LEAN.both():
        error = raised(fast_dumped, pickler_class, make(), protocol)
        assert type(error) is ValueError
        assert "fast mode: can't pickle cyclic objects" in str(error)
    for pickler_class in HOOKABLE.both():
        assert type(raised(fast_dumped, pickler_class, make(), protocol)) is RecursionError


def test_cycle_of_an_instance(face, protocol):
    ours = outcome(fast_dumped, face.ours, instance_cycle(), protocol)
    assert ours[0] == "error"
    assert ours == outcome(fast_dumped, face.model, instance_cycle(), protocol)


@pytest.mark.parametrize("kind", [ThroughArguments, ThroughArgumentsInList])
def test_cycles_through_reduce_arguments(kind, protocol):
    assert type(raised(fast_dumped, HOOKABLE.ours, kind(), protocol)) is RecursionError
    error = raised(fast_dumped, LEAN.ours, kind(), protocol)
    assert type(error) in (RecursionError, ValueError)


def test_nothing_is_memoized(face, protocol):
    pickler = face.ours(io.BytesIO(), protocol)
    pickler.fast = True
    pickler.dump(shared())
    assert len(pickler.memo.copy()) == 0


def test_a_pickler_that_leaves_the_mode_memoizes_again(face, protocol):
    def attempt(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        pickler.fast = True
        pickler.dump(shared())
        pickler.fast = False
        pickler.dump(shared())
        return file.getvalue()

    assert attempt(face.ours) == attempt(face.model)


def test_the_pickler_is_usable_after_a_cycle(face, protocol):
    file = io.BytesIO()
    pickler = face.ours(file, protocol)
    pickler.fast = True
    cycle = list_cycle()
    raised(pickler.dump, cycle)
    cycle[:] = [1]
    file.seek(0)
    file.truncate()
    pickler.dump(cycle)
    assert file.getvalue() == fast_dumped(face.model, [1], protocol)


class Switches:
    """Switches the mode of the pickler that saves it."""

    def __init__(self, pickler, fast):
        self.pickler = pickler
        self.fast = fast

    def __reduce__(self):
        self.pickler.fast = self.fast
        return list, ()


class Making:
    """Reduces to a list made on the spot, which is gone once it is written."""

    def __init__(self, make):
        self.make = make

    def __reduce__(self):
        return list, (self.make(),)


def test_a_container_opened_in_fast_mode_and_closed_out_of_it(face, protocol):
    """The next one at its address is no cycle."""

    def pickled(pickler_class):
        file = io.BytesIO()
        pickler = pickler_class(file, protocol)
        pickler.fast = True
        off = Making(lambda: [Switches(pickler, False), 1])
        parts = [off, Switches(pickler, True), Making(lambda: [2, 3])]
        pickler.dump([part for _ in range(20) for part in parts])
        return file.getvalue()

    assert pickled(face.ours) == pickled(face.model)


@pytest.mark.parametrize("make", [list_cycle, dict_cycle, tuple_cycle])
def test_hooks_are_asked_of_a_cycle_as_often_as_by_c(make, protocol):
    asked, errors = [], []
    for pickler_class in LEAN.both():

        class Asking(pickler_class):
            def persistent_id(self, obj):
                asked[-1].append(type(obj))

        asked.append([])
        error = raised(fast_dumped, Asking, make(), protocol)
        errors.append(str(error).split(" at 0x")[0])
    assert asked[0] == asked[1] and len(asked[0]) > 50
    assert errors[0] == errors[1]


def test_what_was_opened_in_fast_mode_is_closed_out_of_it(face, protocol):
    """A list that others were opened and closed in, out of the mode, is no cycle when it comes again."""

    def pickled(pickler_class):
        inner = [["off"], [["within"]], ["on"]]
        file = io.BytesIO()

        class Switching(pickler_class):
            def persistent_id(self, obj):
                if type(obj) is str and obj in ("off", "on"):
                    self.fast = obj == "on"

        pickler = Switching(file, protocol)
        pickler.fast = True
        pickler.dump(([inner], (inner, 1)))
        return file.getvalue()

    assert outcome(pickled, face.ours) == outcome(pickled, face.model)
