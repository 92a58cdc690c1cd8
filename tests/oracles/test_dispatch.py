"""Rows "`dispatch`" and "`dispatch_table`": registrations by type, when they are read and how."""

import collections
import copyreg
import io

import pytest
from faces import HOOKABLE, LEAN, dumped, outcome, raised


class Thing:
    def __init__(self, value=0):
        self.value = value


def reduce_thing(thing):
    return Thing, (f"reduced {thing.value}",)


TABLE = {**copyreg.dispatch_table, Thing: reduce_thing}


def pickled(pickler_class, obj, protocol, prepare=lambda pickler: None):
    file = io.BytesIO()
    pickler = pickler_class(file, protocol)
    prepare(pickler)
    pickler.dump(obj)
    return file.getvalue()


def both(face, attempt):
    """What `attempt` gives over our class, which must be what it gives over the model."""
    ours = attempt(face.ours)
    assert ours == attempt(face.model)
    return ours


def test_a_dispatch_of_its_own_means_nothing_to_the_lean_face(protocol):
    def attempt(base):
        class WithDispatch(base):
            dispatch = {Thing: None, list: None}

        return pickled(WithDispatch, [Thing()], protocol)

    assert both(LEAN, attempt) == dumped(LEAN.ours, [Thing()], protocol)


def test_dispatch_table_of_the_class(face, protocol):
    def attempt(base):
        return pickled(type("Sub", (base,), {"dispatch_table": TABLE}), [Thing(), Thing()], protocol)

    assert b"reduced" in both(face, attempt)


def test_dispatch_table_assigned_after_init_acts_at_once(face, protocol):
    def attempt(base):
        def prepare(pickler):
            pickler.dispatch_table = TABLE

        return pickled(base, Thing(), protocol, prepare)

    assert b"reduced" in both(face, attempt)


def test_dispatch_table_of_a_subclass_instance(face, protocol):
    def attempt(base):
        def prepare(pickler):
            pickler.dispatch_table = collections.ChainMap({Thing: reduce_thing})

        return pickled(type("Sub", (base,), {}), Thing(), protocol, prepare)

    assert b"reduced" in both(face, attempt)


def test_dispatch_table_set_before_init(face, protocol):
    def attempt(base):
        class Sub(base):
            def __init__(self, *args):
                self.dispatch_table = TABLE
                super().__init__(*args)

        return pickled(Sub, Thing(), protocol)

    both(face, attempt)


def test_unset_it_cannot_be_read_from_the_lean_face():
    assert type(raised(getattr, LEAN.ours(io.BytesIO()), "dispatch_table")) is AttributeError


def test_deleted_it_is_unset_again(face, protocol):
    def attempt(base):
        def prepare(pickler):
            pickler.dispatch_table = TABLE
            del pickler.dispatch_table

        return pickled(type("Sub", (base,), {}), Thing(), protocol, prepare)

    assert b"reduced" not in both(face, attempt)
    assert type(raised(delattr, LEAN.ours(io.BytesIO()), "dispatch_table")) is AttributeError


def test_class_attribute_seen_by_init_counts_for_the_lean_face(protocol):
    # The attribute of the instance is honoured all the same: native classes of ours have no
    # member descriptor by which loky could reach past it.
    class Sub(LEAN.ours):
        dispatch_table = {}

    def prepare(pickler):
        Sub.dispatch_table = TABLE

    assert b"reduced" not in pickled(Sub, Thing(), protocol, prepare)

    def assign(pickler):
        pickler.dispatch_table = TABLE

    assert b"reduced" in pickled(Sub, Thing(), protocol, assign)


def test_class_attribute_is_read_at_every_object_by_the_hookable_face(protocol):
    def attempt(base):
        class Sub(base):
            dispatch_table = {}

            def persistent_id(self, obj):
                if obj == "now":
                    Sub.dispatch_table = TABLE

        return pickled(Sub, [Thing(), "now", Thing()], protocol)

    assert both(HOOKABLE, attempt).count(b"reduced") == 1


def test_instance_table_changed_in_the_middle(face, protocol):
    def attempt(base):
        class Sub(base):
            def persistent_id(self, obj):
                if obj == "now":
                    self.dispatch_table = TABLE

        return pickled(Sub, [Thing(), "now", Thing()], protocol)

    assert both(face, attempt).count(b"reduced") == 1


def test_copyreg_registration_in_the_middle(face, protocol):
    def attempt(base):
        class Sub(base):
            def persistent_id(self, obj):
                if obj == "now":
                    copyreg.pickle(Thing, reduce_thing)

        try:
            return pickled(Sub, [Thing(1), "now", Thing(2)], protocol)
        finally:
            copyreg.dispatch_table.pop(Thing, None)

    assert both(face, attempt).count(b"reduced") == 1


def test_how_it_is_looked_up():
    class Getting:
        def get(self, key, default=None):
            return reduce_thing if key is Thing else default

    class Indexing:
        def __getitem__(self, key):
            if key is Thing:
                return reduce_thing
            raise KeyError(key)

    def prepare(table):
        return lambda pickler: setattr(pickler, "dispatch_table", table)

    for base in LEAN.both():
        assert b"reduced" in pickled(base, Thing(), 4, prepare(Indexing()))
    for base in HOOKABLE.both():
        assert b"reduced" in pickled(base, Thing(), 4, prepare(Getting()))


@pytest.mark.parametrize("error", [TypeError, IndexError, RuntimeError])
def test_only_key_error_means_absent(error):
    class Failing:
        def __getitem__(self, key):
            raise error("from the table")

        def get(self, key, default=None):
            raise error("from the table")

    for picklers in (LEAN, HOOKABLE):
        for base in picklers.both():
            with pytest.raises(error):
                pickled(base, Thing(), 4, lambda pickler: setattr(pickler, "dispatch_table", Failing()))


def test_none_in_the_table(face, protocol):
    def attempt(base):
        def prepare(pickler):
            pickler.dispatch_table = {Thing: None}

        return outcome(pickled, base, Thing(), protocol, prepare)

    both(face, attempt)
