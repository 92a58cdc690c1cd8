"""`Pickler`: its signature, construction, and what stays of it."""

import gc
import inspect
import io
import pickle
import sys
import weakref

import oxipickle
import pytest
from faces import HOOKABLE, LEAN, dumped, raised


class Holder:
    def __reduce__(self):
        return Holder, ()


def test_signature(face):
    assert str(inspect.signature(face.ours)) == (
        "(file, protocol=None, *, fix_imports=True, buffer_callback=None, progress=None)"
    )


@pytest.mark.parametrize("protocol", [None, -1, -5, 0, 5, True])
def test_protocols_it_takes(face, protocol):
    ours, model = (dumped(c, ["x"], protocol) for c in face.both())
    assert ours == model


@pytest.mark.parametrize("protocol", [6, 255, 256, 2**31, 2**64, "2", [], object()])
def test_protocols_it_refuses(face, protocol):
    error = raised(face.ours, io.BytesIO(), protocol)
    model = raised(face.model, io.BytesIO(), protocol)
    assert type(error) is type(model) or type(model) is OverflowError
    if type(model) is ValueError:
        assert str(error) == str(model) == "pickle protocol must be <= 5"


def test_a_float_as_protocol():
    assert type(raised(LEAN.ours, io.BytesIO(), 1.5)) is type(raised(LEAN.model, io.BytesIO(), 1.5))
    assert dumped(HOOKABLE.ours, [1], 1.5) == dumped(HOOKABLE.model, [1], 1.5)


def test_the_default_protocol_is_the_interpreters(face):
    assert dumped(face.ours, None) == dumped(face.ours, None, pickle.DEFAULT_PROTOCOL)


@pytest.mark.parametrize("file", [None, object(), "name", 5])
def test_a_file_needs_a_write_method(face, file):
    for pickler_class in face.both():
        error = raised(pickler_class, file)
        assert (type(error), str(error)) == (TypeError, "file must have a 'write' attribute")


def test_a_write_that_is_not_callable(face):
    class File:
        write = 5

    assert type(raised(face.ours(File()).dump, 1)) is TypeError


def test_looking_up_write_may_fail(face):
    class File:
        @property
        def write(self):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        face.ours(File())


@pytest.mark.parametrize("protocol", range(5))
def test_buffer_callback_needs_protocol_5(face, protocol):
    for pickler_class in face.both():
        error = raised(pickler_class, io.BytesIO(), protocol, buffer_callback=print)
        assert (type(error), str(error)) == (ValueError, "buffer_callback needs protocol >= 5")


def test_arguments_by_name(face):
    file = io.BytesIO()
    face.ours(file=file, protocol=2, fix_imports=False, buffer_callback=None).dump(range(3))
    assert file.getvalue() == dumped(face.model, range(3), 2, fix_imports=False)


@pytest.mark.parametrize("arguments", [(), (io.BytesIO(), 2, True), (io.BytesIO(), 2, True, None)])
def test_numbers_of_arguments(face, arguments):
    assert type(raised(face.ours, *arguments)) is TypeError


def test_dump_returns_none(face):
    assert face.ours(io.BytesIO()).dump(1) is None


def test_init_not_called(face):
    class Forgetful(face.ours):
        def __init__(self):
            pass

    error = raised(Forgetful().dump, 1)
    words = "Pickler.__init__() was not called by Forgetful.__init__()"
    assert (type(error), str(error)) == (pickle.PicklingError, words)


def test_made_by_new_alone(face):
    pickler = face.ours.__new__(face.ours)
    assert type(raised(pickler.dump, 1)) is pickle.PicklingError


@pytest.mark.parametrize("name", ["memo", "bin", "fast", "global_references", "clear_memo"])
def test_attributes_of_one_that_was_not_initialised_are_safe(face, name):
    pickler = face.ours.__new__(face.ours)
    try:
        value = getattr(pickler, name)
        if callable(value):
            value()
    except Exception as error:
        assert isinstance(error, (AttributeError, pickle.PicklingError, RuntimeError))


def test_init_again_starts_afresh(face, protocol):
    first, second = io.BytesIO(), io.BytesIO()
    pickler = face.ours(first, protocol)
    shared = ["shared"]
    pickler.dump(shared)
    pickler.__init__(second, protocol)
    pickler.dump(shared)
    assert second.getvalue() == dumped(face.model, shared, protocol)


def test_subclass_with_other_arguments_and_attributes(face):
    class Sub(face.ours):
        def __init__(self, name, file):
            self.name = name
            super().__init__(file, protocol=4)

    file = io.BytesIO()
    pickler = Sub("name", file)
    pickler.dump([1])
    assert (pickler.name, file.getvalue()) == ("name", dumped(face.model, [1], 4))


def test_attributes_of_an_instance_of_the_class_itself(face):
    pickler = face.ours(io.BytesIO())
    pickler.note = "mine"
    assert pickler.note == "mine"


def test_methods_can_be_replaced_on_a_subclass(face):
    class Sub(face.ours):
        def dump(self, obj):
            super().dump(("wrapped", obj))

    assert dumped(Sub, 1, 4) == dumped(face.model, ("wrapped", 1), 4)


def test_garbage_with_cycles_through_the_pickler_is_collected(face):
    class Sub(face.ours):
        pass

    def make():
        pickler = Sub(io.BytesIO())
        pickler.itself = pickler
        pickler.dump(["text"])
        pickler.persistent_id = lambda obj: pickler and None
        return weakref.ref(pickler)

    alive = make()
    gc.collect()
    assert alive() is None


def test_a_cycle_through_its_memo_is_collected(face):
    def make():
        holder = Holder()
        holder.pickler = face.ours(io.BytesIO(), 4)
        holder.pickler.dump([holder])
        return weakref.ref(holder)

    alive = make()
    gc.collect()
    assert alive() is None


def test_a_cycle_through_its_file_is_collected(face):
    class File:
        def write(self, data):
            pass

    def make():
        file = File()
        file.pickler = face.ours(file)
        file.pickler.dump([1])
        return weakref.ref(file)

    alive = make()
    gc.collect()
    assert alive() is None


def test_size_counts_the_memo(face):
    pickler = face.ours(io.BytesIO())
    # The hookable face's pickler is a plain object, and its framer has the memo.
    keeper = getattr(pickler, "framer", pickler)
    empty = sys.getsizeof(keeper)
    pickler.dump([str(i) * 3 for i in range(10_000)])
    assert sys.getsizeof(keeper) > empty + 10_000 * 8
    pickler.clear_memo()
    assert sys.getsizeof(keeper) < empty + 10_000 * 8


def test_names():
    assert oxipickle.Pickler.__name__ == "Pickler"
    assert oxipickle.HookablePickler.__name__ == "HookablePickler"
    assert oxipickle._Pickler is HOOKABLE.ours


def test_many_dumps_leave_nothing_behind(face):
    def one():
        pickler = face.ours(io.BytesIO(), 4)
        pickler.dump([["list"], {"k": (1, 2.5)}, {3}, frozenset([4]), b"bytes", Holder()])

    def growth():
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(200):
            one()
        gc.collect()
        return sys.getallocatedblocks() - before

    # The interpreter's own caches grow at first; a leak grows in every round.
    assert min(growth() for _ in range(4)) < 100
