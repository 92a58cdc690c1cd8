"""Row "`dispatch_table`": a table of the pickler's class, and one that the instance is given.

C reads the class's in `__init__`, and looks at no other afterwards; the Python class looks at the
attribute for every object.
"""

import io

import pytest
from faces import outcome


class Plain:
    pass


def of_the_class(obj):
    return str, ("class",)


def of_the_instance(obj):
    return str, ("instance",)


def assigned(pickler):
    pickler.dispatch_table = {Plain: of_the_instance}


def assigned_without_entries(pickler):
    pickler.dispatch_table = {}


def assigned_and_deleted(pickler):
    assigned(pickler)
    del pickler.dispatch_table


def changed_in_place(pickler):
    pickler.dispatch_table[Plain] = of_the_instance


def of_the_class_replaced(pickler):
    type(pickler).dispatch_table = {Plain: of_the_instance}


def of_the_class_deleted(pickler):
    del type(pickler).dispatch_table


AFTERWARDS = {
    function.__name__: function
    for function in (
        assigned,
        assigned_without_entries,
        assigned_and_deleted,
        changed_in_place,
        of_the_class_replaced,
        of_the_class_deleted,
    )
}


def saved(base, table, afterwards, protocol):
    class Sub(base):
        pass

    if table is not None:
        Sub.dispatch_table = table
    file = io.BytesIO()
    pickler = Sub(file, protocol)
    AFTERWARDS[afterwards](pickler)
    pickler.dump([Plain(), Plain()])
    return file.getvalue()


@pytest.mark.parametrize("entries", [0, 1])
@pytest.mark.parametrize("afterwards", AFTERWARDS)
def test_the_class_has_a_table(face, afterwards, entries, protocol):
    ours, model = (
        outcome(saved, c, {Plain: of_the_class} if entries else {}, afterwards, protocol) for c in face.both()
    )
    assert ours == model


@pytest.mark.parametrize("afterwards", ["assigned", "assigned_without_entries", "assigned_and_deleted"])
def test_the_class_has_none(face, afterwards, protocol):
    ours, model = (outcome(saved, c, None, afterwards, protocol) for c in face.both())
    assert ours == model


def test_assigned_before_init(face, protocol):
    """An instance's table that is there when `__init__` runs, beside the class's."""

    def attempt(base):
        class Sub(base):
            dispatch_table = {Plain: of_the_class}

            def __init__(self, *args):
                self.dispatch_table = {Plain: of_the_instance}
                super().__init__(*args)

        file = io.BytesIO()
        Sub(file, protocol).dump([Plain()])
        return file.getvalue()

    assert outcome(attempt, face.ours) == outcome(attempt, face.model)
